//! What the models of the races drive by hand, without a runtime.

use std::{
    future::Future,
    sync::Arc,
    task::{Context, Poll},
};

use cf_core::Promise;

use crate::{
    control::{Control, TaskCanceller},
    coroutine::Coroutine,
    driver::{Driver, Keepers},
    event_loop::{self, Registration},
    future::AioFuture,
    task::Task,
};

/// A task, and what a runtime would poll for it.
pub fn task<C: Coroutine>(coroutine: C) -> (impl Future<Output = ()>, Task<C::Output>) {
    let (promise, future) = Promise::new();
    let control = Control::new(None);
    let driver = Driver::new(coroutine, promise, Arc::clone(&control), Keepers::default());
    (driver, Task::new(AioFuture::new(future), control))
}

/// The same behind a blocking future, as `run_coroutine_threadsafe` makes it.
pub fn threadsafe<C: Coroutine>(
    coroutine: C,
) -> (impl Future<Output = ()>, cf_core::Future<C::Output>) {
    let (promise, future) = Promise::new();
    let driver =
        Driver::new(coroutine, promise, Control::new(None), Keepers::default()).following_promise();
    (driver, future)
}

/// The loop that tasks are registered with.
#[derive(Clone, Debug, Default)]
pub struct EventLoop(Arc<event_loop::EventLoop>);

/// A registered task that has no coroutine.
#[derive(Debug)]
pub struct Registered {
    _registration: Registration,
    canceller: TaskCanceller,
}

impl EventLoop {
    pub fn register(&self) -> Registered {
        let control = Control::new(None);
        Registered {
            _registration: self.0.register(&control),
            canceller: TaskCanceller::new(control),
        }
    }

    pub fn cancel_all(&self) {
        self.0.cancel_all();
    }

    pub fn poll_empty(&self, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll_empty(context)
    }
}

impl Registered {
    pub fn canceller(&self) -> &TaskCanceller {
        &self.canceller
    }
}
