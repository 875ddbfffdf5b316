//! Chapter one, the main job: every file of a directory read by the pool, and again one by one to compare.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{BoxError, ThreadPoolExecutor, as_completed};
use indicatif::{HumanBytes, HumanCount, ProgressBar};

use crate::digest::{Content, Digest, digest, warm};
use crate::page::{Page, spoken};
use crate::walk::{Walk, reason};

/// Files of a batch: what bounds the memory, however large the directory is.
const N_BATCH: usize = 4096;
/// Bytes after which a batch has enough files, so that it stays in the page cache from pass to pass.
const BATCH_SIZE: u64 = 1 << 30;
/// A job that is over sooner is mostly the start of the threads.
const TINY_JOB: Duration = Duration::from_millis(50);
/// Files named as the largest.
const N_LARGEST: usize = 5;

type Outcome = io::Result<Digest>;

/// What the last chapter needs to know of the job.
pub(crate) struct Job {
    /// The pool it ran on, shut down.
    pub(crate) pool: ThreadPoolExecutor,
    pub(crate) n_threads: usize,
    pub(crate) n_tasks: u64,
}

/// Runs the job.
pub(crate) fn run(
    page: &mut Page,
    root: &Path,
    left_out: &'static [&'static str],
    bar: &ProgressBar,
) -> Result<Job, BoxError> {
    page.chapter(
        "The main job: read every file",
        &format!(
            "Each regular file under {} is hashed (SHA-256) and its lines, words and bytes are counted, on a thread \
             pool. Then the same is done one file after the other, and the two must agree. Both times are \
             those of reading from memory: every file was read once before.{}",
            root.display(),
            if left_out.is_empty() { "" } else { " No directory was given, so it is the workspace, without target and .git." },
        ),
        include_str!("reading.rs"),
    );
    page.step(
        "pooled",
        "Submit every file, take the results as they come",
        "`submit` returns at once with a future. `as_completed` yields each future when it is done, in whatever \
         order that is, so each task returns its number along with its result. One file is one task: a single \
         huge file keeps one thread busy and no more.",
    );
    let pool = ThreadPoolExecutor::builder()
        .thread_name_prefix("reader")
        .build()?;
    count_work(root, left_out, bar);
    let mut walk = Walk::new(root, left_out);
    let mut totals = Totals::default();
    loop {
        let files = next_batch(&mut walk);
        if files.is_empty() {
            break;
        }
        files.iter().for_each(|file| warm(file, bar));
        let begun = Instant::now();
        let pooled = read_on_pool(&pool, &files, bar)?;
        totals.pooled += begun.elapsed();
        let begun = Instant::now();
        let sequential: Vec<Outcome> = files.iter().map(|file| digest(file, bar)).collect();
        totals.sequential += begun.elapsed();
        for ((file, pooled), sequential) in files.iter().zip(pooled).zip(sequential) {
            totals.compare(&mut walk, file, pooled, sequential);
        }
        totals.n_tasks += files.len() as u64;
    }
    bar.finish_and_clear();
    let n_threads = pool.stats().threads;
    pool.shutdown();
    totals.print(page, &walk);
    Ok(Job {
        pool,
        n_threads,
        n_tasks: totals.n_tasks,
    })
}

// show: pooled
fn read_on_pool(
    pool: &ThreadPoolExecutor,
    files: &Arc<[PathBuf]>,
    bar: &ProgressBar,
) -> Result<Vec<Outcome>, BoxError> {
    let submit = |n: usize| {
        let (files, bar) = (Arc::clone(files), bar.clone());
        pool.submit(move || (n, digest(&files[n], &bar)))
    };
    let futures: Vec<_> = (0..files.len()).map(submit).collect();

    let mut outcomes: Vec<_> = files.iter().map(|_| None).collect();
    for future in as_completed(futures) {
        let (n, outcome) = future.result()?;
        outcomes[n] = Some(outcome);
    }
    Ok(outcomes.into_iter().flatten().collect())
}
// end

fn next_batch(walk: &mut Walk) -> Arc<[PathBuf]> {
    let (mut files, mut n_bytes) = (Vec::new(), 0);
    while files.len() < N_BATCH && n_bytes < BATCH_SIZE {
        let Some(file) = walk.next() else { break };
        n_bytes += fs::symlink_metadata(&file).map_or(0, |metadata| metadata.len());
        files.push(file);
    }
    files.into()
}

/// Sets the length of the progress bar, where there is one to be seen.
fn count_work(root: &Path, left_out: &'static [&'static str], bar: &ProgressBar) {
    if bar.is_hidden() {
        return;
    }
    let n_bytes: u64 = Walk::new(root, left_out)
        .filter_map(|file| fs::symlink_metadata(file).ok())
        .map(|metadata| metadata.len())
        .sum();
    bar.set_length(n_bytes.saturating_mul(3)); // read beforehand, by the pool, and one by one
    bar.reset();
}

