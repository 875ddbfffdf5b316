//! Why a request was not granted, as the client reads it.

use std::io;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use cf_core::Error;
use serde_json::json;

use crate::files::Unopened;

/// Seconds after which a client that found the queue full may come again.
const RETRY_AFTER: &str = "1";

/// A status of 400 or more, and a sentence.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(crate) fn unknown_job() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such job, or no longer")
    }

    pub(crate) fn too_large(limit: u64) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let answer = (self.status, Json(json!({ "error": self.message })));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            ([(header::RETRY_AFTER, RETRY_AFTER)], answer).into_response()
        } else {
            answer.into_response()
        }
    }
}

/// An executor takes no more work, or the work failed.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::Rejected(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<Unopened> for Refusal {
    fn from(unopened: Unopened) -> Self {
        let status = match unopened {
            Unopened::Outside | Unopened::NotAFile => StatusCode::FORBIDDEN,
            Unopened::NotFound => StatusCode::NOT_FOUND,
            Unopened::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, unopened.to_string())
    }
}
