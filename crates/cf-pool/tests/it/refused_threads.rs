//! The system refuses a thread: a clear error, or the work waits for a thread that is there. In child processes.

use std::{
    fs,
    process::{Command, Stdio},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use cf_core::{Error, Reason, ReturnWhen, wait};
use cf_pool::ThreadPoolExecutor;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::gate::{Gate, LONG};

/// Stacks so large that the address space limit, and nothing else, decides how many there can be.
const STACK_BYTES: usize = 512 << 20;
const CHILD: &str = "CF_POOL_CHILD";

/// Runs `body` in a process of its own: the test binary again, for this one test.
fn in_child(test: &str, body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("refused_threads::{test}"),
            "--test-threads=1",
            "--nocapture",
        ])
        .env(CHILD, "1")
        // Every further arena of the allocator would take address space too.
        .env("MALLOC_ARENA_MAX", "1")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LONG;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the child hangs");
        }
        // time: looking after a process without blocking on it
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
}

fn pool(n_workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder()
        .max_workers(n_workers)
        .stack_size(STACK_BYTES)
        .build()
        .unwrap()
}

/// Leaves address space for so many stacks and a half.
fn leave_room_for(n_stacks: usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))
        .unwrap();
    let n_kib: u64 = line.trim().trim_end_matches(" kB").trim().parse().unwrap();
    let room = (STACK_BYTES * n_stacks + STACK_BYTES / 2) as u64;
    limit(Some(n_kib * 1024 + room));
}

fn limit(n_bytes: Option<u64>) {
    let maximum = getrlimit(Resource::As).maximum;
    setrlimit(
        Resource::As,
        Rlimit {
            current: n_bytes,
            maximum,
        },
    )
    .unwrap();
}

#[test]
fn build_fails_where_no_thread_can_have_such_a_stack() {
    in_child("build_fails_where_no_thread_can_have_such_a_stack", || {
        leave_room_for(0);
        let builder = ThreadPoolExecutor::builder()
            .max_workers(1)
            .stack_size(STACK_BYTES);
        let error = builder.build().unwrap_err();
        assert!(
            error.to_string().contains("no thread can be started"),
            "{error}"
        );
        assert!(std::error::Error::source(&error).is_some());
    });
}

#[test]
fn without_a_first_thread_the_future_fails_and_says_why() {
    in_child(
        "without_a_first_thread_the_future_fails_and_says_why",
        || {
            let pool = pool(2);
            leave_room_for(0);
            let error = pool.submit(|| 7).result().unwrap_err();
            assert!(
                matches!(error, Error::Rejected(Reason::NoThread(_))),
                "{error}"
            );
            assert!(
                error
                    .to_string()
                    .starts_with("no worker thread could be started: "),
                "{error}"
            );
            let stats = pool.stats();
            assert_eq!((stats.queued, stats.threads, stats.failed), (0, 0, 1));
            // Nothing is broken for good.
            limit(None);
            assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
        },
    );
}

#[test]
fn without_a_third_thread_the_tasks_wait_for_the_two() {
    in_child("without_a_third_thread_the_tasks_wait_for_the_two", || {
        let pool = pool(8);
        leave_room_for(2);
        let (gate, both) = (Gate::new(), Arc::new(Barrier::new(3)));
        for _ in 0..2 {
            let (gate, both) = (gate.clone(), Arc::clone(&both));
            drop(pool.submit(move || {
                both.wait();
                gate.pass();
            }));
        }
        both.wait();
        let ran = Arc::new(AtomicUsize::new(0));
        let futures: Vec<_> = (0..20)
            .map(|_| {
                let ran = Arc::clone(&ran);
                pool.submit(move || ran.fetch_add(1, Ordering::SeqCst))
            })
            .collect();
        assert_eq!(pool.stats().threads, 2);
        gate.open();
        assert!(futures.into_iter().all(|it| it.result().is_ok()));
        assert_eq!(ran.load(Ordering::SeqCst), 20);
    });
}

#[test]
fn without_a_second_thread_nested_waits_still_end() {
    in_child("without_a_second_thread_nested_waits_still_end", || {
        let pool = pool(1);
        leave_room_for(1);
        let inner = pool.clone();
        let outer = pool.submit(move || inner.submit(|| 7).result().unwrap());
        assert_eq!(outer.result().unwrap(), 7);
    });
}

#[test]
fn without_a_second_thread_a_wait_for_the_first_of_several_still_ends() {
    in_child(
        "without_a_second_thread_a_wait_for_the_first_of_several_still_ends",
        || {
            let pool = pool(1);
            leave_room_for(1);
            let inner = pool.clone();
            let outer = pool.submit(move || {
                let futures = [1, 2].map(|n| inner.submit(move || n));
                wait(futures, ReturnWhen::FirstCompleted).done.len()
            });
            assert!(outer.result().unwrap() >= 1);
        },
    );
}

#[test]
fn without_a_scoped_thread_the_scope_runs_its_tasks_itself() {
    in_child(
        "without_a_scoped_thread_the_scope_runs_its_tasks_itself",
        || {
            let pool = pool(2);
            leave_room_for(0);
            let numbers = [1, 2, 3];
            let sum = pool.scope(|s| {
                let futures = numbers.each_ref().map(|n| s.submit(move || *n));
                futures.map(|it| it.result().unwrap()).iter().sum::<i32>()
            });
            assert_eq!(sum, 6);
        },
    );
}
