//! A directory of made-up images: most are good, three are corrupt, and one kills the process that decodes it.

use std::{env, fs, path::Path};

use concurrent_futures::BoxError;
use image::{Rgb, RgbImage};
use tempfile::TempDir;

use crate::decode::POISON;

const N_GOOD: u32 = 36;
/// Pixels in a row and in a column.
const SIDE: u32 = 256;
const SHORT_SIDE: u32 = 64;

/// Makes the directory; it is removed when the value is dropped.
pub(crate) fn make() -> Result<TempDir, BoxError> {
    let side = if env::var_os("CF_SHORT").is_some() {
        SHORT_SIDE
    } else {
        SIDE
    };
    let dir = tempfile::Builder::new().prefix("images-").tempdir()?;
    for n in 0..N_GOOD {
        let extension = if n % 3 == 0 { "jpg" } else { "png" };
        let path = dir.path().join(format!("{n:02}.{extension}"));
        picture(n, side).save(path)?;
    }
    corrupt(dir.path())?;
    fs::write(dir.path().join("poison.png"), POISON)?;
    Ok(dir)
}

/// Interference of two circles of waves, another one for each `n`.
fn picture(n: u32, side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let wave = |cx: u32, cy: u32| {
            let (dx, dy) = (f64::from(x) - f64::from(cx), f64::from(y) - f64::from(cy));
            (dx.hypot(dy) / f64::from(n + 4)).sin()
        };
        let sum = wave(0, side / 2) + wave(side, side / 2);
        let level = (sum * 63.0 + 128.0) as u8;
        Rgb([level, 255 - level, (n * 7) as u8])
    })
}

/// One file that ends too early, one with wrong bits, and one that is not an image at all.
fn corrupt(dir: &Path) -> Result<(), BoxError> {
    let good = fs::read(dir.join("01.png"))?;
    fs::write(dir.join("cut off.png"), &good[..good.len() / 2])?;
    let mut bad = good;
    let middle = bad.len() / 2;
    bad[middle..middle + 4].copy_from_slice(b"oops");
    fs::write(dir.join("wrong bits.png"), bad)?;
    fs::write(dir.join("no image.jpg"), "just some text\n")?;
    Ok(())
}
