//! CPython's tests of asyncio's futures, tasks and bridges, re-told: each file here is named after one of theirs.
//!
//! The comment above a test names the test it re-tells (`CPython:`), its rows, and how it differs (`Differs:`). Those that
//! cannot be re-told are in `data/not-ported-aio.tsv`.

mod child;
mod clock;
mod gate;
mod notes;
mod reports;
mod test_base_events;
mod test_events;
mod test_futures;
mod test_futures2;
mod test_runners;
mod test_taskgroups;
mod test_tasks;
mod test_threads;
mod test_timeouts;
mod test_waitfor;

cf_pool::worker_test!();
