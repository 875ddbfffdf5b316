//! The unsafe corner: shared memory, and what a worker does to itself when it starts. Safe to use from outside.

pub(crate) mod memory;
pub(crate) mod start;
