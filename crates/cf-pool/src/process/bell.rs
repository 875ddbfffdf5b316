//! The byte that calls who sleeps at the other end of a socket.

use std::os::fd::AsFd;

use rustix::net::SendFlags;

/// A peer that is gone is an error and no signal.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
/// Elsewhere it is because Rust's runtime has the signal ignored.
#[cfg(target_vendor = "apple")]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// What the bell says: there is news.
const NEWS: u8 = 1;
/// What the worker's bell says: it has had nothing to do for a while.
pub(crate) const IDLE: u8 = 2;

/// Calls who sleeps at the other end.
pub(crate) fn ring(bell: &impl AsFd) {
    tell(bell, NEWS);
}

/// Sends a byte to the other end; if there are many of them already, it is awake or gone.
pub(crate) fn tell(bell: &impl AsFd, what: u8) {
    let _ = rustix::net::send(bell, &[what], SendFlags::DONTWAIT | NO_SIGNAL);
}
