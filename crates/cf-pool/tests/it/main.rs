//! The executors of this crate, seen from outside: one module a theme, one test a fact.

mod bad_weather;
mod bounded;
mod cancel;
// With `process` the compiler knows more callables, and lists them.
#[cfg(not(feature = "process"))]
mod compile_fail;
mod deadlock;
mod dropping;
mod gate;
mod initializer;
mod map;
mod nested;
#[cfg(target_os = "linux")]
mod os_threads;
#[cfg(target_os = "linux")]
mod quiet;
#[cfg(target_os = "linux")]
mod refused_threads;
mod scope;
mod shutdown;
mod stand_in;
mod stats;
mod submit;
mod suite;
mod threads;
#[cfg(all(feature = "process", unix, not(cf_loom)))]
mod without_init;
