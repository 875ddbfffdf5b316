//! CPython's tests of `concurrent.futures`, re-told: a module for each of its files, and above each test a comment that names
//! its source, and where it differs, why.
//!
//! What holds on any executor is a rule of the kit; the tables here make a test of each rule on each executor to which it
//! applies.

#![cfg(unix)]

#[macro_use]
mod executors;

mod child;
mod kit;
mod reports;
mod test_as_completed;
mod test_deadlock;
mod test_executor;
mod test_future;
mod test_init;
mod test_process_pool;
mod test_shutdown;
mod test_thread_pool;
mod test_wait;
mod value;
mod watch;

cf_pool::worker_test!();
