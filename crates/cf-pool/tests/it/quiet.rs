//! A pool with nothing to do does nothing.

use std::{
    sync::{Arc, Barrier, mpsc},
    thread,
    time::Duration,
};

use cf_core::{Promise, fallible};
use cf_pool::ThreadPoolExecutor;

use crate::{
    gate::{Gate, LONG, ends},
    os_threads::{n_named, n_ticks, n_voluntary_switches, until},
};

fn pool_of(n_workers: usize, prefix: &str) -> ThreadPoolExecutor {
    let builder = ThreadPoolExecutor::builder().max_workers(n_workers);
    builder.thread_name_prefix(prefix).build().unwrap()
}

/// Waits until the threads have lain down and stay there for a moment.
fn settle(prefix: &str) -> u64 {
    let last = std::cell::Cell::new(None);
    let is_still = || {
        let n_switches = n_voluntary_switches(prefix);
        // time: nothing may happen in it
        thread::sleep(Duration::from_millis(100));
        last.replace(Some(n_switches)) == Some(n_switches)
    };
    until(is_still, "it never settles");
    n_voluntary_switches(prefix)
}

#[test]
fn the_threads_of_an_idle_pool_never_wake() {
    let pool = pool_of(4, "idle-pool");
    let all = Arc::new(Barrier::new(4));
    for _ in 0..4 {
        let all = Arc::clone(&all);
        drop(pool.submit(move || all.wait().is_leader()));
    }
    pool.map(|n: u64| n, 0..10_000).for_each(drop);
    assert_eq!(n_named("idle-pool"), 4);
    let before = settle("idle-pool");
    // time: a second without work
    thread::sleep(Duration::from_secs(1));
    assert_eq!(n_voluntary_switches("idle-pool"), before);
}

#[test]
fn blocked_workers_and_their_stand_ins_never_wake() {
    let pool = pool_of(1, "blocked");
    let (promise, future) = Promise::new();
    let task = pool.submit(fallible(move || future.result()));
    pool.submit(|| ()).wait();
    let before = settle("blocked");
    // time: a second in which all wait
    thread::sleep(Duration::from_secs(1));
    assert_eq!(n_voluntary_switches("blocked"), before);
    promise.set_result(7).unwrap();
    assert_eq!(task.result().unwrap(), 7);
}

#[test]
fn a_worker_too_many_sleeps_while_another_one_has_work_queued_at_its_desk() {
    ends(|| {
        let pool = pool_of(1, "surplus");
        let (promise, future) = Promise::new();
        let (went_on, receiver) = mpsc::channel();
        let (finish, inner) = (Gate::new(), pool.clone());
        let its_finish = finish.clone();
        let first = pool.submit(fallible(move || {
            future.result()?;
            // A stand-in runs; one task of this worker's is queued, which that one is not to run: only one may run at a time.
            let queued = inner.submit(|| 7);
            went_on.send(()).unwrap();
            its_finish.pass();
            queued.result()
        }));
        let (gate, running) = (Gate::new(), Gate::new());
        let (its_gate, its_running) = (gate.clone(), running.clone());
        let second = pool.submit(move || {
            its_running.open();
            its_gate.pass();
        });
        running.pass();
        promise.set_result(()).unwrap();
        receiver.recv_timeout(LONG).unwrap();
        gate.open();
        second.result().unwrap();
        let before = n_ticks("surplus");
        // time: the stand-in has nothing to do in it
        thread::sleep(Duration::from_millis(500));
        let n_ticks = n_ticks("surplus") - before;
        finish.open();
        assert_eq!(first.result().unwrap(), 7);
        assert!(n_ticks < 10, "{n_ticks} ticks of processor time");
    });
}
