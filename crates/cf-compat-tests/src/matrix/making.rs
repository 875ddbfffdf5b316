//! How each kind of future is made, in a running loop.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
};

use aio_bridge::{
    AioFuture, ReturnWhen, Task, create_task, run_coroutine_threadsafe, run_in_executor, to_thread,
    wait, wrap_future,
};
use tokio::{runtime::Handle, task::yield_now};

use super::{
    bench::{Bench, VALUE, begun},
    kind::Kind,
};

/// A type of the user's: it can be awaited, and that is all.
pub(super) struct Order(Pin<Box<dyn Future<Output = u32> + Send>>);

impl IntoFuture for Order {
    type Output = u32;
    type IntoFuture = Pin<Box<dyn Future<Output = u32> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.0
    }
}

pub(super) async fn blocking(bench: &Bench) -> cf_core::Future<u32> {
    if bench.kind == Kind::CfFromRct {
        run_coroutine_threadsafe(coroutine(bench).await, &Handle::current())
    } else {
        bench.take_future()
    }
}

pub(super) async fn future(bench: &Bench) -> AioFuture<u32> {
    match bench.kind {
        Kind::AioFromRie => {
            let (hold, held) = bench.held();
            let future = run_in_executor(bench.threads(), hold);
            begun(&held);
            future
        }
        Kind::AioFromWrap => wrap_future(bench.take_future()),
        Kind::ToThread => {
            let (hold, held) = bench.held();
            let future = to_thread(hold);
            begun(&held);
            future
        }
        _ => {
            let (promise, future) = aio_bridge::future();
            bench.keep(promise);
            if bench.kind.is_done() {
                bench.release();
            }
            future
        }
    }
}

pub(super) async fn task(bench: &Bench) -> Task<u32> {
    if bench.kind.is_done() {
        let task = create_task(async { VALUE });
        drop(wait([&task], ReturnWhen::AllCompleted).await);
        task
    } else {
        let task = create_task(coroutine(bench).await);
        // It has begun, and waits.
        yield_now().await;
        task
    }
}

pub(super) async fn coroutine(bench: &Bench) -> impl Future<Output = u32> + Send + use<> {
    let gate = bench.gate.clone();
    async move {
        gate.opened().await;
        VALUE
    }
}

pub(super) async fn awaitable(bench: &Bench) -> Order {
    Order(Box::pin(coroutine(bench).await))
}
