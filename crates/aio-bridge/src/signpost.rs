//! What an awaitable future cannot do: writing it does not compile, and the compiler says what to write instead.

use std::time::Duration;

use cf_core::BoxError;

use crate::{future::AioFuture, task::Task};

/// Nobody who awaits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be fulfilled by who awaits it",
    label = "this is the half that is awaited",
    note = "the half that is written is a promise: `aio_bridge::future` gives both, and `AioPromise::set_result` ends the future",
    note = "a task ends with what its coroutine gives"
)]
pub trait Fulfils {}

/// Nothing that is awaited.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not block, and so takes no timeout",
    label = "its `result` and `exception` answer at once",
    note = "`aio_bridge::wait_for` awaits it for a limited time; a thread waits for what `aio_bridge::run_coroutine_threadsafe` gives"
)]
pub trait Blocks {}

/// Nothing that is awaited.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell whether its work runs",
    label = "it is done or not",
    note = "the blocking future of a pool tells: ask that for `running` before it goes through `aio_bridge::wrap_future`"
)]
pub trait TellsOfWork {}

/// No future of these crates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` belongs to no event loop",
    label = "it is awaited in any loop, and completed by any thread",
    note = "the running loop is `tokio::runtime::Handle::current()`, that of a `Runner` is its `handle`"
)]
pub trait HasLoop {}

#[doc(hidden)]
impl<T: Send + 'static> AioFuture<T> {
    pub fn set_result(&self, _value: T)
    where
        Self: Fulfils,
    {
        unreachable!("no type fulfils")
    }

    pub fn set_exception(&self, _error: impl Into<BoxError>)
    where
        Self: Fulfils,
    {
        unreachable!("no type fulfils")
    }

    pub fn result_timeout(&mut self, _timeout: Duration)
    where
        Self: Blocks,
    {
        unreachable!("no type blocks")
    }

    pub fn exception_timeout(&mut self, _timeout: Duration)
    where
        Self: Blocks,
    {
        unreachable!("no type blocks")
    }

    pub fn running(&self) -> bool
    where
        Self: TellsOfWork,
    {
        unreachable!("no type tells of its work")
    }

    pub fn get_loop(&self)
    where
        Self: HasLoop,
    {
        unreachable!("no type has a loop")
    }
}

#[doc(hidden)]
impl<T: Send + 'static> Task<T> {
    pub fn set_result(&self, _value: T)
    where
        Self: Fulfils,
    {
        unreachable!("no type fulfils")
    }

    pub fn set_exception(&self, _error: impl Into<BoxError>)
    where
        Self: Fulfils,
    {
        unreachable!("no type fulfils")
    }

    pub fn result_timeout(&mut self, _timeout: Duration)
    where
        Self: Blocks,
    {
        unreachable!("no type blocks")
    }

    pub fn exception_timeout(&mut self, _timeout: Duration)
    where
        Self: Blocks,
    {
        unreachable!("no type blocks")
    }

    pub fn running(&self) -> bool
    where
        Self: TellsOfWork,
    {
        unreachable!("no type tells of its work")
    }

    pub fn get_loop(&self)
    where
        Self: HasLoop,
    {
        unreachable!("no type has a loop")
    }
}
