//! What a blocking future cannot do: writing it does not compile, and the compiler says what to write instead.

use crate::{error::BoxError, future::Future};

/// Nobody who reads a future.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be fulfilled by who reads it",
    label = "this is the half that is read",
    note = "the half that is written is a promise: `Promise::new` gives both, and `Promise::set_result` ends the future"
)]
pub trait Fulfils {}

/// No blocking future.
#[diagnostic::on_unimplemented(
    message = "a callback of `{Self}` cannot be taken back",
    label = "a blocking future keeps its callbacks",
    note = "`aio_bridge::wrap_future` gives a future with `remove_done_callback`, which takes the id that its `add_done_callback` gave"
)]
pub trait TakesBack {}

/// No future of these crates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` belongs to no event loop",
    label = "a blocking future is completed by any thread",
    note = "`aio_bridge::wrap_future` gives a future that every loop can await; the running loop is `tokio::runtime::Handle::current()`"
)]
pub trait HasLoop {}

#[doc(hidden)]
impl<T: 'static> Future<T> {
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

    pub fn remove_done_callback<I>(&self, _callback: I)
    where
        Self: TakesBack,
    {
        unreachable!("no type takes back")
    }

    pub fn get_loop(&self)
    where
        Self: HasLoop,
    {
        unreachable!("no type has a loop")
    }
}
