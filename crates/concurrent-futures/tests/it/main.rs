//! Tests of the facade: worker processes under its names alone, and its example.
#![cfg(unix)]

mod images;
mod process;

concurrent_futures::worker_test!();
