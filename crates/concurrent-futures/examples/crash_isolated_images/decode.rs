//! The task that runs in the workers.

use std::{ffi::OsString, fs, io::Cursor, process};

use concurrent_futures::{BoxError, task};
use image::ImageReader;
use serde::{Deserialize, Serialize};

/// A file that begins like this stands for one that kills the decoder, as hostile files do with those written in C.
pub(crate) const POISON: &[u8] = b"crash_isolated_images: poison\n";

/// What is left of an image that was decoded.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Decoded {
    pub(crate) n_bytes: u64,
    pub(crate) n_pixels: u64,
}

/// Decodes a file, whatever its name says it is.
#[task]
pub(crate) fn decode(path: OsString) -> Result<Decoded, BoxError> {
    let bytes = fs::read(path)?;
    if bytes.starts_with(POISON) {
        process::abort();
    }
    let image = ImageReader::new(Cursor::new(&bytes))
        .with_guessed_format()?
        .decode()?;
    Ok(Decoded {
        n_bytes: bytes.len() as u64,
        n_pixels: u64::from(image.width()) * u64::from(image.height()),
    })
}
