//! An allocator that knows how much each thread has asked for, and a segfault; the only unsafe code of the drills.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static N_LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

/// How many bytes this thread has allocated at most at one time while it ran `f`, beyond what it had before.
pub(crate) fn peak_bytes<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = N_LIVE.get();
    PEAK.set(before);
    let result = f();
    (result, usize::try_from(PEAK.get() - before).unwrap())
}

/// Writes where nothing is.
pub(crate) fn segfault() {
    let nowhere = ptr::without_provenance_mut::<u64>(8);
    // SAFETY: not sound, and meant to be so: this ends the process.
    unsafe { nowhere.write_volatile(1) }
}

fn count(n_new: usize, n_old: usize) {
    // At the very end of a thread nobody counts any more.
    let _ = N_LIVE.try_with(|n_live| {
        n_live.set(n_live.get() + n_new as isize - n_old as isize);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(n_live.get())));
    });
}

// SAFETY: every call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above; what is given back came from `System`.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, n_bytes: usize) -> *mut u8 {
        count(n_bytes, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, n_bytes) }
    }
}
