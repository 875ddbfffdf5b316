//! Pools that a death breaks, as in CPython.

use cf_core::{Error, Reason, Rejected, ReturnWhen, wait};
use cf_pool::{OnWorkerDeath::BreakPool, ProcessPoolExecutor};
use rustix::process::Signal;

use crate::{
    door::{Door, visit},
    gate::ends,
    value::double,
    way::{Way, die, signal},
};

fn pool(n_workers: usize) -> ProcessPoolExecutor {
    let builder = ProcessPoolExecutor::builder().on_worker_death(BreakPool);
    builder.max_workers(n_workers).build().unwrap()
}

fn assert_broken<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Error {
    match outcome {
        Err(error @ Error::BrokenExecutor(_)) => error,
        other => panic!("not broken: {other:?}"),
    }
}

// P14: the whole pool breaks where that is asked for.
#[test]
fn a_death_fails_all_that_is_not_done() {
    ends(|| {
        for way in Way::ALL {
            let pool = pool(2);
            let door = Door::new();
            let finished = pool.submit(double::task(4));
            finished.wait();
            let running = pool.submit(visit::task(door.address(), 0));
            let guest = door.guest();
            let dies = pool.submit(visit::task(door.address(), 1));
            let victim = door.guest();
            let queued: Vec<_> = (0..10).map(|n| pool.submit(double::task(n))).collect();
            let cancelled = pool.submit(double::task(0));
            assert!(cancelled.cancel());
            signal(victim.pid, Signal::KILL);
            assert_broken(dies.result());
            assert_broken(running.result());
            for call in queued {
                assert_broken(call.result());
            }
            assert_eq!(finished.result().unwrap(), 8);
            assert!(matches!(cancelled.result(), Err(Error::Cancelled)));
            guest.wait_for_its_end();
            // However the worker died.
            let pool = self::pool(1);
            assert_broken(pool.submit(die::task(way)).result());
        }
    });
}

// P15, P16: the reason is told to all, now and later.
#[test]
fn every_failure_says_why() {
    ends(|| {
        let pool = pool(1);
        let dies = pool.submit(die::task(Way::Exit));
        let behind = pool.submit(double::task(1));
        let errors = [
            assert_broken(dies.result()),
            assert_broken(behind.result()),
            assert_broken(pool.submit(double::task(1)).result()),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(
                text.starts_with("a worker process died: worker process "),
                "{text}"
            );
            assert!(text.contains("exited with code 3"), "{text}");
            let cause = std::error::Error::source(&error).unwrap();
            let cause = cause.downcast_ref::<Error>().unwrap();
            Way::Exit.assert_told(cause, die::TASK.name());
        }
        let Err(Rejected { callable, reason }) = pool.try_submit(double::task(1)) else {
            panic!("it was taken")
        };
        assert!(matches!(reason, Reason::Broken(_)));
        assert_eq!(callable.task().name(), double::TASK.name());
    });
}

// P17
#[test]
fn the_other_workers_are_ended_at_once() {
    ends(|| {
        let pool = pool(3);
        let door = Door::new();
        let calls = [0, 1, 2].map(|n| pool.submit(visit::task(door.address(), n)));
        let mut guests = door.guests(3);
        signal(guests.remove(0).pid, Signal::KILL);
        for guest in guests {
            guest.wait_for_its_end();
        }
        for call in calls {
            assert_broken(call.result());
        }
        pool.shutdown();
        assert_eq!(pool.stats().workers.len(), 0);
    });
}

#[test]
fn wait_sees_the_break() {
    ends(|| {
        let pool = pool(1);
        let dies = pool.submit(die::task(Way::Abort));
        let behind = [
            pool.submit(die::task(Way::Abort)),
            pool.submit(die::task(Way::Abort)),
        ];
        let all = behind.iter().chain([&dies]);
        assert_eq!(wait(all, ReturnWhen::AllCompleted).done.len(), 3);
    });
}

// P20
#[test]
fn a_death_after_shutdown_breaks_too_and_shutdown_ends() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        let call = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let behind = pool.submit(visit::task(door.address(), 1));
        let other = door.guest();
        pool.shutdown_with(cf_pool::Shutdown {
            wait: false,
            cancel_futures: false,
        });
        signal(guest.pid, Signal::KILL);
        pool.shutdown();
        assert_broken(call.result());
        assert_broken(behind.result());
        other.wait_for_its_end();
    });
}

#[test]
fn the_death_of_an_idle_worker_breaks_nothing() {
    ends(|| {
        let pool = pool(1);
        let worker = pool.submit(crate::value::pid::task()).result().unwrap();
        signal(worker, Signal::KILL);
        assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
    });
}
