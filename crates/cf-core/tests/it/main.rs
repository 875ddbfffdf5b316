//! What the core promises, fact by fact; `// F02` above a test names the row of `docs/from-python.md`'s reference it pins.

mod auto_traits;
mod callable;
mod callback;
mod cancel;
mod compile_fail;
mod debug;
mod error;
mod future;
mod promise;

mod alarm;
mod as_completed;
mod awaited;
mod chain;
mod checkpoint;
mod completions;
mod context;
mod deadlock;
mod death;
mod gate;
mod gather;
mod give_up;
mod guard;
mod inline;
mod map;
mod peek;
mod shared;
mod shared_awaited;
mod threads;
mod timeout;
mod wait;
