//! What is computed for one file: its SHA-256 and its lines, words and bytes, read piece by piece.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};

use crate::sys;

/// Bytes read at a time; the only part of a file that is ever in memory.
const BUFFER_SIZE: usize = 128 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_SIZE]);
}

/// One file, read to its end.
pub(crate) struct Digest {
    pub(crate) content: Content,
    pub(crate) version: Version,
}

/// What the two passes must agree on.
#[derive(PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) sha256: [u8; 32],
    pub(crate) n_lines: u64,
    pub(crate) n_words: u64,
    pub(crate) n_bytes: u64,
}

/// What tells, without reading it, that a file was changed.
#[derive(PartialEq, Eq)]
pub(crate) struct Version {
    len: u64,
    modified: Option<SystemTime>,
}

/// Reads a file as far as it reached when it was opened, so that one that grows meanwhile has an end.
///
/// # Errors
/// Those of opening and reading, and one for what is not a regular file any more.
pub(crate) fn digest(path: &Path, bar: &ProgressBar) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let (mut n_lines, mut n_words, mut n_bytes) = (0, 0, 0);
    let mut in_word = false;
    let version = read_pieces(path, |piece| {
        hash.update(piece);
        n_bytes += piece.len() as u64;
        for &byte in piece {
            let in_space = matches!(byte, b' ' | b'\t'..=b'\r');
            n_lines += u64::from(byte == b'\n');
            n_words += u64::from(!in_space && !in_word);
            in_word = !in_space;
        }
        bar.inc(piece.len() as u64);
    })?;
    let content = Content {
        sha256: hash.finalize().into(),
        n_lines,
        n_words,
        n_bytes,
    };
    Ok(Digest { content, version })
}

/// Reads a file and forgets it, so that it is in the page cache; what cannot be read is reported later.
pub(crate) fn warm(path: &Path, bar: &ProgressBar) {
    let _ = read_pieces(path, |piece| bar.inc(piece.len() as u64));
}

fn read_pieces(path: &Path, mut take: impl FnMut(&[u8])) -> io::Result<Version> {
    let file = sys::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file any more"));
    }
    let version = Version {
        len: metadata.len(),
        modified: metadata.modified().ok(),
    };
    let mut rest = file.take(version.len);
    BUFFER.with_borrow_mut(|buffer| {
        loop {
            match rest.read(buffer) {
                Ok(0) => return Ok(version),
                Ok(n) => take(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    })
}
