//! `kill_workers` and `terminate_workers`: idle, busy, starting, twice, broken.

use cf_core::{Error, Reason};
use cf_pool::{OnWorkerDeath::BreakPool, ProcessPoolExecutor, task};
use rustix::process::{Signal, getpgid, getppid, setpgid};

use crate::{
    door::{Door, knock, visit},
    gate::ends,
    value::{double, pid},
    way::{Way, die, died},
};

type End = fn(&ProcessPoolExecutor);

/// The two of them, and the signal that each sends.
const WAYS: [(End, Signal); 2] = [
    (ProcessPoolExecutor::kill_workers, Signal::KILL),
    (ProcessPoolExecutor::terminate_workers, Signal::TERM),
];

fn pool(n_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(n_workers).unwrap()
}

fn assert_shut_down(pool: &ProcessPoolExecutor) {
    let outcome = pool.submit(pid::task()).result();
    assert!(matches!(outcome, Err(Error::Rejected(Reason::Shutdown))));
    pool.shutdown();
    assert_eq!(pool.stats().workers.len(), 0);
}

// P35
#[test]
fn running_calls_fail_and_queued_ones_are_cancelled() {
    ends(|| {
        for (end, signal) in WAYS {
            let pool = pool(2);
            let door = Door::new();
            let running = [0, 1].map(|n| pool.submit(visit::task(door.address(), n)));
            let guests = door.guests(2);
            let queued: Vec<_> = (0..5)
                .map(|n| pool.submit(visit::task(door.address(), n)))
                .collect();
            end(&pool);
            for call in running {
                assert_eq!(died(call.result()).signal(), Some(signal.as_raw()));
            }
            for call in queued {
                assert!(matches!(call.result(), Err(Error::Cancelled)));
            }
            for guest in guests {
                guest.wait_for_its_end();
            }
            assert_shut_down(&pool);
            assert!(door.is_deserted());
        }
    });
}

// P35
#[test]
fn idle_workers_end_too() {
    ends(|| {
        for (end, _) in WAYS {
            let pool = pool(2);
            let done = pool.submit(double::task(4));
            done.wait();
            end(&pool);
            assert_eq!(done.result().unwrap(), 8);
            assert_shut_down(&pool);
        }
    });
}

// P35
#[test]
fn a_pool_that_started_none_is_just_shut_down() {
    ends(|| {
        for (end, _) in WAYS {
            let pool = pool(2);
            end(&pool);
            assert_shut_down(&pool);
        }
    });
}

// P35
#[test]
fn a_broken_pool_stays_as_it_is() {
    ends(|| {
        for (end, _) in WAYS {
            let builder = ProcessPoolExecutor::builder().on_worker_death(BreakPool);
            let pool = builder.max_workers(2).build().unwrap();
            let dies = pool.submit(die::task(Way::Exit)).result();
            assert!(matches!(dies, Err(Error::BrokenExecutor(_))));
            end(&pool);
            let later = pool.submit(pid::task()).result();
            assert!(matches!(later, Err(Error::BrokenExecutor(_))));
        }
    });
}

#[test]
fn twice_and_one_after_the_other_is_as_good_as_once() {
    ends(|| {
        for (end, signal) in WAYS {
            let pool = pool(1);
            let door = Door::new();
            let running = pool.submit(visit::task(door.address(), 0));
            let guest = door.guest();
            end(&pool);
            end(&pool);
            assert_eq!(died(running.result()).signal(), Some(signal.as_raw()));
            guest.wait_for_its_end();
            end(&pool);
            assert_shut_down(&pool);
        }
    });
}

#[task]
fn stay(address: &str) {
    knock(address, 0);
}

#[test]
fn workers_that_are_starting_end_too() {
    ends(|| {
        for (end, _) in WAYS {
            // In its initializer.
            let door = Door::new();
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            let builder = builder.initializer(stay::task(door.address()));
            let pool = builder.build().unwrap();
            let call = pool.submit(double::task(4));
            let guest = door.guest();
            end(&pool);
            guest.wait_for_its_end();
            assert!(matches!(call.result(), Err(Error::Cancelled)));
            assert_shut_down(&pool);
            // Wherever it is.
            for n_yields in 0..20 {
                let pool = self::pool(2);
                let calls = [4, 5, 6].map(|n| pool.submit(double::task(n)));
                for _ in 0..n_yields * 20 {
                    std::thread::yield_now();
                }
                end(&pool);
                for call in calls {
                    match call.result() {
                        Ok(_) | Err(Error::Cancelled | Error::WorkerDied(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
                assert_shut_down(&pool);
            }
        }
    });
}

#[task]
fn ignore_sigterm(address: &str) -> u32 {
    let is_set = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, is_set.clone()).unwrap();
    // A system call that the signal interrupts is begun again.
    knock(address, 0).into()
}

// P35: SIGTERM can be handled; a later SIGKILL cannot.
#[test]
fn a_task_may_outlive_terminate_but_not_kill() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let call = pool.submit(ignore_sigterm::task(door.address()));
        let guest = door.guest();
        pool.terminate_workers();
        assert!(!call.done());
        pool.kill_workers();
        assert_eq!(died(call.result()).signal(), Some(9));
        guest.wait_for_its_end();
        assert_shut_down(&pool);

        let pool = self::pool(1);
        let call = pool.submit(ignore_sigterm::task(door.address()));
        let guest = door.guest();
        pool.terminate_workers();
        guest.tell(5);
        assert_eq!(call.result().unwrap(), 5);
        assert_shut_down(&pool);
    });
}

#[test]
fn calls_with_retries_are_not_run_again() {
    ends(|| {
        for (end, _) in WAYS {
            let pool = pool(1);
            let door = Door::new();
            let call = pool.submit(visit::task(door.address(), 0).retries(5));
            let guest = door.guest();
            end(&pool);
            died(call.result());
            guest.wait_for_its_end();
            assert!(door.is_deserted());
            assert_shut_down(&pool);
        }
    });
}

#[task]
fn leave_group(address: &str) {
    let group = getpgid(getppid()).unwrap();
    setpgid(None, Some(group)).unwrap();
    knock(address, 0);
}

#[test]
fn a_worker_that_has_left_its_process_group_ends_too() {
    ends(|| {
        for (end, signal) in WAYS {
            let pool = pool(1);
            let door = Door::new();
            let running = pool.submit(leave_group::task(door.address()));
            let guest = door.guest();
            end(&pool);
            assert_eq!(died(running.result()).signal(), Some(signal.as_raw()));
            guest.wait_for_its_end();
            assert_shut_down(&pool);
        }
    });
}
