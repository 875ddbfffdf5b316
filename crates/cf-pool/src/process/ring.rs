//! One direction of the shared memory as a stream of bytes, for the side that writes and the side that reads.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::process::{
    frame::{Broken, Source},
    positions::Positions,
    sys::memory::{Mapping, prefer_huge_pages},
};

/// What is written is published in pieces of this size, so that the other side copies at the same time.
const PIECE_BYTES: usize = 64 << 10;
/// A buffer is allocated for at most so many bytes more than have arrived.
pub(crate) const MAX_AHEAD_BYTES: usize = 64 << 20;

/// In the middle of a large message the other side answers soon.
const LINGER: Duration = Duration::from_micros(200);

/// Which of the two rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the parent to the worker.
    Requests,
    /// From the worker to the parent.
    Results,
}

/// One ring in the shared memory.
#[derive(Clone)]
pub(crate) struct Ring {
    mapping: Arc<Mapping>,
    direction: Direction,
    offset: usize,
    n_bytes: usize,
}

impl Ring {
    pub(crate) fn new(mapping: Arc<Mapping>, direction: Direction, n_bytes: usize) -> Self {
        let offset = match direction {
            Direction::Requests => 0,
            Direction::Results => n_bytes,
        };
        Self {
            mapping,
            direction,
            offset,
            n_bytes,
        }
    }

    pub(crate) fn positions(&self) -> &Positions {
        match self.direction {
            Direction::Requests => &self.mapping.words().requests,
            Direction::Results => &self.mapping.words().results,
        }
    }

    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    pub(crate) fn capacity(&self) -> usize {
        self.n_bytes
    }

    /// How much lies between two positions that the other side has a hand in.
    fn between(&self, from: u64, to: u64) -> Result<usize, Broken> {
        to.checked_sub(from)
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| *n <= self.n_bytes)
            .ok_or(Broken("the positions of a ring make no sense"))
    }

    /// The longest range from `position` on that does not wrap, at most `n_bytes` long.
    fn range(&self, position: u64, n_bytes: usize) -> (usize, usize) {
        let start = (position % self.n_bytes as u64) as usize;
        (self.offset + start, n_bytes.min(self.n_bytes - start))
    }

    fn write_at(&self, position: u64, mut bytes: &[u8]) {
        let mut position = position;
        while !bytes.is_empty() {
            let (offset, n) = self.range(position, bytes.len());
            let (now, later) = bytes.split_at(n);
            self.mapping.write(offset, now);
            position += n as u64;
            bytes = later;
        }
    }

    fn read_at(&self, position: u64, into: &mut [u8]) {
        let mut position = position;
        let mut into = into;
        while !into.is_empty() {
            let (offset, n) = self.range(position, into.len());
            let (now, later) = into.split_at_mut(n);
            self.mapping.read(offset, now);
            position += n as u64;
            into = later;
        }
    }

    fn append_at(&self, position: u64, n_bytes: usize, into: &mut Vec<u8>) {
        let mut position = position;
        let mut left = n_bytes;
        while left > 0 {
            let (offset, n) = self.range(position, left);
            self.mapping.append(offset, n, into);
            position += n as u64;
            left -= n;
        }
    }
}

/// The side that writes.
pub(crate) struct Writer {
    ring: Ring,
    /// Written, though perhaps not published.
    tail: u64,
    published: u64,
    /// What the reader had read at the last look: to look costs a cache miss.
    freed: u64,
}

/// How a side that cannot go on waits for the other one.
pub(crate) trait Patience {
    /// The other side must be called: there are news for it.
    fn call(&mut self);

    /// Waits until `is_ready`; an error if the other side is gone.
    fn wait(&mut self, ring: &Ring, is_ready: &mut dyn FnMut() -> bool) -> Result<(), Broken>;
}

impl Writer {
    pub(crate) fn new(ring: Ring) -> Self {
        Self {
            ring,
            tail: 0,
            published: 0,
            freed: 0,
        }
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    pub(crate) fn tail(&self) -> u64 {
        self.tail
    }

    /// How many bytes can be written now.
    fn room(&mut self) -> Result<usize, Broken> {
        let freed = self.ring.positions().freed();
        // It may lag behind what is known to be read.
        if freed >= self.freed {
            self.ring.between(freed, self.tail)?;
            self.freed = freed;
        }
        self.known_room()
    }

    fn known_room(&self) -> Result<usize, Broken> {
        let used = self.ring.between(self.freed, self.tail)?;
        Ok(self.ring.n_bytes - used)
    }

    /// The reader will not look at anything that was written so far, whether it has said so or not.
    pub(crate) fn all_is_read(&mut self) {
        self.freed = self.tail;
    }

    /// Whether so many bytes can be written now.
    pub(crate) fn has_room(&mut self, n_bytes: usize) -> Result<bool, Broken> {
        Ok(n_bytes <= self.known_room()? || n_bytes <= self.room()?)
    }

    /// Writes what there is room for, without publishing it.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.ring.write_at(self.tail, bytes);
        self.tail += bytes.len() as u64;
    }

