//! `cancel` and `request_cancel` of calls that are queued, sent ahead, or run.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use cf_core::{Error, checkpoint};
use cf_pool::{ProcessPoolExecutor, task};
use rustix::process::Signal;

use crate::{
    door::{Door, knock, visit},
    gate::{LONG, ends},
    queue::be_sent_ahead,
    value::{double, pid},
    way::{signal, stop},
};

/// Short, so that what needs two of them does not take long.
const GRACE: Duration = Duration::from_millis(200);

fn pool(grace: Duration) -> ProcessPoolExecutor {
    let builder = ProcessPoolExecutor::builder().max_workers(1);
    builder.cancel_grace(grace).build().unwrap()
}

fn assert_cancelled<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
}

#[test]
fn a_running_call_cannot_be_cancelled() {
    ends(|| {
        let pool = pool(GRACE);
        let door = Door::new();
        let call = pool.submit(visit::task(door.address(), 7));
        let guest = door.guest();
        assert!(!call.cancel() && call.running());
        drop(guest);
        assert_eq!(call.result().unwrap(), 7);
    });
}

#[test]
fn a_request_cancels_a_queued_call() {
    ends(|| {
        let pool = pool(LONG);
        let door = Door::new();
        let first = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let queued = pool.submit(visit::task(door.address(), 1));
        assert!(queued.request_cancel());
        assert!(queued.cancelled());
        assert_cancelled(queued.result());
        drop(guest);
        first.result().unwrap();
        assert!(door.is_deserted());
        assert_eq!(pool.stats().cancelled, 1);
    });
}

#[test]
fn a_request_takes_back_a_call_that_was_sent_ahead() {
    ends(|| {
        let pool = pool(LONG);
        let door = Door::new();
        let (long, guest) = be_sent_ahead(&pool, &door, 3);
        let ahead = [0, 1].map(|n| pool.submit(double::task(n)));
        let unwanted = pool.submit(visit::task(door.address(), 1));
        let behind: Vec<_> = (0..20).map(|n| pool.submit(double::task(n))).collect();
        assert!(unwanted.running());
        // Also where that is over before it says so.
        assert!(unwanted.request_cancel());
        // Long before the worker is free.
        assert_cancelled(unwanted.result());
        drop(guest);
        assert_eq!(long.result().unwrap(), 0);
        for (n, call) in (0..2).zip(ahead).chain((0..20).zip(behind)) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
        assert!(door.is_deserted());
        assert_eq!(pool.stats().restarts, 0);
    });
}

#[task]
fn stop_when_asked(address: &str) -> Result<u32, Error> {
    knock(address, 0);
    loop {
        checkpoint()?;
        std::thread::yield_now();
    }
}

#[test]
fn a_running_call_stops_at_its_checkpoint_and_its_worker_stays() {
    ends(|| {
        let pool = pool(LONG);
        let door = Door::new();
        let worker = pool.submit(pid::task()).result().unwrap();
        for _ in 0..5 {
            let call = pool.submit(stop_when_asked::task(door.address()));
            drop(door.guest());
            assert!(call.request_cancel());
            call.wait();
            assert!(call.cancelled());
            assert_cancelled(call.result());
        }
        assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
        let stats = pool.stats();
        assert_eq!((stats.cancelled, stats.failed, stats.restarts), (5, 0, 0));
    });
}

#[task]
fn pass_a_checkpoint(address: &str) -> Result<u32, Error> {
    knock(address, 0);
    checkpoint()?;
    Ok(7)
}

#[test]
fn a_request_concerns_no_other_call() {
    ends(|| {
        let pool = pool(LONG);
        let door = Door::new();
        let asked = pool.submit(stop_when_asked::task(door.address()));
        drop(door.guest());
        let behind = pool.submit(pass_a_checkpoint::task(door.address()));
        assert!(asked.request_cancel());
        assert_cancelled(asked.result());
        drop(door.guest());
        assert_eq!(behind.result().unwrap(), 7);
    });
}

#[task]
fn finish_all_the_same(address: &str) -> u8 {
    let word = knock(address, 0);
    // It sees the request, and does not care.
    while checkpoint().is_ok() {
        std::thread::yield_now();
    }
    word
}

#[test]
fn a_call_that_ends_within_the_grace_gives_its_value() {
    ends(|| {
        let pool = pool(LONG);
        let door = Door::new();
        let call = pool.submit(finish_all_the_same::task(door.address()));
        door.guest().tell(5);
        assert!(call.request_cancel());
        assert_eq!(call.result().unwrap(), 5);
    });
}

