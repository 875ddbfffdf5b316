//! Tests of the awaitable face and of the bridge, by theme.

mod as_completed;
mod auto_traits;
mod callback;
mod callback_context;
mod callback_loop;
mod cancel;
mod close;
// With `process` the compiler knows more callables, and lists them.
#[cfg(not(feature = "process"))]
mod compile_fail;
mod default_executor;
mod edges;
mod executor;
mod from_thread;
mod future;
mod gather;
mod group;
mod guard;
mod held;
mod interrupt;
mod isfuture;
mod leaks;
mod loops;
#[cfg(target_os = "linux")]
mod os_threads;
mod paused;
mod process;
mod promise;
mod reach;
mod reports;
mod run;
mod runtimes;
mod shared;
mod shield;
mod spans;
mod task;
mod threadsafe;
mod timeout;
mod to_thread;
mod unruly;
mod unseen;
mod wait;
mod wait_for;
mod wrap;
