//! The parent is killed at random moments: no process, no shared memory and no file is left.
//!
//! Three generations: the test's own child adopts (as subreaper) whatever its children, the victims, leave behind, and waits
//! until there is none.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{self, Child},
    sync::{
        LazyLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use cf_pool::{ProcessPoolExecutor, task};
use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitOptions, kill_process, set_child_subreaper, wait},
};

use crate::{
    child::{command, in_child},
    deaths::die,
    how_many,
    random::Random,
};

/// What a victim is to do.
const VICTIM: &str = "CF_DRILL_VICTIM";
/// So long an orphan may take to notice, on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

static POOL: LazyLock<ProcessPoolExecutor> = LazyLock::new(|| ProcessPoolExecutor::new(2).unwrap());

#[task]
fn pid() -> i32 {
    process::id().cast_signed()
}

#[task]
fn double(n: u64) -> u64 {
    n * 2
}

#[task]
fn take_and_give(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[task]
fn spin_for(micros: u64) {
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_micros(micros) {
        std::hint::spin_loop();
    }
}

#[task]
fn stay() {
    loop {
        thread::park();
    }
}

#[task]
fn die_in(way: usize) {
    die(way);
}

/// Has a pool of its own.
#[task]
fn double_deeper(n: u64) -> u64 {
    POOL.submit(double::task(n)).result().unwrap()
}

/// A line for each thing that is done, which tells the time; nobody listens any more when that fails.
fn tell(what: &str) {
    if writeln!(std::io::stdout(), "{what}").is_err() {
        process::exit(0);
    }
}

/// Keeps a pool busy in all ways, until it is killed.
fn be_busy(stops_workers: bool) {
    let pool = &*POOL;
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                assert_eq!(
                    pool.submit(double::task(n)).result().unwrap_or(n * 2),
                    n * 2
                );
                tell("small");
            }
        });
        scope.spawn(|| {
            loop {
                drop(pool.submit(take_and_give::task(vec![1; 3 << 20])).result());
                tell("large");
                drop(pool.submit(spin_for::task(2_000)).result());
            }
        });
        scope.spawn(|| {
            for n in 0.. {
                drop(pool.submit(double_deeper::task(n)).result());
                tell("deeper");
                drop(pool.submit(die_in::task(n as usize % 5)).result());
                tell("dead");
            }
        });
        scope.spawn(|| {
            if !stops_workers {
                return;
            }
            loop {
                // One that is through with starting: before its first line it can notice nothing.
                let Ok(pid) = pool.submit(pid::task()).result() else {
                    continue;
                };
                let pid = Pid::from_raw(pid).unwrap();
                let _ = kill_process(pid, Signal::STOP);
                tell("stopped");
                // time: some work is to be done in between
                thread::sleep(Duration::from_millis(5));
                let _ = kill_process(pid, Signal::CONT);
            }
        });
    });
}

/// Waits until this process has no children, own or adopted; gives how many there were.
fn reap_all() -> usize {
    let (sender, reaped) = mpsc::channel();
    thread::spawn(move || {
        loop {
            match wait(WaitOptions::empty()) {
                Ok(_) => sender.send(()).unwrap(),
                Err(Errno::CHILD) => return,
                Err(Errno::INTR) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
    for n in 0.. {
        match reaped.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => return n,
            Err(RecvTimeoutError::Timeout) => panic!("orphans stay: {}", children().concat()),
        }
    }
    unreachable!("an endless number of children")
}

/// The children of this process, own and adopted, with what they do.
fn children() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let pids = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    let pids: Vec<_> = pids.collect();
    let pids = pids.iter().flat_map(|pids| pids.split_whitespace());
    pids.filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .collect()
}

/// Names in memory that are kept by name; on Linux pools use none.
fn shared_memory() -> BTreeSet<String> {
    let Ok(listing) = fs::read_dir("/dev/shm") else {
        return BTreeSet::new();
    };
    let names = listing.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.contains("cf-pool")).collect()
}

/// A directory of the victims' own for temporary files.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let name = format!("drill-{name}-{}", process::id());
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn victim(test: &str, what: &str, temporary: &Temporary) -> Child {
    let mut command = command(test);
    command.env(VICTIM, what).env("TMPDIR", &temporary.0);
    command.spawn().unwrap()
}

/// Reads lines of a victim until it has said this often what it is doing.
fn wait_for_lines(child: &mut Child, n_lines: usize) {
    let stdout = child.stdout.as_mut().unwrap();
    // The test harness says something first.
    let busy = ["small", "large", "deeper", "dead", "stopped"];
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let told = lines.filter(|line| busy.iter().any(|it| line.ends_with(it)));
    assert_eq!(
        told.take(n_lines).count(),
        n_lines,
        "the victim ended by itself"
    );
}

#[test]
fn a_parent_killed_at_any_moment_leaves_nothing_behind() {
    const TEST: &str = "orphans::a_parent_killed_at_any_moment_leaves_nothing_behind";
    if let Some(what) = env::var_os(VICTIM) {
        return be_busy(what == "stopping");
    }
    in_child(TEST, || {
        set_child_subreaper(Some(rustix::process::getpid())).unwrap();
        let n_kills = how_many(25, 200, 2_000);
        let temporary = Temporary::new("orphans");
        let before = shared_memory();
        let mut random = Random::new(u64::from(process::id()));
        let (mut n_orphans, mut most) = (0, 0);
        for n in 0..n_kills {
            let what = if n % 4 == 3 { "stopping" } else { "busy" };
            let mut child = victim(TEST, what, &temporary);
            if n % 2 == 0 {
                // time: a random moment, also before there is a worker, or while one starts
                thread::sleep(Duration::from_micros(random.below(60_000) as u64));
            } else {
                wait_for_lines(&mut child, 1 + random.below(60));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let n = reap_all();
            n_orphans += n;
            most = most.max(n);
        }
        println!(
            "parent killed: {n_kills} times, {n_orphans} orphans ended by themselves, at most {most} at a time"
        );
        assert!(n_orphans >= n_kills / 4, "too few to have drilled anything");
        assert_eq!(fs::read_dir(&temporary.0).unwrap().count(), 0);
        assert_eq!(shared_memory(), before);
    });
}

#[test]
fn workers_of_a_pool_in_a_static_end_with_the_process() {
    const TEST: &str = "orphans::workers_of_a_pool_in_a_static_end_with_the_process";
    if let Some(way) = env::var_os(VICTIM) {
        let futures: Vec<_> = (0..10).map(|_| POOL.submit(stay::task())).collect();
        while !futures[0].running() {
            thread::yield_now();
        }
        // The process ends in one of several ways, and nobody drops the pool.
        match way.to_str().unwrap() {
            "exit" => process::exit(0),
            "abort" => process::abort(),
            "return" => return std::mem::forget(futures),
            way => die(way.parse().unwrap()),
        }
    }
    in_child(TEST, || {
        set_child_subreaper(Some(rustix::process::getpid())).unwrap();
        let temporary = Temporary::new("statics");
        let mut n_orphans = 0;
        for way in ["exit", "abort", "return", "1", "3", "4"] {
            let mut child = victim(TEST, way, &temporary);
            child.wait().unwrap();
            n_orphans += reap_all();
        }
        println!("static pool: 6 ways to end, {n_orphans} orphans ended by themselves");
        assert!(n_orphans >= 6);
    });
}