    /// Publishes what was put; true if the reader must be called.
    #[must_use]
    pub(crate) fn publish(&mut self) -> bool {
        self.published = self.tail;
        self.ring.positions().publish(self.tail)
    }

    /// Publishes what was put; whether the reader must be called is left for later.
    pub(crate) fn publish_silently(&mut self) {
        self.published = self.tail;
        self.ring.positions().publish_silently(self.tail);
    }

    /// Writes in pieces, waiting for room; the last piece is left to `publish`.
    pub(crate) fn stream(
        &mut self,
        mut bytes: &[u8],
        patience: &mut dyn Patience,
    ) -> Result<(), Broken> {
        while !bytes.is_empty() {
            let mut n = bytes.len().min(PIECE_BYTES);
            if !self.has_room(n)? {
                n = n.min(self.room()?);
            }
            if n == 0 {
                if self.publish() {
                    patience.call();
                }
                let ring = self.ring.clone();
                let mut has_room = || self.has_room(1).unwrap_or(true);
                patience.wait(&ring, &mut has_room)?;
                continue;
            }
            let (now, later) = bytes.split_at(n);
            self.put(now);
            bytes = later;
            if self.tail - self.published >= PIECE_BYTES as u64 && self.publish() {
                patience.call();
            }
        }
        Ok(())
    }
}

/// The side that reads.
pub(crate) struct Reader {
    ring: Ring,
    /// Read so far.
    position: u64,
}

impl Reader {
    pub(crate) fn new(ring: Ring) -> Self {
        Self { ring, position: 0 }
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Read so far.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Goes on from there: what lay before was recalled.
    pub(crate) fn skip_to(&mut self, position: u64) {
        self.position = position;
    }

    /// How many bytes are there to be read.
    pub(crate) fn available(&self) -> Result<usize, Broken> {
        self.ring
            .between(self.position, self.ring.positions().tail())
    }

    /// Fails if somebody else says what was read.
    pub(crate) fn check_freed(&self) -> Result<(), Broken> {
        if self.ring.positions().freed() == self.position {
            Ok(())
        } else {
            Err(Broken("the positions of a ring make no sense"))
        }
    }

    /// Looks at the next bytes, which are there, without reading them.
    pub(crate) fn look(&self, into: &mut [u8]) {
        self.ring.read_at(self.position, into);
    }

    /// Reads on as a source that waits for what is not there yet.
    pub(crate) fn source<'a>(&'a mut self, patience: &'a mut dyn Patience) -> Stream<'a> {
        Stream {
            reader: self,
            patience,
        }
    }

    /// Lets what was read be overwritten; true if the writer must be called.
    #[must_use]
    pub(crate) fn free(&self) -> bool {
        self.ring.positions().free(self.position)
    }
}

/// A ring as a source of a frame's bytes.
pub(crate) struct Stream<'a> {
    reader: &'a mut Reader,
    patience: &'a mut dyn Patience,
}

impl Stream<'_> {
    /// Waits until something is there; gives how much.
    fn wait(&mut self) -> Result<usize, Broken> {
        let available = self.reader.available()?;
        if available > 0 {
            return Ok(available);
        }
        if self.reader.free() {
            self.patience.call();
        }
        let reader = &*self.reader;
        let mut is_there = || reader.available().map_or(true, |n| n > 0);
        self.patience.wait(&reader.ring, &mut is_there)?;
        self.reader.available()
    }

    fn advance(&mut self, n: usize) {
        self.reader.position += n as u64;
        // A large message goes through the ring many times.
        if n >= PIECE_BYTES / 2 && self.reader.free() {
            self.patience.call();
        }
    }
}

impl Source for Stream<'_> {
    fn read(&mut self, mut into: &mut [u8]) -> Result<(), Broken> {
        while !into.is_empty() {
            let n = self.wait()?.min(into.len());
            let (now, later) = into.split_at_mut(n);
            self.reader.ring.read_at(self.reader.position, now);
            self.advance(n);
            into = later;
        }
        Ok(())
    }

    fn append(&mut self, n_bytes: usize, into: &mut Vec<u8>) -> Result<(), Broken> {
        into.reserve_exact(n_bytes.min(MAX_AHEAD_BYTES));
        prefer_huge_pages(into);
        let mut left = n_bytes;
        while left > 0 {
            let n = self.wait()?.min(left).min(PIECE_BYTES);
            self.reader.ring.append_at(self.reader.position, n, into);
            self.advance(n);
            left -= n;
        }
        Ok(())
    }
}

/// Looks for as long as the other side may be copying, and gives way to it.
pub(crate) fn linger(is_ready: &mut dyn FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        for _ in 0..40 {
            if is_ready() {
                return true;
            }
            std::hint::spin_loop();
        }
        thread::yield_now();
        if start.elapsed() >= LINGER {
            return is_ready();
        }
    }
}
