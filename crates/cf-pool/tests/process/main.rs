//! The process pool, seen from outside: one module a theme, one test a fact.

#![cfg(all(unix, not(cf_loom)))]

mod bounded;
mod breaking;
mod callback;
mod cancel;
mod child;
mod compile_fail;
mod death;
mod door;
mod events;
#[path = "../it/gate.rs"]
mod gate;
mod heritage;
mod initializer;
mod killing;
mod map;
mod output;
mod queue;
mod replacing;
mod retries;
mod shared;
mod shutdown;
mod stats;
mod submit;
mod suite;
mod sys;
mod timeout;
mod value;
mod way;

cf_pool::worker_test!();