#[derive(Default)]
struct Totals {
    n_tasks: u64,
    n_files: u64,
    n_lines: u64,
    n_words: u64,
    n_bytes: u64,
    n_odd_names: u64,
    n_agreed: u64,
    largest: BinaryHeap<Reverse<(u64, PathBuf, [u8; 32])>>,
    wrong: Vec<String>,
    pooled: Duration,
    sequential: Duration,
}

impl Totals {
    fn compare(&mut self, walk: &mut Walk, file: &Path, pooled: Outcome, sequential: Outcome) {
        self.n_odd_names += u64::from(file.to_str().is_none());
        let name = walk.name(file);
        match (pooled, sequential) {
            (Ok(pooled), Ok(sequential)) if pooled.content == sequential.content => {
                self.n_agreed += 1;
                self.add(file, &pooled.content);
            }
            (Ok(pooled), Ok(sequential)) => {
                if pooled.version == sequential.version && stands(file, &sequential) {
                    self.wrong.push(name);
                } else {
                    walk.skipped
                        .add("changed between the two passes, not compared", name);
                }
                self.add(file, &sequential.content);
            }
            (Err(_), Err(error)) => walk
                .skipped
                .add("unreadable", format!("{name}: {}", reason(&error))),
            (Ok(_), Err(error)) | (Err(error), Ok(_)) => {
                walk.skipped.add(
                    "changed between the two passes, not compared",
                    format!("{name}: {}", reason(&error)),
                );
            }
        }
    }

    fn add(&mut self, file: &Path, content: &Content) {
        self.n_files += 1;
        self.n_lines += content.n_lines;
        self.n_words += content.n_words;
        self.n_bytes += content.n_bytes;
        self.largest
            .push(Reverse((content.n_bytes, file.to_owned(), content.sha256)));
        if self.largest.len() > N_LARGEST {
            self.largest.pop();
        }
    }

    fn print(&self, page: &mut Page, walk: &Walk) {
        let count = |n| HumanCount(n).to_string();
        page.measured(format!(
            "{} files, {} lines, {} words, {} bytes ({})",
            count(self.n_files),
            count(self.n_lines),
            count(self.n_words),
            count(self.n_bytes),
            HumanBytes(self.n_bytes)
        ));
        if self.n_odd_names > 0 {
            page.measured(format!(
                "{} files have a name that is not UTF-8; read all the same",
                count(self.n_odd_names)
            ));
        }
        walk.skipped.print(page);
        if self.n_files > 0 {
            page.measured("the largest files, with the first half of their SHA-256:");
            let mut largest: Vec<_> = self.largest.iter().map(|Reverse(file)| file).collect();
            largest.sort_unstable_by(|a, b| b.cmp(a));
            for (n_bytes, file, sha256) in largest {
                let hash: String = sha256[..8]
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                page.line(&format!(
                    "{:>26}  {hash}  {}",
                    HumanBytes(*n_bytes).to_string(),
                    walk.name(file)
                ));
            }
            let n_cpus = thread::available_parallelism().map_or(1, usize::from);
            let (pooled, sequential) = (self.pooled, self.sequential);
            page.measured(format!(
                "on the pool   {:>9}   {}",
                spoken(pooled),
                self.speed(pooled)
            ));
            page.measured(format!(
                "one by one    {:>9}   {}",
                spoken(sequential),
                self.speed(sequential)
            ));
            let tiny = pooled.max(sequential) < TINY_JOB;
            page.measured(format!(
                "the pool was {:.2} times as fast, on {n_cpus} processors{}",
                sequential.as_secs_f64() / pooled.as_secs_f64(),
                if tiny {
                    "; so small a job tells little, try a larger DIR"
                } else {
                    ""
                }
            ));
        } else {
            page.measured("there is no file to read here; the rest of the tour needs none");
        }
        for file in self.wrong.iter().take(N_LARGEST) {
            page.measured(format!("DIFFERENT: {file}"));
        }
        let claim = format!(
            "both passes agree on all {} files that stayed as they were",
            count(self.n_agreed)
        );
        page.check(self.wrong.is_empty(), &claim);
    }

    fn speed(&self, took: Duration) -> String {
        format!(
            "{}/s",
            HumanBytes((self.n_bytes as f64 / took.as_secs_f64()) as u64)
        )
    }
}

/// Whether a third reading gives the second again: then the file stood still and the first was wrong.
fn stands(file: &Path, second: &Digest) -> bool {
    digest(file, &ProgressBar::hidden())
        .is_ok_and(|third| third.content == second.content && third.version == second.version)
}
