//! The jobs: blocking functions over a reader, a chunk at a time, each of which can be stopped between two chunks.

use std::{
    fmt,
    io::{self, Read, Write},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use cf_core::{BoxError, checkpoint};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::spool::Spool;

/// Bytes read between two checkpoints.
const CHUNK: usize = 64 * 1024;

/// What is done with the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hash,
    Words,
    Compress,
}

/// What came out of it; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    Digest(String),
    Words(WordCount),
    Gzip(Arc<Spool>),
}

/// As `wc` counts in the C locale: words are separated by ASCII white space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WordCount {
    pub(crate) n_lines: u64,
    pub(crate) n_words: u64,
    pub(crate) n_bytes: u64,
}

/// How far a job has come; written by the job, read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    is_started: AtomicBool,
    n_bytes: AtomicU64,
}

impl Progress {
    pub(crate) fn is_started(&self) -> bool {
        self.is_started.load(Ordering::Relaxed)
    }

    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes.load(Ordering::Relaxed)
    }
}

/// Does the job on the calling thread.
///
/// # Errors
/// What reading or writing fails with; `cf_core::Error::Cancelled` once the job was asked to stop.
pub(crate) fn run(kind: Kind, input: impl Read, progress: &Progress) -> Result<Output, BoxError> {
    progress.is_started.store(true, Ordering::Relaxed);
    match kind {
        Kind::Hash => hash(input, progress),
        Kind::Words => count_words(input, progress),
        Kind::Compress => compress(input, progress),
    }
}

fn hash(input: impl Read, progress: &Progress) -> Result<Output, BoxError> {
    let mut hasher = Sha256::new();
    for_each_chunk(input, progress, |chunk| {
        hasher.update(chunk);
        Ok(())
    })?;
    Ok(Output::Digest(format!("{:x}", hasher.finalize())))
}

fn count_words(input: impl Read, progress: &Progress) -> Result<Output, BoxError> {
    let mut count = WordCount::default();
    let mut is_in_word = false;
    for_each_chunk(input, progress, |chunk| {
        count.n_bytes += chunk.len() as u64;
        for byte in chunk {
            let was_in_word = std::mem::replace(&mut is_in_word, !byte.is_ascii_whitespace());
            count.n_lines += u64::from(*byte == b'\n');
            count.n_words += u64::from(is_in_word && !was_in_word);
        }
        Ok(())
    })?;
    Ok(Output::Words(count))
}

fn compress(input: impl Read, progress: &Progress) -> Result<Output, BoxError> {
    let mut encoder = GzEncoder::new(tempfile::tempfile()?, Compression::default());
    for_each_chunk(input, progress, |chunk| encoder.write_all(chunk))?;
    Ok(Output::Gzip(Arc::new(Spool::new(encoder.finish()?)?)))
}

fn for_each_chunk(
    mut input: impl Read,
    progress: &Progress,
    mut f: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), BoxError> {
    let mut buffer = vec![0; CHUNK];
    loop {
        checkpoint()?;
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                f(&buffer[..n])?;
                progress.n_bytes.fetch_add(n as u64, Ordering::Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "hash" => Ok(Self::Hash),
            "words" => Ok(Self::Words),
            "compress" => Ok(Self::Compress),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hash => "hash",
            Self::Words => "words",
            Self::Compress => "compress",
        })
    }
}
