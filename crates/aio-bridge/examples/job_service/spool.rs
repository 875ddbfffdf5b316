//! A result that is too large for memory: a temporary file without a name, which no kind of exit can leave behind.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::{Mutex, PoisonError},
};

/// Bytes given by one read.
const CHUNK: u64 = 64 * 1024;

/// A finished temporary file, read by any number of readers at once.
#[derive(Debug)]
pub(crate) struct Spool {
    file: Mutex<File>,
    n_bytes: u64,
}

impl Spool {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let n_bytes = file.metadata()?.len();
        Ok(Self {
            file: Mutex::new(file),
            n_bytes,
        })
    }

    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Reads the next bytes from `offset` on; none at the end. Blocks.
    pub(crate) fn read_at(&self, offset: u64) -> io::Result<Vec<u8>> {
        let mut chunk = Vec::new();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        Read::by_ref(&mut *file)
            .take(CHUNK)
            .read_to_end(&mut chunk)?;
        Ok(chunk)
    }
}
