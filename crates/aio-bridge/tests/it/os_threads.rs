//! What the kernel says of this process's threads: none before they are needed, none left. Linux only.

use std::{
    fs,
    time::{Duration, Instant},
};

use aio_bridge::{Close, run, run_in_executor, timeout, to_thread};
use cf_pool::ThreadPoolExecutor;

use crate::{
    loops::{Gate, LONG, ends},
    process::in_child,
};

/// Every thread.
const ANY: &str = "";

/// How many threads there are whose names begin with `prefix`; the kernel cuts names to 15 bytes.
fn n_named(prefix: &str) -> usize {
    assert!(prefix.len() < 13, "the kernel would cut the name");
    fs::read_dir("/proc/self/task")
        .unwrap()
        .filter(|entry| {
            let path = entry.as_ref().unwrap().path().join("comm");
            fs::read_to_string(path).is_ok_and(|name| name.starts_with(prefix))
        })
        .count()
}

/// Looks again and again for what the kernel or another thread brings about on its own.
fn until(is_so: impl Fn() -> bool, complaint: &str) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "{complaint}");
        // time: nothing tells us, so we look every now and then
        std::thread::sleep(Duration::from_millis(2));
    }
}

// B03
#[test]
fn a_default_executor_has_no_thread_before_its_first_use_and_none_after_the_loop() {
    in_child(
        "os_threads::a_default_executor_has_no_thread_before_its_first_use_and_none_after_the_loop",
        || {
            ends(|| {
                run(async {
                    assert_eq!(n_named("asyncio"), 0);
                    to_thread(|| ()).await.unwrap();
                    assert_eq!(n_named("asyncio"), 1);
                })
                .unwrap();
                until(|| n_named("asyncio") == 0, "threads are left");
            });
        },
    );
}

#[test]
fn no_thread_is_left_after_loops_pools_and_calls() {
    in_child(
        "os_threads::no_thread_is_left_after_loops_pools_and_calls",
        || {
            let before = n_named(ANY);
            for _ in 0..3 {
                ends(|| {
                    run(async {
                        let pool = ThreadPoolExecutor::new(2).unwrap();
                        assert_eq!(run_in_executor(&pool, || 7).await.unwrap(), 7);
                        drop(timeout(Duration::from_millis(1), to_thread(|| 7)).await);
                        to_thread(|| ()).detach();
                        pool.close().await;
                        drop(ThreadPoolExecutor::new(1).unwrap().submit(|| 7));
                    })
                    .unwrap();
                });
            }
            until(|| n_named(ANY) == before, "threads are left");
        },
    );
}

#[test]
fn a_thread_whose_caller_was_timed_out_ends_with_its_work() {
    ends(|| {
        let gate = Gate::new();
        let its_gate = gate.clone();
        let builder = ThreadPoolExecutor::builder().thread_name_prefix("timed-out");
        let pool = builder.max_workers(1).build().unwrap();
        run(async {
            let late = timeout(
                Duration::from_millis(5),
                run_in_executor(&pool, move || its_gate.pass()),
            );
            assert!(late.await.is_err());
            drop(pool);
        })
        .unwrap();
        assert_eq!(n_named("timed-out"), 1);
        gate.open();
        until(|| n_named("timed-out") == 0, "the thread is left");
    });
}
