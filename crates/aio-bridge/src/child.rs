//! A part of a combinator: a future or task as it is, a coroutine as a task of its own.

use std::{
    any::Any,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use cf_core::{Error, bridge::Awaited};

use crate::{
    awaitable::{Awaitable, Outcome},
    coroutine::fallible,
    delivery,
    future::AioFuture,
    task::{Task, create_task},
};

/// What an awaitable gives when it succeeds.
pub(crate) type Value<A> = <<A as Awaitable>::Gives as Outcome>::Value;

/// What a combinator waits for.
#[derive(Debug)]
pub(crate) enum Child<T: Send + 'static> {
    Future(AioFuture<T>),
    Task(Task<T>),
}

/// Takes a future or task of this crate as it is; anything else is given back.
pub(crate) fn as_handle<A, T>(awaitable: A) -> Result<Child<T>, A>
where
    A: 'static,
    T: Send + 'static,
{
    let mut awaitable = Some(awaitable);
    let any: &mut dyn Any = &mut awaitable;
    if let Some(future) = any.downcast_mut::<Option<AioFuture<T>>>() {
        return future.take().map(Child::Future).ok_or_else(taken);
    }
    if let Some(task) = any.downcast_mut::<Option<Task<T>>>() {
        return task.take().map(Child::Task).ok_or_else(taken);
    }
    awaitable.map_or_else(|| unreachable!("it was not taken"), Err)
}

fn taken<A>() -> A {
    unreachable!("it was put there above")
}

/// As `asyncio.ensure_future`: a coroutine becomes a task, and starts.
#[track_caller]
pub(crate) fn ensure<A>(awaitable: A) -> Child<Value<A>>
where
    A: Awaitable<Gives: Outcome> + 'static,
    A::Body: Send + 'static,
{
    match as_handle(awaitable) {
        Ok(child) => child,
        Err(awaitable) => {
            let coroutine = awaitable.into_future();
            Child::Task(create_task(fallible(async move {
                coroutine.await.into_outcome()
            })))
        }
    }
}

impl<T: Send + 'static> Child<T> {
    fn future(&self) -> &AioFuture<T> {
        match self {
            Self::Future(future) => future,
            Self::Task(task) => task.future(),
        }
    }

    pub(crate) fn awaited(&self) -> &Awaited<T> {
        self.future().awaited()
    }

    pub(crate) fn done(&self) -> bool {
        self.future().done()
    }

    pub(crate) fn cancelled(&self) -> bool {
        self.future().cancelled()
    }

    pub(crate) fn cancel(&self) -> bool {
        match self {
            Self::Future(future) => future.cancel(),
            Self::Task(task) => task.cancel(),
        }
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        match self {
            Self::Future(future) => Pin::new(future).poll(context),
            Self::Task(task) => Pin::new(task).poll(context),
        }
    }

    /// Lets it run to its end, of which nobody will hear.
    pub(crate) fn forget(self) {
        match self {
            Self::Future(future) => future.forget(),
            Self::Task(task) => task.forget(),
        }
    }

    /// Lets it run to its end; only a failure is heard of.
    pub(crate) fn let_go(self) {
        // Also where what held it is being cancelled.
        delivery::apart(|| match self {
            Self::Future(future) => future.let_go("future"),
            Self::Task(task) => drop(task),
        });
    }
}