#[test]
fn a_call_without_checkpoints_loses_its_worker() {
    ends(|| {
        let pool = pool(GRACE);
        let door = Door::new();
        let call = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let worker = guest.pid;
        let behind = pool.submit(pid::task());
        let asked = Instant::now();
        assert!(call.request_cancel());
        call.wait();
        assert!(asked.elapsed() >= GRACE);
        assert!(call.cancelled());
        assert_cancelled(call.result());
        guest.wait_for_its_end();
        assert_ne!(behind.result().unwrap(), worker);
        assert_eq!((pool.stats().restarts, pool.stats().cancelled), (1, 1));
    });
}

#[task]
fn ignore_sigterm(address: &str) {
    let is_set = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, is_set).unwrap();
    knock(address, 0);
}

#[test]
fn a_call_that_ignores_sigterm_is_killed() {
    ends(|| {
        let pool = pool(GRACE);
        let door = Door::new();
        let call = pool.submit(ignore_sigterm::task(door.address()));
        let guest = door.guest();
        let asked = Instant::now();
        assert!(call.request_cancel());
        call.wait();
        assert!(asked.elapsed() >= GRACE * 2);
        assert_cancelled(call.result());
        guest.wait_for_its_end();
        assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
    });
}

#[test]
fn without_grace_it_ends_at_once() {
    ends(|| {
        let pool = pool(Duration::ZERO);
        let door = Door::new();
        for _ in 0..5 {
            let call = pool.submit(visit::task(door.address(), 0));
            let guest = door.guest();
            assert!(call.request_cancel());
            assert_cancelled(call.result());
            guest.wait_for_its_end();
        }
    });
}

#[test]
fn a_call_that_a_stopped_worker_never_begins_can_be_asked_to_stop() {
    ends(|| {
        for n_bytes in [1, 16 << 20] {
            let pool = pool(GRACE);
            let worker = pool.submit(pid::task()).result().unwrap();
            stop(worker);
            let call = pool.submit(length::task(&vec![7; n_bytes]));
            while !call.running() {
                std::thread::yield_now();
            }
            assert!(call.request_cancel());
            assert_cancelled(call.result());
            // It could still go on, or was killed in the middle of the argument.
            signal(worker, Signal::CONT);
            assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
        }
    });
}

#[task]
fn length(bytes: &[u8]) -> usize {
    bytes.len()
}

#[test]
fn a_request_that_comes_twice_or_too_late_changes_nothing() {
    ends(|| {
        let pool = pool(LONG);
        let door = Door::new();
        let done = pool.submit(double::task(4));
        done.wait();
        assert!(!done.request_cancel());
        assert_eq!(done.result().unwrap(), 8);
        let call = pool.submit(stop_when_asked::task(door.address()));
        drop(door.guest());
        assert!(call.request_cancel() && call.request_cancel());
        assert_cancelled(call.result());
        assert_eq!(pool.submit(double::task(5)).result().unwrap(), 10);
    });
}

#[test]
fn requests_at_any_moment_end_their_calls_and_no_other() {
    ends(|| {
        let pool = pool(Duration::from_millis(5));
        for n_yields in 0..60 {
            let before = pool.submit(double::task(1));
            let call = pool.submit(double::task(n_yields));
            let behind = pool.submit(double::task(3));
            for _ in 0..n_yields {
                std::thread::yield_now();
            }
            call.request_cancel();
            match call.result() {
                Ok(doubled) => assert_eq!(doubled, n_yields * 2),
                Err(error) => assert!(matches!(error, Error::Cancelled), "{error:?}"),
            }
            assert_eq!(before.result().unwrap() + behind.result().unwrap(), 8);
        }
    });
}

#[task]
fn say_cancelled() -> Result<u32, Error> {
    Err(Error::Cancelled)
}

#[test]
fn an_error_that_looks_like_a_cancellation_is_an_error() {
    ends(|| {
        let call = pool(LONG).submit(say_cancelled::task());
        call.wait();
        assert!(!call.cancelled());
        let error = call.result().unwrap_err();
        assert!(matches!(error, Error::Raised(_)), "{error:?}");
    });
}

#[task]
fn stop_with(bytes: &[u8]) -> Result<u8, Error> {
    loop {
        checkpoint()?;
        std::thread::yield_now();
        std::hint::black_box(bytes);
    }
}

#[test]
fn a_request_that_comes_while_the_argument_is_read_is_seen_at_a_checkpoint() {
    ends(|| {
        let pool = pool(LONG);
        let worker = pool.submit(pid::task()).result().unwrap();
        let bytes = vec![7; 64 << 20];
        for _ in 0..5 {
            let call = pool.submit(stop_with::task(&bytes));
            // It is on its way, and that takes longer than the request.
            while !call.running() {
                std::thread::yield_now();
            }
            assert!(call.request_cancel());
            assert_cancelled(call.result());
            assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
        }
        let stats = pool.stats();
        assert_eq!((stats.cancelled, stats.restarts), (5, 0));
    });
}
