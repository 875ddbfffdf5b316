//! Two words in memory that two processes share, and a futex each: the fastest way to pass a number there and back.

use std::{
    ffi::c_void,
    hint, io,
    os::fd::OwnedFd,
    ptr::{self, NonNull},
    sync::atomic::{
        AtomicU32,
        Ordering::{Acquire, SeqCst},
    },
};

use rustix::{
    fs::{MemfdFlags, ftruncate, memfd_create},
    mm::{MapFlags, ProtFlags, mmap, munmap},
    thread::futex,
};

/// Looks before a sleep: a few microseconds, many times what an answer from another core takes.
const N_SPINS: u32 = 100;
/// Asked for by nobody who wants an answer.
const END: u32 = u32::MAX;

/// The memory, mapped into this process.
pub(crate) struct Exchange(NonNull<Seats>);

/// Each on cache lines of its own.
#[repr(C)]
struct Seats {
    question: Seat,
    answer: Seat,
}

/// A word that one process sets and the other waits for.
#[repr(C, align(128))]
struct Seat {
    value: AtomicU32,
    is_asleep: AtomicU32,
}

impl Exchange {
    /// New memory, and the descriptor by which another process finds it.
    pub(crate) fn create() -> io::Result<(Self, OwnedFd)> {
        let fd = memfd_create("cf-bench", MemfdFlags::CLOEXEC)?;
        ftruncate(&fd, size_of::<Seats>() as u64)?;
        Ok((Self::open(&fd)?, fd))
    }

    pub(crate) fn open(fd: &OwnedFd) -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the system's choice touches no memory that there is.
        let base = unsafe {
            mmap(
                ptr::null_mut(),
                size_of::<Seats>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                fd,
                0,
            )
        }?;
        let base = NonNull::new(base.cast::<Seats>()).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self(base))
    }

    fn seats(&self) -> &Seats {
        // SAFETY: a page that is mapped as long as `self` lives, aligned, and `Seats` is nothing but atomics, which are valid
        // for every content and may be changed by the other process.
        unsafe { self.0.as_ref() }
    }

    /// Passes a number that is not 0, `u32::MAX` or the last one, and gives the answer.
    pub(crate) fn ask(&self, n: u32) -> u32 {
        let before = self.seats().answer.value.load(Acquire);
        self.seats().question.set(n);
        self.seats().answer.wait_for_other_than(before)
    }

    /// Gives every number back until the other side hangs up.
    pub(crate) fn answer_all(&self) {
        let mut last = 0;
        loop {
            last = self.seats().question.wait_for_other_than(last);
            if last == END {
                return;
            }
            self.seats().answer.set(last);
        }
    }

    pub(crate) fn hang_up(&self) {
        self.seats().question.set(END);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // SAFETY: this mapping was made by `open` with this length, and nothing refers to it any more.
        let unmapped = unsafe { munmap(self.0.as_ptr().cast::<c_void>(), size_of::<Seats>()) };
        debug_assert!(unmapped.is_ok());
    }
}

impl Seat {
    fn set(&self, n: u32) {
        self.value.store(n, SeqCst);
        if self.is_asleep.load(SeqCst) == 1 {
            // It may have seen the value by itself, and then nobody is woken.
            let _ = futex::wake(&self.value, futex::Flags::empty(), 1);
        }
    }

    fn wait_for_other_than(&self, old: u32) -> u32 {
        loop {
            for _ in 0..N_SPINS {
                let n = self.value.load(Acquire);
                if n != old {
                    return n;
                }
                hint::spin_loop();
            }
            self.is_asleep.store(1, SeqCst);
            // Returns at once if the value is another already; why it returned does not matter.
            let _ = futex::wait(&self.value, futex::Flags::empty(), old, None);
            self.is_asleep.store(0, SeqCst);
        }
    }
}
