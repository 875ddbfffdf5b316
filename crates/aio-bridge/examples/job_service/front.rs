//! The web front: async handlers around a scheduler that blocks.
//!
//! The handlers stay on the loop. Calls of the scheduler go to threads with `to_thread`, files to a small pool of their
//! own with `run_in_executor` and `submit` (in `transfer.rs`), and the future of a job comes to the loop with `wrap_future`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aio_bridge::{ReturnWhen, guarded, run_in_executor, to_thread, wait_timeout, wrap_future};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, Request, State as Shared},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use cf_core::Error;
use cf_pool::ThreadPoolExecutor;
use serde_json::{Value, json};

use crate::{
    files::Root,
    jobs::Output,
    refusal::Refusal,
    scheduler::{JobId, Scheduler, State, Status},
    transfer,
};

/// The longest that one request may wait for a result.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

type Answer = Result<Response, Refusal>;

/// What all handlers share; a cheap handle.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) root: Arc<Root>,
    /// Reads and writes files.
    pub(crate) disk: ThreadPoolExecutor,
    /// The largest body, in bytes.
    pub(crate) max_body: u64,
}

pub(crate) fn routes(front: Front) -> Router {
    Router::new()
        .route(
            "/jobs/{kind_or_id}",
            post(submit).get(status).delete(cancel),
        )
        .route("/jobs/{id}/result", get(result))
        .route("/stats", get(stats))
        .layer(middleware::from_fn(refuse_to_block))
        .with_state(front)
}

/// A handler that made a blocking call on a pending future would fail here instead of stalling the loop.
async fn refuse_to_block(request: Request, next: Next) -> Response {
    guarded(next.run(request)).await
}

impl Front {
    /// Calls the scheduler, which may block, on a thread.
    async fn ask<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Scheduler) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let scheduler = Arc::clone(&self.scheduler);
        to_thread(move || f(&scheduler)).await
    }

    /// The status of a job that is remembered.
    async fn known(&self, id: JobId) -> Result<Status, Refusal> {
        let status = self.ask(move |scheduler| scheduler.status(id)).await?;
        status.ok_or_else(Refusal::unknown_job)
    }
}

/// `POST /jobs/{kind}` with a body, or `POST /jobs/{kind}?file=NAME`.
async fn submit(
    Shared(front): Shared<Front>,
    Path(kind): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    body: Body,
) -> Answer {
    let Ok(kind) = kind.parse() else {
        let message = "there are jobs of kind hash, words and compress";
        return Err(Refusal::new(StatusCode::NOT_FOUND, message));
    };
    let input = match query.get("file").cloned() {
        Some(name) => {
            let root = Arc::clone(&front.root);
            run_in_executor(&front.disk, move || root.open(&name)).await??
        }
        None => transfer::save(body, front.max_body, &front.disk).await?,
    };
    let id = front
        .ask(move |scheduler| scheduler.submit(kind, input))
        .await??;
    let place = format!("/jobs/{id}");
    let links = json!({ "id": id, "status": place, "result": format!("{place}/result") });
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, place)],
        Json(links),
    )
        .into_response())
}

/// `GET /jobs/{id}`
async fn status(Shared(front): Shared<Front>, Path(id): Path<JobId>) -> Answer {
    Ok(Json(describe(id, &front.known(id).await?)).into_response())
}

/// `GET /jobs/{id}/result?wait=SECONDS`: 202 while there is none.
async fn result(
    Shared(front): Shared<Front>,
    Path(id): Path<JobId>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let wait = longest_wait(query.get("wait").map_or("0", String::as_str))?;
    let future = front.ask(move |scheduler| scheduler.future(id)).await?;
    let future = wrap_future(future.ok_or_else(Refusal::unknown_job)?);
    // `timeout` would cancel the job; this cancels nothing, and leaves nothing behind.
    wait_timeout([&future], wait, ReturnWhen::AllCompleted).await;
    if !future.done() {
        let pending = describe(id, &front.known(id).await?);
        return Ok((
            StatusCode::ACCEPTED,
            [(header::RETRY_AFTER, "1")],
            Json(pending),
        )
            .into_response());
    }
    match future.result() {
        Ok(output) => Ok(show(output, front.disk)),
        Err(Error::Cancelled) => Err(Refusal::new(StatusCode::GONE, "the job was cancelled")),
        Err(error) => Err(error.into()),
    }
}

/// `DELETE /jobs/{id}`: 200 if it is cancelled, 202 if it was asked to stop, 409 if it has ended otherwise.
async fn cancel(Shared(front): Shared<Front>, Path(id): Path<JobId>) -> Answer {
    let asked = front.ask(move |scheduler| scheduler.cancel(id)).await?;
    if !asked.ok_or_else(Refusal::unknown_job)? {
        return Err(Refusal::new(StatusCode::CONFLICT, "the job has ended"));
    }
    let now = front.known(id).await?;
    let code = match now.state {
        State::Cancelled => StatusCode::OK,
        _ => StatusCode::ACCEPTED,
    };
    Ok((code, Json(describe(id, &now))).into_response())
}

/// `GET /stats`
async fn stats(Shared(front): Shared<Front>) -> Answer {
    let stats = front.ask(Scheduler::stats).await?;
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let spread = |times: &cf_pool::Histogram| {
        let [p50, p99] = [0.5, 0.99].map(|q| micros(times.quantile(q)));
        json!({ "p50": p50, "p99": p99, "max": micros(times.max()) })
    };
    let numbers = json!({
        "queued": stats.queued,
        "running": stats.running,
        "threads": stats.threads,
        "idle": stats.idle,
        "completed": stats.completed,
        "failed": stats.failed,
        "cancelled": stats.cancelled,
        "queue_wait_us": spread(&stats.queue_wait),
        "run_time_us": spread(&stats.run_time),
    });
    Ok(Json(numbers).into_response())
}

fn longest_wait(seconds: &str) -> Result<Duration, Refusal> {
    let bad = |_| Refusal::new(StatusCode::BAD_REQUEST, "wait is a number of seconds");
    let seconds = seconds.parse::<u32>().map_err(bad)?;
    Ok(Duration::from_secs(seconds.into()).min(LONGEST_WAIT))
}

fn describe(id: JobId, status: &Status) -> Value {
    let (state, error) = match &status.state {
        State::Queued => ("queued", None),
        State::Running => ("running", None),
        State::Done => ("done", None),
        State::Failed(error) => ("failed", Some(error)),
        State::Cancelled => ("cancelled", None),
    };
    json!({ "id": id, "kind": status.kind.to_string(), "state": state, "bytes": status.n_bytes, "error": error })
}

fn show(output: Output, disk: ThreadPoolExecutor) -> Response {
    match output {
        Output::Digest(digest) => Json(json!({ "sha256": digest })).into_response(),
        Output::Words(count) => Json(json!({
            "lines": count.n_lines,
            "words": count.n_words,
            "bytes": count.n_bytes,
        }))
        .into_response(),
        Output::Gzip(spool) => {
            let headers = [
                (header::CONTENT_TYPE, "application/gzip".to_owned()),
                (header::CONTENT_LENGTH, spool.n_bytes().to_string()),
            ];
            (headers, transfer::send(spool, disk)).into_response()
        }
    }
}
