//! The awaitable face of `concurrent_futures`, on tokio, and the bridge between the two faces.
//!
//! There are two kinds of future, as in Python: [`cf_core::Future`], which threads block on, and [`AioFuture`], which tasks
//! await. They are two faces of one cell and do not mix by accident: a blocking future cannot be awaited, an awaitable one
//! cannot be blocked on. Where the trait that is missing is one of these crates', the compiler names the function that crosses;
//! a bare `.await` on a blocking future is worded by rustc (it "is not a future"): [`wrap_future`] makes it one.
//!
//! # Which bridge?
//! | you are in | you have | you want | use |
//! |---|---|---|---|
//! | a task | a closure that blocks or computes | it run elsewhere, the loop kept free | [`to_thread`] |
//! | a task | the same, and an executor for it (a sized pool, processes, rayon) | to choose who runs it | [`run_in_executor`] |
//! | a task | more work than the executor's bounded queue holds | to wait for room | [`submit`] |
//! | a task | a [`cf_core::Future`] from unchanged, blocking code | to await it | [`wrap_future`] |
//! | a task | a pool that is to be ended | to wait for its end | [`Close::close`] |
//! | a thread | a coroutine and the loop's handle | it run on the loop, and to block for it | [`run_coroutine_threadsafe`] |
//! | what `to_thread` runs | a coroutine | the same, without a handle | [`from_thread::run`] |
//! | a thread | a function | it called on the loop | [`call_soon_threadsafe`] |
//! | anywhere | a value that will come | a future for it | [`future()`] |
//!
//! The bridges cost nothing: [`wrap_future`] is a move, and a bridged call is one allocation, the executor's own. What
//! `wrap_future`, `run_in_executor` and `submit` give can be polled by any runtime; timers, tasks and callbacks need tokio.
//!
//! # The rest of the loop
//! | to | use |
//! |---|---|
//! | start a program | [`run`], or `#[tokio::main]`: all of this works in both |
//! | run a coroutine beside others | [`create_task`] |
//! | wait for many | [`gather()`], [`gather!`](macro@gather), [`wait`], [`as_completed`], [`TaskGroup`] |
//! | limit the time | [`wait_for`] for one awaitable, [`timeout`] for a block |
//! | keep something from being cancelled | [`shield`] |
//! | clean up when cancelled | [`cancelled`] |
//! | read a value many times | [`AioFuture::shared`] |
//!
//! # Cancellation
//! Dropping is how Rust cancels, and it does so here: a dropped [`AioFuture`] cancels work that has not started and asks
//! running work to stop ([`cf_core::checkpoint`]). [`AioFuture::cancel`] does it at once and visibly, and
//! [`AioFuture::cancel_and_wait`] waits until a thread has really let go. A [`Task`] that is cancelled first has what it awaits
//! cancelled, waits for that to end, and is then dropped at its await, unless it listens for [`cancelled`] and goes on by
//! itself. Dropping a `Task` detaches it.
//!
//! # Blocking in the loop
//! In a task of this crate, and in what [`guarded`] wraps, a blocking call on a pending future fails with
//! [`Error::EventLoopBlocked`], whose message says what to do, instead of stalling the loop. On a future that is done
//! all calls answer as usual.
//!
//! # Failures
//! Everything that can go wrong with work is in its future: an [`Error`] tells a panic, a returned `Err`, a cancellation, a
//! refusal. A failure that nobody looked at is reported once, as a `tracing` event of target `concurrent_futures`.
//!
//! # Examples
//! ```
//! use std::time::Duration;
//! use aio_bridge::{gather, run, run_in_executor, to_thread, wait_for, wrap_future};
//! use cf_core::Executor;
//! use cf_pool::ThreadPoolExecutor;
//!
//! let pool = ThreadPoolExecutor::new(2)?;
//! let total = run(async {
//!     let wrapped = wrap_future(pool.submit(|| (1..=1_000_u64).sum::<u64>()));
//!     let bridged = run_in_executor(&pool, || (1..=2_000_u64).sum::<u64>());
//!     let elsewhere = to_thread(|| 7_u64);
//!     let sums = gather([wrapped, bridged, elsewhere]);
//!     wait_for(sums, Duration::from_secs(9)).await.unwrap().unwrap().iter().sum::<u64>()
//! });
//! assert_eq!(total.unwrap(), 500_500 + 2_001_000 + 7);
//! # Ok::<_, cf_pool::BuildError>(())
//! ```
//!
//! # Differences from asyncio
//! Each one is listed in the repository's `docs/from-python.md`. The main ones: a bridged call starts at the call, also with
//! `to_thread`; dropping cancels; futures belong to no loop and may be completed from any thread; a coroutine that is cancelled
//! is dropped at its await. The order in which tasks start is that of their creation on a loop of one thread only.

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
mod handles;
mod interrupt;
#[cfg(cf_loom)]
#[doc(hidden)]
pub mod model;
mod promise;
mod run;
mod set;
mod shared;
mod shield;
mod signpost;
mod task;
mod threadsafe;
mod timeout;
mod turn;
mod unseen;
mod wait;
mod wait_for;
mod wrap;

pub use cf_core::{DoneAndNotDone, Error, ReturnWhen, TimedOut};

pub use self::{
    as_completed::{AsCompleted, AsCompletedTimeout, as_completed, as_completed_timeout},
    awaitable::{Awaitable, Awaitables, Outcome},
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
