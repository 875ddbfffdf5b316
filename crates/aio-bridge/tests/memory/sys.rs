//! An allocator that counts; the only unsafe code of the tests.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static N_ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static N_LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);

struct Counting;

/// How many allocations there have been; growing one in place or by moving it counts too.
pub(crate) fn n_allocations() -> usize {
    N_ALLOCATIONS.load(Ordering::SeqCst)
}

/// How many bytes are allocated now.
pub(crate) fn n_live_bytes() -> usize {
    N_LIVE_BYTES.load(Ordering::SeqCst)
}

fn count(n_new: usize, n_old: usize) {
    N_LIVE_BYTES.fetch_add(n_new, Ordering::SeqCst);
    N_LIVE_BYTES.fetch_sub(n_old, Ordering::SeqCst);
    if n_new > 0 {
        N_ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
    }
}

// SAFETY: every call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
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
