//! Workers that are stopped (SIGSTOP): time limits, cancellation and the pool's end do not need their help.

use std::time::Duration;

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};

use crate::outcome;

const LIMIT: Duration = Duration::from_millis(200);

#[task]
fn stop_self() {
    kill_process(getpid(), Signal::STOP).unwrap();
    // It takes the system a moment to stop all threads.
    loop {
        std::thread::park();
    }
}

#[task]
fn length(bytes: &[u8]) -> usize {
    bytes.len()
}

#[task]
fn pid() -> u32 {
    std::process::id()
}

/// A pool of one worker, which has nothing to do and is stopped.
fn stopped_pool() -> (ProcessPoolExecutor, Pid) {
    let builder = ProcessPoolExecutor::builder().max_workers(1);
    let pool = builder.cancel_grace(LIMIT).build().unwrap();
    let pid = outcome(pool.submit(pid::task())).unwrap();
    let pid = Pid::from_raw(pid.cast_signed()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let stopped = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(stopped.1.stopped());
    (pool, pid)
}

fn assert_timed_out<T: std::fmt::Debug>(outcome: &Result<T, Error>) {
    let Err(Error::TimedOut(late)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(late.ran().unwrap() >= LIMIT, "{late}");
    assert_eq!(late.limit(), Some(LIMIT));
}

#[test]
fn a_call_that_stops_its_worker_runs_into_its_limit() {
    let pool = ProcessPoolExecutor::new(1).unwrap();
    assert_timed_out(&outcome(pool.submit(stop_self::task().timeout(LIMIT))));
    assert_eq!(outcome(pool.submit(length::task(&[1, 2]))).unwrap(), 2);
    println!("stopped: while it runs a call, its limit fires");
}

#[test]
fn a_call_to_a_worker_that_was_stopped_while_idle_runs_into_its_limit() {
    let (pool, _) = stopped_pool();
    assert_timed_out(&outcome(pool.submit(length::task(&[1]).timeout(LIMIT))));
    assert_eq!(outcome(pool.submit(length::task(&[1, 2]))).unwrap(), 2);
    println!("stopped: while idle, the next call's limit fires");
}

#[test]
fn a_huge_argument_for_a_stopped_worker_runs_into_its_limit() {
    let (pool, _) = stopped_pool();
    let call = length::task(&vec![0; 8 << 20]).timeout(LIMIT);
    assert_timed_out(&outcome(pool.submit(call)));
    assert_eq!(outcome(pool.submit(length::task(&[1, 2]))).unwrap(), 2);
    println!("stopped: while a huge argument is on its way, its limit fires");
}

#[test]
fn a_request_to_stop_a_call_ends_a_stopped_worker() {
    for n_bytes in [1, 8 << 20] {
        let (pool, pid) = stopped_pool();
        let future = pool.submit(length::task(&vec![0; n_bytes]));
        while !future.running() {
            std::thread::yield_now();
        }
        assert!(future.request_cancel());
        assert!(matches!(outcome(future), Err(Error::Cancelled)));
        // A call that it had not begun with may have been taken away from it.
        let _ = kill_process(pid, Signal::CONT);
        assert_eq!(outcome(pool.submit(length::task(&[1, 2]))).unwrap(), 2);
    }
    println!("stopped: a call is cancelled, small and huge");
}

#[test]
fn killing_the_workers_ends_stopped_ones() {
    for n_bytes in [1, 8 << 20] {
        let (pool, _) = stopped_pool();
        let future = pool.submit(length::task(&vec![0; n_bytes]));
        while !future.running() {
            std::thread::yield_now();
        }
        pool.kill_workers();
        assert!(outcome(future).is_err());
        pool.shutdown();
    }
    println!("stopped: killed with a small and a huge argument on its way");
}

#[test]
fn an_idle_worker_that_is_stopped_does_not_hold_up_the_end_of_its_pool() {
    stopped_pool().0.shutdown();
    println!("stopped: the pool ends without it");
}
