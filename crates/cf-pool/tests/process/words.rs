//! The memory that a worker shares with its parent, to be looked at and overwritten: what a stray write of a task may do to it.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
};

use cf_pool::ProcessPoolExecutor;

use crate::{gate::ends, value::pid};

/// How long a ring is, and where the first one begins.
pub(crate) const RING_BYTES: u64 = 4 << 20;
const WORDS_BYTES: u64 = 4096;
/// Each word has a cache line of its own, and each ring so many words.
const LINE_BYTES: u64 = 128;
const N_WORDS: u64 = 6;

/// A worker's shared memory.
pub(crate) struct Memory(File);

/// One of the two rings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ring {
    Requests,
    Results,
}

/// A word that tells of a ring, in the order in which they lie there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Tail,
    Head,
    Freed,
    ReaderSleeps,
}

impl Memory {
    /// That of the worker with this number.
    pub(crate) fn of(worker: u32) -> Self {
        let descriptors = fs::read_dir(format!("/proc/{worker}/fd")).unwrap();
        let paths = descriptors.map(|entry| entry.unwrap().path());
        let is_it = |path: &std::path::PathBuf| {
            fs::read_link(path).is_ok_and(|it| it.starts_with("/memfd:cf-pool (deleted)"))
        };
        let path = paths
            .into_iter()
            .find(is_it)
            .expect("it shares its memory with nobody");
        let file = OpenOptions::new().read(true).write(true).open(path);
        Self(file.unwrap())
    }

    pub(crate) fn get(&self, ring: Ring, word: Word) -> u64 {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, place(ring, word)).unwrap();
        u64::from_le_bytes(bytes)
    }

    pub(crate) fn set(&self, ring: Ring, word: Word, value: u64) {
        let bytes = value.to_le_bytes();
        self.0.write_all_at(&bytes, place(ring, word)).unwrap();
    }

    /// Overwrites one of all the words, as they lie there.
    pub(crate) fn overwrite(&self, word: u64, value: u64) {
        let bytes = value.to_le_bytes();
        self.0.write_all_at(&bytes, word * LINE_BYTES).unwrap();
    }

    /// Reads what lies at a position of a ring, and not beyond its end.
    pub(crate) fn read<const N: usize>(&self, ring: Ring, position: u64) -> [u8; N] {
        let mut bytes = [0; N];
        let place = start(ring) + position % RING_BYTES;
        self.0.read_exact_at(&mut bytes, place).unwrap();
        bytes
    }

    /// Writes to the end of a ring, as its writer does.
    pub(crate) fn append(&self, ring: Ring, bytes: &[u8]) {
        let tail = self.get(ring, Word::Tail);
        let place = start(ring) + tail % RING_BYTES;
        self.0.write_all_at(bytes, place).unwrap();
        self.set(ring, Word::Tail, tail + bytes.len() as u64);
    }

    /// How many bytes of a ring are taken.
    pub(crate) fn n_taken(&self, ring: Ring) -> u64 {
        self.get(ring, Word::Tail) - self.get(ring, Word::Freed)
    }
}

fn place(ring: Ring, word: Word) -> u64 {
    (ring as u64 * N_WORDS + word as u64) * LINE_BYTES
}

fn start(ring: Ring) -> u64 {
    WORDS_BYTES + ring as u64 * RING_BYTES
}

// All that overwrites them relies on this.
#[test]
fn the_words_lie_where_these_tests_look_for_them() {
    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let memory = Memory::of(pool.submit(pid::task()).result().unwrap());
        for ring in [Ring::Requests, Ring::Results] {
            assert_eq!(memory.read(ring, 0), *b"cf1");
            // Frames of one call, and of one number.
            let tail = memory.get(ring, Word::Tail);
            assert!((40..60).contains(&tail), "{ring:?}: {tail}");
            assert_eq!(memory.get(ring, Word::Freed), tail);
        }
        let claimed = memory.get(Ring::Requests, Word::Head);
        assert_eq!(claimed, memory.get(Ring::Requests, Word::Tail));
        // The worker lies down, as it has nothing to do.
        while memory.get(Ring::Requests, Word::ReaderSleeps) == 0 {
            std::thread::yield_now();
        }
    });
}
