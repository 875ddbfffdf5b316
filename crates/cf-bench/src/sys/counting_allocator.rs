//! The system's allocator, counting while it is asked to; otherwise it costs one relaxed load a call.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE_BYTES: AtomicI64 = AtomicI64::new(0);

/// What a stretch of code asked the allocator for, all threads together.
pub(crate) struct Allocations {
    /// Calls that returned new memory; a block that was resized counts as one more.
    pub(crate) n_allocations: u64,
    /// Bytes asked for and not given back within the stretch; negative if it gave back more than it took.
    pub(crate) live_bytes: i64,
}

/// Runs `work` and counts what all threads allocate meanwhile.
pub(crate) fn count_allocations<T>(work: impl FnOnce() -> T) -> (T, Allocations) {
    ALLOCATIONS.store(0, Relaxed);
    LIVE_BYTES.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    let value = work();
    COUNTING.store(false, Relaxed);
    (
        value,
        Allocations {
            n_allocations: ALLOCATIONS.load(Relaxed),
            live_bytes: LIVE_BYTES.load(Relaxed),
        },
    )
}

struct CountingAllocator;

fn count(n_allocations: u64, taken: usize, returned: usize) {
    if COUNTING.load(Relaxed) {
        ALLOCATIONS.fetch_add(n_allocations, Relaxed);
        LIVE_BYTES.fetch_add(signed(taken) - signed(returned), Relaxed);
    }
}

/// No block is larger than `isize::MAX`, by `Layout`'s own rule.
fn signed(n_bytes: usize) -> i64 {
    i64::try_from(n_bytes).unwrap_or(i64::MAX)
}

// SAFETY: every call is passed on unchanged to `System`, which keeps the contract; counting touches only atomics
// and allocates nothing itself.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, 0, layout.size());
        // SAFETY: the caller got `block` from this allocator with this layout, so from `System`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(1, new_size, layout.size());
        // SAFETY: as in `dealloc`; the caller vouches for `new_size`.
        unsafe { System.realloc(block, layout, new_size) }
    }
}
