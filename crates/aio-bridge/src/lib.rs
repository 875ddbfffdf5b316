//! The awaitable face of `concurrent_futures`, on tokio, and the bridge between the two faces.

#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "gather_mixed.rs"]
pub mod __gather;
#[doc(hidden)]
#[path = "isfuture.rs"]
pub mod __isfuture;
mod as_completed;
mod awaitable;
mod callbacks;
mod child;
mod clock;
mod close;
mod control;
mod coroutine;
mod default_executor;
mod delivery;
mod driver;
mod event_loop;
mod executor;
pub mod from_thread;
mod future;
mod future_like;
mod gather;
mod group;
mod guarded;
mod interrupt;
mod promise;
mod run;
mod set;
mod shared;
mod shield;
mod task;
mod threadsafe;
mod timeout;
mod unseen;
mod wait;
mod wait_for;
mod wrap;

pub use cf_core::{DoneAndNotDone, Error, ReturnWhen, TimedOut};

pub use self::{
    as_completed::{AsCompleted, AsCompletedTimeout, as_completed, as_completed_timeout},
    awaitable::{Awaitable, Outcome},
    callbacks::CallbackId,
    clock::sleep,
    close::Close,
    control::{Cancelled, TaskCanceller, cancelled, current_task},
    coroutine::{Coroutine, Fallible, fallible},
    default_executor::{set_default_executor, shutdown_default_executor, to_thread},
    executor::{run_in_executor, submit},
    future::{AioCanceller, AioFuture},
    future_like::FutureLike,
    gather::{Gather, GatherAll, gather},
    group::{GroupError, Scope, TaskGroup},
    guarded::{Guarded, guarded},
    promise::{AioPromise, future},
    run::{Runner, run},
    shared::SharedAioFuture,
    shield::{Shield, shield},
    task::{Task, create_local_task, create_named_task, create_task},
    threadsafe::{call_soon_threadsafe, run_coroutine_threadsafe},
    timeout::{Deadline, Timeout, timeout, timeout_at},
    wait::{wait, wait_timeout},
    wait_for::wait_for,
    wrap::{Wrappable, wrap_future},
};
