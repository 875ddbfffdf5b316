//! Bodies to disk and back: the loop carries the chunks, the threads of `disk` touch the files.

use std::{
    fs::File,
    io::{self, Seek, Write},
    sync::Arc,
    time::Duration,
};

use aio_bridge::{run_in_executor, submit, timeout};
use axum::{
    body::{Body, HttpBody},
    http::StatusCode,
};
use cf_pool::ThreadPoolExecutor;
use futures::{StreamExt, stream};

use crate::{refusal::Refusal, spool::Spool};

/// How long a client may keep us waiting for the next piece of its body.
const PATIENCE: Duration = Duration::from_secs(30);

/// Saves a body of at most `limit` bytes in a temporary file without a name.
///
/// While the queue of `disk` is full, no more is read from the client.
pub(crate) async fn save(
    body: Body,
    limit: u64,
    disk: &ThreadPoolExecutor,
) -> Result<File, Refusal> {
    if body.size_hint().lower() > limit {
        return Err(Refusal::too_large(limit));
    }
    let mut file = run_in_executor(disk, tempfile::tempfile).await??;
    let mut n_bytes = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = timeout(PATIENCE, chunks.next()).await.map_err(too_slow)? {
        let chunk =
            chunk.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))?;
        n_bytes += chunk.len() as u64;
        if n_bytes > limit {
            return Err(Refusal::too_large(limit));
        }
        // The first await is for room in the queue, the second for the write.
        let written = submit(disk, move || file.write_all(&chunk).map(|()| file)).await;
        file = written.await??;
    }
    let rewound = run_in_executor(disk, move || file.rewind().map(|()| file));
    Ok(rewound.await??)
}

fn too_slow(_: cf_core::TimedOut) -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly")
}

/// A body that reads the file as fast as the client takes it.
pub(crate) fn send(spool: Arc<Spool>, disk: ThreadPoolExecutor) -> Body {
    Body::from_stream(stream::try_unfold(0, move |offset| {
        let spool = Arc::clone(&spool);
        let reading = run_in_executor(&disk, move || spool.read_at(offset));
        async move {
            let chunk = reading.await.map_err(io::Error::other)??;
            let end = offset + chunk.len() as u64;
            Ok::<_, io::Error>((!chunk.is_empty()).then_some((chunk, end)))
        }
    }))
}
