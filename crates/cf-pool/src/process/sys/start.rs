//! What a worker does to itself before anything else runs in it.

use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::FdFlags;

/// Takes a variable out of the environment, so that what this process starts does not inherit it.
pub(crate) fn forget_variable(name: &str) {
    // SAFETY: called on the first line of `main`, or by the test harness's only test; no other thread of ours runs, and the
    // documentation of `init` asks for the same of the program.
    unsafe { std::env::remove_var(name) }
}

/// Closes all inherited descriptors from 3 on but `kept`: what the parent's libraries forgot to mark close-on-exec.
pub(crate) fn close_inherited(kept: RawFd) {
    let Ok(listing) = std::fs::read_dir("/dev/fd") else {
        return;
    };
    let open: Vec<RawFd> = listing
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2 && *fd != kept)
        .collect();
    for fd in open {
        // SAFETY: only asked whether it is open, and given back at once.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        // The listing's own is closed by now. What is marked cannot have been inherited: a runtime that was started before
        // `main`'s first line has opened it.
        if matches!(rustix::io::fcntl_getfd(borrowed), Ok(flags) if !flags.contains(FdFlags::CLOEXEC))
        {
            // SAFETY: it came through `exec`, so nothing in this process owns it.
            unsafe { rustix::io::close(fd) }
        }
    }
}
