//! What each worker does first, and workers that never get that far.

use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use cf_core::{Error, Reason};
use cf_pool::{ProcessPoolExecutor, task};

use crate::{
    child::{finish, is_child, spawn},
    door::{Door, knock},
    gate::{LONG, ends},
    value::{Does, Unruly, double, pid},
    way::{Way, die},
};

static PREPARED: AtomicU32 = AtomicU32::new(0);

#[task]
fn prepare(n: u32, large: &[u8]) {
    assert_eq!(PREPARED.fetch_add(n, Ordering::SeqCst), 0);
    assert!(large.iter().all(|byte| *byte == 7));
}

#[task]
fn prepared() -> u32 {
    PREPARED.load(Ordering::SeqCst)
}

// P22
#[test]
fn it_is_called_once_in_each_worker_before_its_first_call() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder()
            .max_workers(1)
            .max_tasks_per_child(2);
        let call = prepare::task(7, &vec![7; 3 << 20]);
        let pool = builder.initializer(call).build().unwrap();
        for _ in 0..6 {
            assert_eq!(pool.submit(prepared::task()).result().unwrap(), 7);
        }
        assert_eq!(PREPARED.load(Ordering::SeqCst), 0);
    });
}

fn assert_broken_because<T: std::fmt::Debug>(outcome: Result<T, Error>, why: &str) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

#[task]
fn fail_after(address: &str) -> Result<(), String> {
    knock(address, 0);
    Err("no license".to_owned())
}

// P22
#[test]
fn one_that_fails_breaks_the_pool_and_says_why() {
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let builder = builder.initializer(fail_after::task(door.address()));
        let pool = builder.build().unwrap();
        let calls: Vec<_> = (0..5).map(|n| pool.submit(double::task(n))).collect();
        let guest = door.guest();
        assert!(calls[4].cancel());
        drop(guest);
        let mut calls = calls.into_iter();
        for call in calls.by_ref().take(4) {
            assert_broken_because(call.result(), "no license");
        }
        assert!(matches!(
            calls.next().unwrap().result(),
            Err(Error::Cancelled)
        ));
        assert_broken_because(pool.submit(pid::task()).result(), "no license");
        let refused = pool.try_submit(pid::task()).unwrap_err();
        assert!(matches!(refused.reason, Reason::Broken(_)));
        assert!(door.is_deserted(), "it was tried again");
    });
}

#[task]
fn panic_at_once() {
    panic!("not today");
}

// P22
#[test]
fn one_that_panics_breaks_the_pool_and_says_why() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().initializer(panic_at_once::task());
        let pool = builder.max_workers(2).build().unwrap();
        let calls = [0, 1, 2].map(|n| pool.submit(double::task(n)));
        for call in calls {
            assert_broken_because(call.result(), "not today");
        }
    });
}

#[task]
fn leave_after(address: &str) {
    knock(address, process::id());
    process::exit(4);
}

// P22: a worker that dies in it is tried again, five times in a row and no more.
#[test]
fn five_workers_in_a_row_that_die_at_start_break_the_pool() {
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let builder = builder.initializer(leave_after::task(door.address()));
        let pool = builder.build().unwrap();
        let call = pool.submit(double::task(1));
        for _ in 0..5 {
            let guest = door.guest();
            assert!(!call.done());
            drop(guest);
        }
        assert_broken_because(call.result(), "exited with code 4");
        assert_broken_because(pool.submit(double::task(1)).result(), "five in a row");
        pool.shutdown();
        assert!(door.is_deserted());
    });
}

#[test]
fn every_way_to_die_at_start_breaks_the_pool_in_the_end() {
    ends(|| {
        for way in Way::ALL {
            let builder = ProcessPoolExecutor::builder().initializer(die::task(way));
            let pool = builder.max_workers(2).build().unwrap();
            let calls = [0, 1, 2].map(|n| pool.submit(double::task(n)));
            for call in calls {
                assert_broken_because(call.result(), "die at start");
            }
        }
    });
}

#[task]
fn never(address: &str) {
    knock(address, 0);
}

#[test]
fn a_worker_that_is_not_ready_in_time_is_ended() {
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        // time: it must run out five times
        let builder = builder.start_timeout(Duration::from_millis(400));
        let builder = builder.initializer(never::task(door.address()));
        let pool = builder.build().unwrap();
        let mut call = pool.submit(double::task(1));
        let outcome = call.result_timeout(LONG).unwrap();
        assert_broken_because(outcome, "was not ready in time");
        while let Some(guest) = door.guest_within(Duration::ZERO) {
            guest.wait_for_its_end();
        }
    });
}

#[test]
fn one_that_cannot_be_encoded_is_an_error_of_build() {
    #[task]
    fn use_it(value: Unruly) {
        value.end();
    }

    let value = Unruly::when_encoded(Does::Refuse);
    let builder = ProcessPoolExecutor::builder().initializer(use_it::task(value));
    let error = builder.build().unwrap_err();
    assert!(
        error.to_string().contains("initializer's arguments"),
        "{error}"
    );
}

#[test]
fn shutdown_while_it_runs_waits_for_the_work() {
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let pool = builder
            .initializer(never::task(door.address()))
            .build()
            .unwrap();
        let call = pool.submit(double::task(4));
        let guest = door.guest();
        let other = pool.clone();
        let ending = std::thread::spawn(move || other.shutdown());
        drop(guest);
        ending.join().unwrap();
        assert_eq!(call.result().unwrap(), 8);
    });
}

/// What says to a process that it is a worker.
const VARIABLE: &str = "CF_POOL_WORKER";

#[test]
fn a_worker_that_does_not_come_to_init_makes_no_pool() {
    const NAME: &str = "initializer::a_worker_that_does_not_come_to_init_makes_no_pool";
    if !is_child() {
        let settings = |command: &mut process::Command| {
            command.env(VARIABLE, process::id().to_string());
        };
        finish(spawn(NAME, settings), "");
        return;
    }
    // It has come to this test instead.
    for made in [
        ProcessPoolExecutor::new(1),
        ProcessPoolExecutor::builder().build(),
    ] {
        let error = made.unwrap_err().to_string();
        assert!(error.contains("is a worker"), "{error}");
        assert!(error.contains("`cf_pool::init()`"), "{error}");
    }
}
