//! How many threads there are, when they come and go, and what they are called.

use std::{
    collections::HashSet,
    sync::{Arc, Barrier, Mutex},
    thread,
    time::{Duration, Instant},
};

use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, LONG, OpenAtEnd};

fn thread_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

// T01
#[test]
fn the_default_size_is_the_processors_and_four_but_at_most_32() {
    let pool = ThreadPoolExecutor::builder().build().unwrap();
    let n_cpus = thread::available_parallelism().unwrap().get();
    let expected = format!("max_workers: {}", (n_cpus + 4).min(32));
    assert!(format!("{pool:?}").contains(&expected));
}

// T02
#[test]
fn threads_start_one_for_each_submission_up_to_the_maximum() {
    let pool = ThreadPoolExecutor::new(3).unwrap();
    assert_eq!(pool.stats().threads, 0);
    let gate = OpenAtEnd(Gate::new());
    for expected in [1, 2, 3, 3, 3] {
        let (its_gate, running) = (gate.0.clone(), Gate::new());
        let its_running = running.clone();
        drop(pool.submit(move || {
            its_running.open();
            its_gate.pass();
        }));
        if pool.stats().queued == 0 || pool.stats().running < 3 {
            running.pass();
        }
        assert_eq!(pool.stats().threads, expected);
    }
    drop(gate);
}

// T03
#[test]
fn a_submission_that_finds_an_idle_worker_starts_no_thread() {
    let pool = ThreadPoolExecutor::new(8).unwrap();
    let names: HashSet<_> = (0..200)
        .map(|_| pool.submit(thread_name).result().unwrap())
        .collect();
    assert_eq!(names.len(), 1);
    assert_eq!(pool.stats().threads, 1);
}

// T04
#[test]
fn a_backlog_does_not_keep_threads_from_starting() {
    let pool = ThreadPoolExecutor::new(3).unwrap();
    for _ in 0..50 {
        drop(pool.submit(|| ()));
    }
    // They meet only if three threads run at the same time.
    let all = Arc::new(Barrier::new(3));
    let futures: Vec<_> = (0..3)
        .map(|_| {
            let all = Arc::clone(&all);
            pool.submit(move || all.wait().is_leader())
        })
        .collect();
    for mut future in futures {
        future.result_timeout(LONG).unwrap().unwrap();
    }
}

// T05
#[test]
fn without_an_idle_timeout_threads_stay() {
    let pool = ThreadPoolExecutor::new(2).unwrap();
    let both = Arc::new(Barrier::new(2));
    let futures = [0, 1].map(|_| {
        let both = Arc::clone(&both);
        pool.submit(move || both.wait().is_leader())
    });
    assert!(futures.into_iter().any(|it| it.result().unwrap()));
    // time: they would have left by now if they left at all
    thread::sleep(Duration::from_millis(300));
    assert_eq!(pool.stats().threads, 2);
}

// T05
#[cfg(target_os = "linux")]
#[test]
fn with_an_idle_timeout_threads_leave_and_come_back() {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(2)
        .thread_name_prefix("leaving")
        .idle_timeout(Duration::from_millis(20))
        .build()
        .unwrap();
    for _ in 0..3 {
        let both = Arc::new(Barrier::new(2));
        let futures = [0, 1].map(|_| {
            let both = Arc::clone(&both);
            pool.submit(move || both.wait().is_leader())
        });
        assert!(futures.into_iter().any(|it| it.result().unwrap()));
        crate::os_threads::until(|| pool.stats().threads == 0, "they stay");
        crate::os_threads::assert_all_gone("leaving");
    }
    assert_eq!(pool.stats().completed, 6);
}

#[test]
fn a_task_that_comes_as_the_idle_timeout_ends_is_run() {
    for micros in [0, 1, 50, 100, 200] {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(2)
            .idle_timeout(Duration::from_micros(micros))
            .build()
            .unwrap();
        for n in 0..300_u64 {
            let mut future = pool.submit(move || n);
            assert_eq!(future.result_timeout(LONG).unwrap().unwrap(), n);
            let pause = Instant::now();
            while pause.elapsed() < Duration::from_micros(micros + n % 60) {
                std::hint::spin_loop();
            }
        }
    }
}

// T06
#[test]
fn threads_are_named_by_prefix_and_number() {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(3)
        .thread_name_prefix("render")
        .build()
        .unwrap();
    let names = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::new(Barrier::new(3));
    for _ in 0..3 {
        let (names, all) = (Arc::clone(&names), Arc::clone(&all));
        drop(pool.submit(move || {
            names.lock().unwrap().push(thread_name());
            all.wait();
        }));
    }
    pool.shutdown();
    let mut names = names.lock().unwrap().clone();
    names.sort();
    assert_eq!(names, ["render_0", "render_1", "render_2"]);
}

// T06
#[test]
fn the_default_prefix_counts_the_pools() {
    let number = || {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let name = pool.submit(thread_name).result().unwrap();
        let number = name
            .strip_prefix("ThreadPoolExecutor-")
            .unwrap()
            .strip_suffix("_0")
            .unwrap();
        number.parse::<u64>().unwrap()
    };
    let (first, second) = (number(), number());
    assert!(first < second);
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_is_gone_when_shutdown_returns() {
    for _ in 0..100 {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(4)
            .thread_name_prefix("gone-after")
            .build()
            .unwrap();
        for _ in 0..20 {
            drop(pool.submit(|| ()));
        }
        pool.shutdown();
    }
    crate::os_threads::assert_all_gone("gone-after");
}

#[cfg(target_os = "linux")]
#[test]
fn many_pools_made_and_dropped_leave_no_thread() {
    for n in 0..300 {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(4)
            .thread_name_prefix("many-pools")
            .build()
            .unwrap();
        if n % 3 == 0 {
            // The last handle goes inside a worker.
            let inner = pool.clone();
            drop(pool.submit(move || drop(inner)));
        }
        drop(pool.map(|n: u32| n, 0..20).start());
    }
    crate::os_threads::assert_all_gone("many-pools");
}
