//! Calls with a time limit: hit, not hit, and whose clock it is.

use std::time::{Duration, Instant};

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};

use crate::{
    door::{Door, knock, visit},
    gate::{LONG, ends},
    value::{double, pid},
    way::{Way, die, died, stop},
};

/// Soon, but long enough for everything that should not run into it on a machine under load to be noticed if it did.
const SHORT: Duration = Duration::from_millis(300);

fn pool(n_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(n_workers).unwrap()
}

fn assert_late<T: std::fmt::Debug>(outcome: Result<T, Error>, limit: Duration, task: &str) {
    let Err(Error::TimedOut(late)) = outcome else {
        panic!("not timed out: {outcome:?}")
    };
    assert_eq!((late.limit(), late.task()), (Some(limit), Some(task)));
    let ran = late.ran().unwrap();
    assert!(ran >= limit && ran < LONG, "{ran:?}");
}

#[test]
fn a_call_that_runs_for_too_long_fails_and_only_its_worker_is_killed() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        let other = pool.submit(visit::task(door.address(), 1));
        let other_guest = door.guest();
        let started = Instant::now();
        let slow = pool.submit(visit::task(door.address(), 0).timeout(SHORT));
        let guest = door.guest();
        let behind = pool.submit(double::task(4));
        assert_late(slow.result(), SHORT, visit::TASK.name());
        assert!(started.elapsed() >= SHORT);
        guest.wait_for_its_end();
        assert_eq!(behind.result().unwrap(), 8);
        assert!(other.running());
        let pid = other_guest.pid;
        drop(other_guest);
        assert_eq!(other.result().unwrap(), 1);
        assert!(pool.stats().workers.iter().any(|worker| worker.pid == pid));
    });
}

#[test]
fn a_call_that_keeps_to_its_limit_gives_its_value() {
    ends(|| {
        let pool = pool(1);
        let worker = pool.submit(pid::task().timeout(LONG)).result().unwrap();
        for n in 0..100 {
            let call = pool.submit(double::task(n).timeout(LONG));
            assert_eq!(call.result().unwrap(), n * 2);
        }
        assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
    });
}

#[test]
fn a_limit_of_zero_is_always_hit_or_kept() {
    ends(|| {
        let pool = pool(1);
        for n in 0..10 {
            match pool
                .submit(double::task(n).timeout(Duration::ZERO))
                .result()
            {
                Ok(doubled) => assert_eq!(doubled, n * 2),
                outcome => assert_late(outcome, Duration::ZERO, double::TASK.name()),
            }
        }
        let endless = pool.submit(double::task(4).timeout(Duration::MAX));
        assert_eq!(endless.result().unwrap(), 8);
    });
}

#[test]
fn the_clock_starts_when_the_call_does() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let first = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let behind: Vec<_> = (1..4)
            .map(|n| pool.submit(visit::task(door.address(), n).timeout(SHORT)))
            .collect();
        // time: those behind it must wait for longer than their limit, and more than it is taken to be late
        std::thread::sleep(SHORT * 2 + Duration::from_millis(1200));
        drop(guest);
        assert_eq!(first.result().unwrap(), 0);
        for (n, call) in (1..4).zip(behind) {
            drop(door.guest());
            assert_eq!(call.result().unwrap(), n);
        }
    });
}

#[test]
fn what_was_sent_ahead_of_a_call_that_is_killed_is_run() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        for n in 0..200 {
            pool.submit(double::task(n)).result().unwrap();
        }
        let slow = pool.submit(visit::task(door.address(), 0).timeout(SHORT));
        let guest = door.guest();
        let behind: Vec<_> = (0..50)
            .map(|n| pool.submit(double::task(n).timeout(LONG)))
            .collect();
        assert_late(slow.result(), SHORT, visit::TASK.name());
        guest.wait_for_its_end();
        for (n, call) in (0..50).zip(behind) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
        assert_eq!(pool.stats().restarts, 1);
    });
}

#[test]
fn a_stopped_worker_does_not_stop_the_clock() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let slow = pool.submit(visit::task(door.address(), 0).timeout(SHORT));
        let guest = door.guest();
        stop(guest.pid);
        assert_late(slow.result(), SHORT, visit::TASK.name());
        guest.wait_for_its_end();
        assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
    });
}

#[test]
fn a_call_that_a_stopped_worker_never_begins_runs_into_its_limit_or_elsewhere() {
    ends(|| {
        let pool = pool(1);
        let worker = pool.submit(pid::task()).result().unwrap();
        stop(worker);
        match pool.submit(double::task(4).timeout(SHORT)).result() {
            Ok(doubled) => assert_eq!(doubled, 8),
            outcome => assert_late(outcome, SHORT, double::TASK.name()),
        }
        assert_ne!(pool.submit(pid::task()).result().unwrap(), worker);
    });
}

#[test]
fn a_stopped_worker_that_is_sent_a_large_argument_does_not_stop_the_clock() {
    ends(|| {
        let pool = pool(1);
        let worker = pool.submit(pid::task()).result().unwrap();
        stop(worker);
        // More than the channel holds.
        let call = length::task(&vec![7; 16 << 20]).timeout(SHORT);
        match pool.submit(call).result() {
            Ok(n_bytes) => assert_eq!(n_bytes, 16 << 20),
            outcome => assert_late(outcome, SHORT, length::TASK.name()),
        }
        assert_ne!(pool.submit(pid::task()).result().unwrap(), worker);
    });
}

#[task]
fn length(bytes: &[u8]) -> usize {
    bytes.len()
}

#[test]
fn a_call_that_dies_before_its_limit_has_died() {
    ends(|| {
        let pool = pool(1);
        for way in Way::ALL {
            let dies = died(pool.submit(die::task(way).timeout(LONG)).result());
            assert_eq!((dies.signal(), dies.code()), way.end());
        }
    });
}

#[test]
fn a_timed_out_call_does_not_break_a_pool_that_deaths_break() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let builder = builder.on_worker_death(cf_pool::OnWorkerDeath::BreakPool);
        let pool = builder.build().unwrap();
        let door = Door::new();
        let slow = pool.submit(visit::task(door.address(), 0).timeout(SHORT));
        assert_late(slow.result(), SHORT, visit::TASK.name());
        assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
    });
}

#[task]
fn spin_forever() {
    loop {
        std::hint::spin_loop();
    }
}

#[test]
fn a_busy_loop_is_killed_too() {
    ends(|| {
        let pool = pool(1);
        let slow = pool.submit(spin_forever::task().timeout(SHORT));
        let error = slow.result().unwrap_err();
        let text = error.to_string();
        assert!(text.contains(spin_forever::TASK.name()), "{text}");
        assert!(text.contains("its limit was 300ms"), "{text}");
    });
}

#[task]
fn answer_after(address: &str, bytes: Vec<u8>) -> Vec<u8> {
    knock(address, 0);
    bytes
}

#[test]
fn large_calls_have_limits_too() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let slow = answer_after::task(door.address(), vec![7; 16 << 20]);
        // time: beyond what it takes to send the argument
        let limit = Duration::from_secs(3);
        let slow = pool.submit(slow.timeout(limit));
        let guest = door.guest();
        assert_late(slow.result(), limit, answer_after::TASK.name());
        guest.wait_for_its_end();
        let fine = pool.submit(answer_after::task(door.address(), vec![7; 16 << 20]).timeout(LONG));
        drop(door.guest());
        assert_eq!(fine.result().unwrap().len(), 16 << 20);
    });
}
