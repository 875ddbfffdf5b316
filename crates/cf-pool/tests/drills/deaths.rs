//! Calls that kill their worker, among many that do not: nothing else is lost, and nothing runs twice.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
    process,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use cf_core::{Error, WorkerDied};
use cf_pool::{ProcessPoolExecutor, task};

use crate::{LONG, how_many, outcome, random::Random, sys};

/// How a worker dies, and what the parent is to hear of it.
const WAYS: [(&str, Option<i32>, Option<i32>); 5] = [
    ("abort", Some(6), None),
    ("segfault", Some(11), None),
    ("exit(3)", None, Some(3)),
    ("SIGKILL", Some(9), None),
    ("stack overflow", Some(6), None),
];

/// What must not be written to the tests' output dozens of times.
fn be_quiet() {
    let null = File::options().write(true).open("/dev/null").unwrap();
    rustix::stdio::dup2_stderr(null).unwrap();
}

fn overflow(depth: u64) -> u64 {
    let here = std::hint::black_box([depth; 64]);
    if here[0] == u64::MAX {
        return 0;
    }
    overflow(depth + 1) + here[1]
}

fn kill_self(signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::getpid(), signal).unwrap();
}

pub(crate) fn die(way: usize) {
    match way {
        0 => process::abort(),
        1 => sys::segfault(),
        2 => process::exit(3),
        3 => kill_self(rustix::process::Signal::KILL),
        _ => {
            be_quiet();
            overflow(0);
        }
    }
}

/// A file in which every call that begins notes its number, in all processes.
struct Notes(PathBuf);

