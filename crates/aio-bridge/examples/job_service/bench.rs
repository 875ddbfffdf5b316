//! Two routes that do the same small work, one over the bridge, one over tokio's own blocking threads (`--bench`).

use std::collections::HashMap;

use aio_bridge::run_in_executor;
use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use cf_pool::ThreadPoolExecutor;
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// The largest `size`, in bytes.
const MAX_SIZE: usize = 1 << 20;

type Answer = Result<String, Refusal>;

pub(crate) fn routes(pool: ThreadPoolExecutor) -> Router {
    Router::new()
        .route("/bench/bridge", get(bridge))
        .route("/bench/spawn_blocking", get(spawn_blocking))
        .with_state(pool)
}

async fn bridge(
    State(pool): State<ThreadPoolExecutor>,
    Query(query): Query<HashMap<String, usize>>,
) -> Answer {
    let size = size(&query)?;
    Ok(run_in_executor(&pool, move || hash(size)).await?)
}

async fn spawn_blocking(Query(query): Query<HashMap<String, usize>>) -> Answer {
    let size = size(&query)?;
    let hashed = tokio::task::spawn_blocking(move || hash(size)).await;
    hashed.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

fn size(query: &HashMap<String, usize>) -> Result<usize, Refusal> {
    let size = query.get("size").copied().unwrap_or_default();
    if size > MAX_SIZE {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("size is at most {MAX_SIZE}"),
        ));
    }
    Ok(size)
}

fn hash(size: usize) -> String {
    format!("{:x}", Sha256::digest(vec![0; size]))
}
