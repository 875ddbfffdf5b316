//! The process pool, seen from outside: one module a theme, one test a fact.

#![cfg(all(unix, not(cf_loom)))]

mod bounded;
mod breaking;
mod callback;
mod cancel;
mod child;
mod chunk_limits;
mod compile_fail;
mod death;
mod deep;
mod door;
mod drops;
mod events;
mod fickle;
mod forever;
#[path = "../it/gate.rs"]
mod gate;
mod held_output;
mod heritage;
#[cfg(target_os = "linux")]
mod hostile;
mod initializer;
mod killing;
mod last_handle;
mod map;
mod output;
mod pair;
mod queue;
mod recalled;
mod replacing;
mod retries;
mod returned;
mod scarce;
mod shared;
mod shutdown;
mod stats;
mod submit;
mod suite;
mod sys;
mod timeout;
mod together;
mod unneeded;
mod value;
mod way;
#[cfg(target_os = "linux")]
mod words;

cf_pool::worker_test!();
