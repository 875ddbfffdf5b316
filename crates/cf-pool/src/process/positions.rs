//! Who has written and read how far in a ring, and who sleeps: the words that both processes share. See `README.md`.
//!
//! Positions count bytes since the beginning and never wrap. `freed <= head`, and what lies between `head` and `tail` is there
//! to be claimed. Whoever goes to sleep says so first and looks once more; whoever has news tells it first and then looks for
//! sleepers. Both sides use sequentially consistent operations for that, so that one of the two sees the other.

#[cfg(not(cf_loom))]
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

// The models compile this file in their own crate.
#[cfg(cf_loom)]
use crate::in_order::{AtomicU32, AtomicU64, Ordering};

/// The shared words of one ring; all zero is the empty ring with nobody asleep.
#[repr(C, align(128))]
pub(crate) struct Positions {
    /// Written so far: moved by the writer.
    tail: Line<AtomicU64>,
    /// Claimed so far: moved by the reader, and by the writer when it recalls what is not claimed.
    head: Line<AtomicU64>,
    /// Read so far, so that it may be overwritten: moved by the reader.
    freed: Line<AtomicU64>,
    /// Whether the reader must be called for news.
    reader_sleeps: Line<AtomicU32>,
    /// How many threads look for news though they are not the reader proper: it need not be called then.
    n_lookers: Line<AtomicU32>,
    /// Whether the writer must be called when there is room.
    writer_sleeps: Line<AtomicU32>,
}

/// On a cache line of its own, so that the two sides do not slow each other down.
#[repr(C, align(128))]
struct Line<T>(T);

impl Positions {
    #[cfg(cf_loom)]
    pub(crate) fn new() -> Self {
        Self {
            tail: Line(AtomicU64::new(0)),
            head: Line(AtomicU64::new(0)),
            freed: Line(AtomicU64::new(0)),
            reader_sleeps: Line(AtomicU32::new(0)),
            n_lookers: Line(AtomicU32::new(0)),
            writer_sleeps: Line(AtomicU32::new(0)),
        }
    }

    pub(crate) fn tail(&self) -> u64 {
        self.tail.0.load(Ordering::SeqCst)
    }

    pub(crate) fn head(&self) -> u64 {
        self.head.0.load(Ordering::SeqCst)
    }

    pub(crate) fn freed(&self) -> u64 {
        self.freed.0.load(Ordering::SeqCst)
    }

    /// Publishes what was written up to `tail`; true if the reader must be called.
    #[must_use]
    pub(crate) fn publish(&self, tail: u64) -> bool {
        self.tail.0.store(tail, Ordering::SeqCst);
        self.takes_call_of_reader()
    }

    /// Publishes what was written up to `tail`; `takes_call_of_reader` is to follow.
    pub(crate) fn publish_silently(&self, tail: u64) {
        self.tail.0.store(tail, Ordering::SeqCst);
    }

    /// Whether the reader sleeps and nobody looks in its place.
    pub(crate) fn needs_call_of_reader(&self) -> bool {
        self.reader_sleeps.0.load(Ordering::SeqCst) != 0
            && self.n_lookers.0.load(Ordering::SeqCst) == 0
    }

    /// The same; it counts as called then.
    #[must_use]
    pub(crate) fn takes_call_of_reader(&self) -> bool {
        self.needs_call_of_reader() && self.reader_sleeps.0.swap(0, Ordering::SeqCst) != 0
    }

    /// Claims what lies between `head` and `end`; false if it was recalled.
    #[must_use]
    pub(crate) fn claim(&self, head: u64, end: u64) -> bool {
        let claimed = self
            .head
            .0
            .compare_exchange(head, end, Ordering::SeqCst, Ordering::SeqCst);
        claimed.is_ok()
    }

    /// Takes back all that is written and not claimed; gives where it begins.
    pub(crate) fn recall(&self) -> u64 {
        loop {
            let (head, tail) = (self.head(), self.tail());
            if head >= tail || self.claim(head, tail) {
                return head;
            }
        }
    }

    /// Lets what was read up to `freed` be overwritten; true if the writer must be called.
    #[must_use]
    pub(crate) fn free(&self, freed: u64) -> bool {
        self.freed.0.store(freed, Ordering::SeqCst);
        self.writer_sleeps.0.load(Ordering::SeqCst) != 0
            && self.writer_sleeps.0.swap(0, Ordering::SeqCst) != 0
    }

    /// The reader is about to sleep; it must look once more after that.
    pub(crate) fn reader_lies_down(&self) {
        self.reader_sleeps.0.store(1, Ordering::SeqCst);
    }

    pub(crate) fn reader_is_up(&self) {
        self.reader_sleeps.0.store(0, Ordering::SeqCst);
    }

    /// The writer is about to sleep until there is room; it must look once more after that.
    pub(crate) fn writer_lies_down(&self) {
        self.writer_sleeps.0.store(1, Ordering::SeqCst);
    }

    pub(crate) fn writer_is_up(&self) {
        self.writer_sleeps.0.store(0, Ordering::SeqCst);
    }

    pub(crate) fn looker_comes(&self) {
        self.n_lookers.0.fetch_add(1, Ordering::SeqCst);
    }

    /// It must look once more after that, and call the reader if there is something.
    pub(crate) fn looker_goes(&self) {
        self.n_lookers.0.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn has_lookers(&self) -> bool {
        self.n_lookers.0.load(Ordering::SeqCst) != 0
    }
}

/// What a worker tells about the call that it runs, for the clock of its time limit.
#[repr(C, align(128))]
pub(crate) struct Progress {
    /// The frame, and in it the number of the call.
    call: AtomicU64,
    /// When it began, in nanoseconds of the machine's monotonic clock; 0 while that is being written.
    started: AtomicU64,
}

impl Progress {
    #[cfg(cf_loom)]
    pub(crate) fn new() -> Self {
        Self {
            call: AtomicU64::new(0),
            started: AtomicU64::new(0),
        }
    }

    /// A call with a time limit begins.
    pub(crate) fn begin(&self, frame: u64, index: u32, now: u64) {
        self.started.store(0, Ordering::SeqCst);
        self.call.store(Self::call(frame, index), Ordering::SeqCst);
        self.started.store(now, Ordering::SeqCst);
    }

    /// When this call began, if it has.
    pub(crate) fn started(&self, frame: u64, index: u32) -> Option<u64> {
        // In this order: an older time is never taken for this call's.
        let call = self.call.load(Ordering::SeqCst);
        let started = self.started.load(Ordering::SeqCst);
        (started != 0 && call == Self::call(frame, index)).then_some(started)
    }

    fn call(frame: u64, index: u32) -> u64 {
        (frame << 32) | u64::from(index)
    }
}

/// All that the two processes share beside the bytes of the rings.
#[repr(C)]
pub(crate) struct Words {
    pub(crate) requests: Positions,
    pub(crate) results: Positions,
    pub(crate) progress: Progress,
}
