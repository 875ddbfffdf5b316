//! Decodes every image of a directory in worker processes: a decoder that crashes, hangs or fails costs one image, not the batch.
//!
//! `cargo run --release --example crash_isolated_images --features process -- --help`

#![forbid(unsafe_code)]

mod args;
mod decode;
mod listing;
mod report;
mod samples;

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use concurrent_futures::{BoxError, prelude::*};
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;

use args::{Args, HELP};
use listing::Listing;
use report::Report;

/// What a worker may use of memory, in bytes: one image is not to take it all.
const MEMORY_LIMIT: u64 = 2 << 30;
/// What a shell reports for a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    concurrent_futures::init();
    let args = match Args::parse() {
        Ok(Some(args)) => args,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            return ExitCode::from(USAGE);
        }
    };
    match run(&args) {
        Ok(report) => {
            report.print();
            if report.was_interrupted {
                ExitCode::from(INTERRUPTED)
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(error) => {
            eprintln!("crash_isolated_images: {error}");
            ExitCode::from(USAGE)
        }
    }
}

/// Decodes them all; what fails is in the report, an error here is one of the arguments.
fn run(args: &Args) -> Result<Report, BoxError> {
    let pool = ProcessPoolExecutor::builder()
        .max_workers(args.n_workers)
        .memory_limit(MEMORY_LIMIT)
        .build()?;
    let is_interrupted = end_on_interrupt(&pool);
    // Made-up images are removed when this is dropped.
    let samples = match args.dir {
        Some(_) => None,
        None => Some(samples::make()?),
    };
    let dir = args.dir.as_deref().or(samples.as_ref().map(TempDir::path));
    let listing = Listing::read(dir.unwrap_or(".".as_ref()))?;
    let bar = progress_bar(listing.images.len());

    let begun = Instant::now();
    let mut report = Report::new(&listing, args.n_workers);
    let limit = args.limit;
    let calls = listing
        .images
        .iter()
        .map(|image| image.path.clone().into_os_string());
    let outcomes = pool.map(move |path| decode::decode::task(path).timeout(limit), calls);
    for (image, outcome) in listing.images.iter().zip(outcomes) {
        if is_interrupted.load(Ordering::Relaxed) {
            report.was_interrupted = true;
            break;
        }
        report.add(&image.name, outcome);
        bar.inc(1);
    }
    bar.finish_and_clear();
    pool.shutdown();
    report.end(begun.elapsed());
    Ok(report)
}

/// Has Ctrl-C (or a SIGTERM) kill the workers: whatever is not decoded by then has failed at once, and the batch ends in order.
fn end_on_interrupt(pool: &ProcessPoolExecutor) -> Arc<AtomicBool> {
    let is_interrupted = Arc::new(AtomicBool::new(false));
    let (pool, flag) = (pool.clone(), Arc::clone(&is_interrupted));
    let handler = ctrlc::set_handler(move || {
        flag.store(true, Ordering::Relaxed);
        pool.kill_workers();
    });
    if let Err(error) = handler {
        eprintln!("Ctrl-C will end this without a report: {error}");
    }
    is_interrupted
}

/// A bar on stderr; where that is not a terminal, nothing.
fn progress_bar(n_images: usize) -> ProgressBar {
    let bar = ProgressBar::new(n_images as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} images, {eta} to go") {
        bar.set_style(style);
    }
    bar
}
