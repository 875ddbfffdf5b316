//! All code that the cells give for crossing: it compiles, the one error is that of `main`, and comes from a lint, which runs
//! only over what compiles.

#![expect(unused, reason = "no piece uses all that is given")]
#![deny(unused_must_use)]

use std::{error::Error, time::Duration};

use aio_bridge::*;
use cf_core::{Done, InlineExecutor, Promise, ReturnWhen::AllCompleted};
use tokio::runtime::Handle;

struct Order;

impl IntoFuture for Order {
    type Output = u32;
    type IntoFuture = std::future::Ready<u32>;

    fn into_future(self) -> Self::IntoFuture {
        std::future::ready(42)
    }
}

/// What a piece may use beside its `x`.
struct Given {
    time: Duration,
    handle: Handle,
    pool: InlineExecutor,
    runner: Runner,
    f: fn(&Done<'_, u32>),
    future: cf_core::Future<u32>,
}

// A function a piece and type.
include!(env!("CF_CELLS_FIXES"));

fn main() {
    std::future::ready(42);
}
