//! What became of the images: counts, and a table of those that failed.

use std::time::Duration;

use concurrent_futures::{Error, RemoteError};

use crate::{decode::Decoded, listing::Listing};

/// The columns of a message, at most.
const MESSAGE_WIDTH: usize = 90;

pub(crate) struct Report {
    pub(crate) was_interrupted: bool,
    n_images: usize,
    n_others: usize,
    n_workers: usize,
    n_decoded: usize,
    n_bytes: u64,
    n_pixels: u64,
    failures: Vec<Failure>,
    took: Duration,
}

struct Failure {
    name: String,
    what: String,
    pid: Option<u32>,
}

impl Report {
    pub(crate) fn new(listing: &Listing, n_workers: usize) -> Self {
        Self {
            was_interrupted: false,
            n_images: listing.images.len(),
            n_others: listing.n_others,
            n_workers,
            n_decoded: 0,
            n_bytes: 0,
            n_pixels: 0,
            failures: Vec::new(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn add(&mut self, name: &str, outcome: Result<Decoded, Error>) {
        match outcome {
            Ok(decoded) => {
                self.n_decoded += 1;
                self.n_bytes += decoded.n_bytes;
                self.n_pixels += decoded.n_pixels;
            }
            Err(error) => self.failures.push(Failure {
                name: name.to_owned(),
                what: what(&error),
                pid: pid(&error),
            }),
        }
    }

    pub(crate) fn end(&mut self, took: Duration) {
        self.took = took;
    }

    pub(crate) fn print(&self) {
        println!(
            "{} images: {} decoded ({} kB, {:.1} megapixels), {} failed, in {:.2?} by {} workers",
            self.n_images,
            self.n_decoded,
            self.n_bytes / 1000,
            self.n_pixels as f64 / 1e6,
            self.failures.len(),
            self.took,
            self.n_workers,
        );
        if self.n_others > 0 {
            println!("{} other entries were passed over", self.n_others);
        }
        if self.was_interrupted {
            let n_left = self.n_images - self.n_decoded - self.failures.len();
            println!("interrupted: {n_left} images are missing");
        }
        if self.failures.is_empty() {
            return;
        }
        let width = |column: fn(&Failure) -> &str, title: &str| {
            let widths = self.failures.iter().map(|it| column(it).chars().count());
            widths.max().unwrap_or(0).max(title.len())
        };
        let (names, whats) = (
            width(|it| &it.name, "file"),
            width(|it| &it.what, "what happened"),
        );
        println!("\n{:names$}  {:whats$}  process", "file", "what happened");
        for Failure { name, what, pid } in &self.failures {
            let pid = pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
            println!("{name:names$}  {what:whats$}  {pid:>7}");
        }
    }
}

/// What happened, in one line.
fn what(error: &Error) -> String {
    let what = match error {
        Error::WorkerDied(death) => match (death.signal(), death.code()) {
            _ if death.oom_likely() => "it took all the memory".to_owned(),
            (Some(signal), _) => format!("it killed its worker: signal {signal}"),
            (_, Some(code)) => format!("it ended its worker: exit code {code}"),
            _ => "its worker died".to_owned(),
        },
        Error::TimedOut(late) => {
            format!("it took longer than {:?}", late.limit().unwrap_or_default())
        }
        error => error.to_string(),
    };
    let line = what.lines().next().unwrap_or_default();
    if line.chars().count() <= MESSAGE_WIDTH {
        return line.to_owned();
    }
    line.chars().take(MESSAGE_WIDTH - 1).chain(['…']).collect()
}

/// In which process, where the error says so.
fn pid(error: &Error) -> Option<u32> {
    match error {
        Error::WorkerDied(death) => Some(death.pid()),
        error => error.downcast_ref().map(RemoteError::pid),
    }
}
