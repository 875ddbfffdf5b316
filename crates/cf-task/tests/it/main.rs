//! What `#[task]`, calls, the registry and failures promise, fact by fact.

mod compile_fail;
mod cross;
mod lints;

mod batch;
mod call;
mod clashes;
mod codec;
mod failure;
mod garbage;
mod left_out;
mod nested;
mod registry;
mod remote;
mod results;
mod signature;
mod task_macro;
mod untyped;