impl Notes {
    fn new(name: &str) -> Self {
        let name = format!("drill-{name}-{}", process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        File::create(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> String {
        self.0.to_str().unwrap().to_owned()
    }

    /// How often each of `n` calls began.
    fn counts(&self, n: usize) -> Vec<usize> {
        let mut counts = vec![0; n];
        for number in fs::read(&self.0).unwrap().chunks_exact(8) {
            let number = u64::from_le_bytes(number.try_into().unwrap());
            counts[usize::try_from(number).unwrap()] += 1;
        }
        counts
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Notes that it began, and dies in this way or gives a number.
#[task]
fn noted(notes: String, number: u64, way: Option<usize>) -> u64 {
    static NOTES: OnceLock<File> = OnceLock::new();
    let file = NOTES.get_or_init(|| OpenOptions::new().append(true).open(notes).unwrap());
    let mut file: &File = file;
    file.write_all(&number.to_le_bytes()).unwrap();
    if let Some(way) = way {
        die(way);
    }
    number * 3 + 1
}

/// Of `n` calls 1 % are to die, in all ways equally often, at random places.
fn plan(n: usize, seed: u64) -> Vec<Option<usize>> {
    let mut random = Random::new(seed);
    let mut plan = vec![None; n];
    for death in 0..n / 100 {
        let place = loop {
            let place = random.below(n);
            if plan[place].is_none() {
                break place;
            }
        };
        plan[place] = Some(death % WAYS.len());
    }
    plan
}

fn assert_died(died: &WorkerDied, way: usize) {
    let (name, signal, code) = WAYS[way];
    assert_eq!((died.signal(), died.code()), (signal, code), "{name}");
    assert!(died.task().unwrap().ends_with("noted"), "{died}");
}

/// Counts the deaths and asserts that all is as it was planned.
fn assert_as_planned(
    plan: &[Option<usize>],
    outcomes: impl Iterator<Item = Result<u64, Error>>,
) -> [usize; 5] {
    let mut n_deaths = [0; 5];
    let mut n_outcomes = 0;
    for ((number, way), outcome) in plan.iter().enumerate().zip(outcomes) {
        n_outcomes += 1;
        match (way, outcome) {
            (None, Ok(value)) => assert_eq!(value, number as u64 * 3 + 1),
            (Some(way), Err(Error::WorkerDied(died))) => {
                assert_died(&died, *way);
                n_deaths[*way] += 1;
            }
            (way, outcome) => panic!("call {number} ({way:?}): {outcome:?}"),
        }
    }
    assert_eq!(n_outcomes, plan.len());
    n_deaths
}

fn report(what: &str, n_calls: usize, n_deaths: [usize; 5], pool: &ProcessPoolExecutor) {
    let stats = pool.stats();
    let deaths: Vec<_> = WAYS
        .iter()
        .zip(n_deaths)
        .map(|((name, ..), n)| format!("{n} by {name}"))
        .collect();
    println!(
        "{what}: {n_calls} calls, {} deaths ({}), {} right results, {} workers restarted",
        n_deaths.iter().sum::<usize>(),
        deaths.join(", "),
        stats.completed,
        stats.restarts,
    );
}

#[test]
fn one_call_in_a_hundred_kills_its_worker_and_every_other_result_arrives_once() {
    let n_calls = how_many(2_000, 10_000, 10_000);
    let plan = plan(n_calls, 1);
    let notes = Notes::new("calls");
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let arrivals: Arc<Vec<AtomicUsize>> =
        Arc::new((0..n_calls).map(|_| AtomicUsize::new(0)).collect());
    let futures: Vec<_> = plan
        .iter()
        .enumerate()
        .map(|(number, way)| {
            let future = pool.submit(noted::task(notes.path(), number as u64, *way));
            let arrivals = Arc::clone(&arrivals);
            future.add_done_callback(move |_| {
                arrivals[number].fetch_add(1, Ordering::SeqCst);
            });
            future
        })
        .collect();
    let n_deaths = assert_as_planned(&plan, futures.into_iter().map(outcome));
    let stats = pool.stats();
    let n_dead = n_calls / 100;
    assert_eq!(n_deaths, [n_dead / 5; 5]);
    assert_eq!(stats.completed, (n_calls - n_dead) as u64);
    assert_eq!(stats.failed, n_dead as u64);
    assert!(stats.restarts <= n_dead as u64, "{stats:?}");
    report("one by one", n_calls, n_deaths, &pool);
    drop(pool);
    assert!(arrivals.iter().all(|it| it.load(Ordering::SeqCst) == 1));
    // What was sent ahead to a worker that died had not begun there.
    assert!(notes.counts(n_calls).iter().all(|n| *n == 1));
}

#[test]
fn in_chunks_too() {
    let n_calls = how_many(1_000, 3_000, 10_000);
    let plan = plan(n_calls, 2);
    let notes = Notes::new("chunks");
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let path = notes.path();
    let call =
        move |(number, way): (usize, Option<usize>)| noted::task(path.clone(), number as u64, way);
    let items: Vec<_> = plan.iter().copied().enumerate().collect();
    let outcomes = pool.map(call, items).chunk_size(16).timeout(LONG);
    let n_deaths = assert_as_planned(&plan, outcomes);
    assert_eq!(n_deaths, [n_calls / 500; 5]);
    report("in chunks of 16", n_calls, n_deaths, &pool);
    drop(pool);
    assert!(notes.counts(n_calls).iter().all(|n| *n == 1));
}

#[test]
fn calls_that_may_be_tried_again_are_until_they_answer() {
    let n_calls = how_many(200, 1_000, 10_000);
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let notes = Notes::new("retries");
    let futures: Vec<_> = (0..n_calls as u64)
        .map(|number| pool.submit(dies_at_first::task(notes.path(), number).retries(1)))
        .collect();
    for (number, future) in futures.into_iter().enumerate() {
        assert_eq!(outcome(future).unwrap(), number as u64);
    }
    drop(pool);
    let counts = notes.counts(n_calls);
    let n_again = counts.iter().filter(|n| **n == 2).count();
    println!("retries: {n_calls} calls, {n_again} of them run twice");
    for (number, n_runs) in counts.iter().enumerate() {
        assert_eq!(*n_runs, 1 + usize::from(number % 20 == 7), "call {number}");
    }
}

/// One in twenty dies when it runs for the first time.
#[task]
fn dies_at_first(notes: String, number: u64) -> u64 {
    let path = PathBuf::from(notes);
    let is_first = !fs::read(&path)
        .unwrap()
        .chunks_exact(8)
        .any(|noted| noted == number.to_le_bytes());
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(&number.to_le_bytes()).unwrap();
    if number % 20 == 7 && is_first {
        die(number as usize % WAYS.len());
    }
    number
}
