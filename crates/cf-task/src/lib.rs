//! Calls of registered functions that can leave the process: a function marked with [`#[task]`](task) gives [`Call`]s, which
//! run unchanged on threads, on the caller's own thread and, through `cf_pool`'s process pool, in another process.
//!
//! | to | use |
//! |---|---|
//! | make a function callable from elsewhere | [`#[task]`](task), then `name::task(arguments…)` |
//! | limit the time of a call, or have it run again | [`Call::timeout`], [`Call::retries`] |
//! | register by hand, or look a task up | [`registry`] |
//! | see what crossed and how it failed | [`RemoteError`], [`CodecError`] |
//!
//! Arguments and results cross as `serde` values; large bytes and texts (`Vec<u8>`, `String`, `&[u8]`, `&str`) beside them,
//! so that they are copied and not looked through. Nothing here knows of processes or networks.
//!
//! # Examples
//! ```
//! use cf_core::{Executor, InlineExecutor};
//! use cf_task::task;
//!
//! #[task]
//! fn cpu_bound(n: u64) -> u64 {
//!     (0..n).map(|i| i * i).sum()
//! }
//!
//! assert_eq!(cpu_bound(4), 14); // still an ordinary function
//! let future = InlineExecutor::new().submit(cpu_bound::task(4));
//! assert_eq!(future.result().unwrap(), 14);
//! ```

#![forbid(unsafe_code)]

mod batch;
mod call;
mod checks;
mod codec;
mod decoding;
mod encoding;
mod failure;
mod limited;
mod message;
pub mod registry;
mod remote;
mod task;

pub use cf_task_macros::task;

pub use self::{
    batch::Batch,
    call::{Call, Options},
    codec::CodecError,
    failure::Failure,
    message::{Incoming, Message, Outgoing},
    remote::RemoteError,
    task::{Place, Task},
};

/// What the expansion of `#[task]` refers to.
#[doc(hidden)]
pub mod __task {
    pub use std::{
        borrow::{Borrow, ToOwned},
        boxed::Box,
        option::Option,
        result::Result,
        vec::Vec,
    };

    pub use cf_core::Error;
    pub use inventory;

    pub use crate::{
        call::{Call, Work},
        checks::{
            Flatten, NoCodec, NoPack, NoSettle, Outcome, Pack, Packing, Settle, crosses, fails,
        },
        codec::{ByPostcard, CodecError, Probe},
        failure::Failure,
        message::{Incoming, Message, Outgoing},
        registry::Registration,
        task::{Place, Task},
    };
}
