//! Blocking futures with the semantics of Python's `concurrent.futures`: promise, wait, as_completed, callables, executors.
//!
//! A [`Promise`] is written once, its [`Future`] is read once, and any number of threads may cancel, watch or wait for it in
//! between. Nothing here polls: whoever waits is told.
//!
//! | to | use |
//! |---|---|
//! | make a future by hand | [`Promise::new`] |
//! | run a closure and get a future | an [`Executor`]: `cf_pool::ThreadPoolExecutor`, or [`InlineExecutor`] |
//! | get the value | [`Future::result`], [`Future::result_timeout`], [`Future::try_result`] |
//! | go on when it is there | [`Future::map`] and its like, [`Future::add_done_callback`] |
//! | wait for many | [`wait`], [`as_completed`], [`gather`] |
//! | read it many times | [`Future::shared`] |
//! | stop it | [`Future::cancel`], [`Future::request_cancel`] with [`checkpoint`] |
//!
//! A blocking future cannot be awaited, and an awaitable one cannot be waited for here; `aio_bridge` has the functions that
//! cross. No unsafe code.
//!
//! # Examples
//! ```
//! use cf_core::{Executor, InlineExecutor, as_completed, fallible};
//!
//! let executor = InlineExecutor::new();
//! let futures = ["1", "2", "x"].map(|text| executor.submit(fallible(move || text.parse::<i32>())));
//! let sum: i32 = as_completed(futures).filter_map(|future| future.result().ok()).sum();
//! assert_eq!(sum, 3);
//! ```
//!
//! # For authors of executors
//! [`Submission`] and [`Task`] are what a queue holds, [`host`] is what a worker thread tells the waits that happen on it.
//!
//! # For authors of bridges
//! [`bridge`] has the face of the same cell that is polled.

#![forbid(unsafe_code)]

mod arrivals;
mod as_completed;
mod block;
mod body;
pub mod bridge;
mod callable;
mod canceller;
mod cell;
mod chain;
mod chunker;
mod context;
mod death;
mod done;
mod error;
mod executor;
mod frame;
mod future;
mod gather;
mod graph;
mod guard;
mod hooks;
pub mod host;
mod inline;
mod map;
mod node;
mod promise;
mod refusal;
mod set;
mod shared;
mod signpost;
mod slot;
#[doc(hidden)]
pub mod spin;
mod stage;
mod state;
#[doc(hidden)]
pub mod sync;
mod task;
mod timeout;
#[doc(hidden)]
pub mod unwind;
mod wait;
mod waitable;

pub use self::{
    as_completed::{AsCompleted, AsCompletedTimeout, as_completed, as_completed_timeout},
    block::BlockedSection,
    callable::{Callable, Closure, Fallible, fallible},
    canceller::Canceller,
    chunker::{CallEach, Calls, Chunker},
    context::{Context, Restore, add_propagator},
    death::{WorkerDied, WorkerExit},
    done::Done,
    error::{BoxError, Deadlock, Error, Exception, InvalidState},
    executor::{ClosureExecutor, Executor, Rejected},
    frame::checkpoint,
    future::Future,
    gather::gather,
    guard::{BlockingGuard, is_blocking_refused},
    inline::InlineExecutor,
    map::Map,
    promise::Promise,
    refusal::{BrokenExecutor, Reason},
    shared::SharedFuture,
    task::{Submission, Task},
    timeout::{TimedOut, Timeout},
    unwind::{Panic, PanicLocation},
    wait::{DoneAndNotDone, ReturnWhen, wait, wait_timeout},
    waitable::{Waitable, Waitables},
};
