//! The functions that the kit's calls run: small, and the same on every executor.

use std::{
    fmt,
    num::ParseIntError,
    process, thread,
    time::{Duration, Instant},
};

use cf_core::{Error, Timeout, checkpoint};
use cf_task::task;
use serde::{Deserialize, Serialize};

use crate::kit::door::knock;

/// How long a call that was asked to stop goes on if it does not hear of it.
const DEAF_FOR: Duration = Duration::from_secs(5);

/// Gives the sum.
#[task]
pub fn add(a: u64, b: u64) -> u64 {
    a + b
}

/// Gives the number if it is even, and an error otherwise.
#[task]
pub fn even(n: u64) -> Result<u64, String> {
    if n.is_multiple_of(2) {
        Ok(n)
    } else {
        Err(format!("{n} is odd"))
    }
}

/// Gives the number that is written there.
#[task]
pub fn parse(text: &str) -> Result<u64, ParseIntError> {
    text.parse()
}

/// Gives the number if it is even, and otherwise fails as if it had waited for something too long.
#[task]
pub fn even_or_late(n: u64) -> Result<u64, Error> {
    if n.is_multiple_of(2) {
        Ok(n)
    } else {
        Err(Error::TimedOut(Timeout::default()))
    }
}

/// Fails without a word.
#[task]
pub fn fail_silently() -> Result<u64, Silence> {
    Err(Silence)
}

/// An error of which nothing is to be told.
#[derive(Debug)]
pub struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Silence {}

/// Panics.
#[task]
pub fn fall(from: &str) -> u64 {
    panic!("fell from {from}")
}

/// Gives the text back.
#[task]
pub fn echo(text: &str) -> String {
    text.to_owned()
}

/// Gives where it runs: process and thread.
#[task]
pub fn place() -> String {
    format!("{} {:?}", process::id(), thread::current().id())
}

/// Waits at a door and gives the number that it came with.
#[task]
pub fn visit(address: &str, name: u64) -> u64 {
    knock(address, name);
    name
}

/// Waits at a door and panics once it is let in.
#[task]
pub fn visit_and_fall(address: &str, name: u64) -> u64 {
    knock(address, name);
    panic!("fell through door {name}")
}

/// Waits at a door, then for the order to stop; gives 0 if none comes.
#[task]
pub fn visit_until_asked_to_stop(address: &str) -> Result<u64, Error> {
    knock(address, 0);
    let started = Instant::now();
    while started.elapsed() < DEAF_FOR {
        checkpoint()?;
        thread::yield_now();
    }
    Ok(0)
}

/// Takes something that reports its end.
#[task]
pub fn take(last_words: LastWords) -> u64 {
    let name = last_words.name;
    drop(last_words);
    name
}

/// A value that knocks at a door when it is dropped.
#[derive(Debug, Serialize, Deserialize)]
pub struct LastWords {
    address: String,
    name: u64,
}

impl LastWords {
    /// Makes one for a door, which should be open.
    pub fn at(address: &str, name: u64) -> Self {
        Self {
            address: address.to_owned(),
            name,
        }
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        knock(&self.address, self.name);
    }
}
