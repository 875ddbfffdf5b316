//! The process pool: calls run in other processes, and a crash there is one call's failure. See `process/README.md`.

mod bell;
mod builder;
mod callbacks;
mod channel;
mod clock;
mod entry;
mod events;
#[doc(hidden)]
pub mod frame;
mod inbox;
mod job;
mod keeper;
mod link;
mod oom;
mod output;
mod pool;
mod positions;
mod ring;
mod shared;
mod spawn;
mod stats;
#[expect(
    unsafe_code,
    reason = "shared memory, and what a new process does to itself"
)]
mod sys;
mod tallies;
mod worker;

pub use self::{
    builder::{OnWorkerDeath, ProcessPoolBuilder},
    entry::{TestEntry, init},
    job::CrossesProcess,
    pool::{Batches, ProcessPoolExecutor},
    stats::{ProcessStats, WorkerStats},
};
