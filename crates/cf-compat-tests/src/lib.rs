//! The incompatibility matrix and the conformance suite of concurrent_futures.

pub mod kit;
pub mod matrix;
