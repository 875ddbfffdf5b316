//! A worker dies under a call: in every way, and seen by every kind of reader.

use std::sync::mpsc;

use cf_core::{Error, ReturnWhen, as_completed, wait};
use cf_pool::{ProcessPoolExecutor, task};
use rustix::process::Signal;

use crate::{
    door::{Door, visit},
    gate::{LONG, ends},
    value::{double, pid},
    way::{Way, die, die_of, died, signal, stop},
};

fn pool(n_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(n_workers).unwrap()
}

// P13, P14: also `exit` ends the worker; the call that it ran fails, and no other.
#[test]
fn the_call_fails_and_says_how_its_worker_died() {
    ends(|| {
        for way in Way::ALL {
            let pool = pool(1);
            let worker = pool.submit(pid::task()).result().unwrap();
            let dies = pool.submit(die::task(way));
            let behind = pool.submit(pid::task());
            let error = dies.result().unwrap_err();
            way.assert_told(&error, die::TASK.name());
            assert_eq!(died(Err::<(), _>(error)).pid(), worker);
            assert_ne!(behind.result().unwrap(), worker);
            assert_eq!(pool.stats().restarts, 1);
        }
    });
}

// P15
#[test]
fn the_message_says_who_died_how_and_at_what() {
    ends(|| {
        let pool = pool(1);
        let error = pool.submit(die::task(Way::Exit)).result().unwrap_err();
        let pid = died(Err::<(), _>(error.clone())).pid();
        let name = die::TASK.name();
        assert_eq!(
            error.to_string(),
            format!("worker process {pid} exited with code 3 while it ran `{name}`")
        );
        let error = pool.submit(die::task(Way::Segfault)).result().unwrap_err();
        let text = "was killed by signal 11 (SIGSEGV) while it ran";
        assert!(error.to_string().contains(text), "{error}");
    });
}

#[test]
fn exit_with_success_is_a_death_too() {
    #[task]
    fn leave() -> u32 {
        std::process::exit(0)
    }

    ends(|| {
        let pool = pool(1);
        let died = died(pool.submit(leave::task()).result());
        assert_eq!((died.code(), died.signal()), (Some(0), None));
    });
}

// P14
#[test]
fn a_kill_from_outside_fails_the_call_that_runs() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        let calls = [0, 1].map(|n| pool.submit(visit::task(door.address(), n)));
        let [one, other] = door.guests(2).try_into().ok().unwrap();
        let behind = pool.submit(visit::task(door.address(), 2));
        signal(one.pid, Signal::KILL);
        let (victim, survivor) = (one.name, other.name);
        assert_eq!(door.guest().name, 2);
        drop(other);
        for (n, call) in (0..2).zip(calls) {
            if n == victim {
                let died = died(call.result());
                assert_eq!((died.pid(), died.signal()), (one.pid, Some(9)));
            } else {
                assert_eq!(call.result().unwrap(), survivor);
            }
        }
        assert_eq!(behind.result().unwrap(), 2);
    });
}

#[test]
fn a_kill_of_an_idle_worker_fails_nothing() {
    ends(|| {
        let pool = pool(1);
        for _ in 0..10 {
            let worker = pool.submit(pid::task()).result().unwrap();
            signal(worker, Signal::KILL);
            assert_ne!(pool.submit(pid::task()).result().unwrap(), worker);
        }
        assert_eq!(pool.stats().failed, 0);
    });
}

#[test]
fn wait_sees_it() {
    ends(|| {
        for way in Way::ALL {
            for when in [
                ReturnWhen::FirstCompleted,
                ReturnWhen::FirstException,
                ReturnWhen::AllCompleted,
            ] {
                let pool = pool(2);
                let door = Door::new();
                let stays = pool.submit(visit::task(door.address(), 0));
                let guest = door.guest();
                let dies = pool.submit(die_of::task(0, way, 0));
                if when == ReturnWhen::AllCompleted {
                    drop(guest);
                    assert_eq!(wait([&stays, &dies], when).done, [&stays, &dies]);
                } else {
                    let sets = wait([&stays, &dies], when);
                    assert_eq!((sets.done, sets.not_done), (vec![&dies], vec![&stays]));
                }
                way.assert_told(&dies.exception().unwrap(), die_of::TASK.name());
            }
        }
    });
}

#[test]
fn as_completed_sees_it() {
    ends(|| {
        for way in Way::ALL {
            let pool = pool(2);
            let futures = (0..20).map(|n| {
                let call = if n == 7 { Some(way) } else { None };
                pool.submit(die_perhaps::task(call))
            });
            let outcomes: Vec<_> = as_completed(futures).map(cf_core::Future::result).collect();
            assert_eq!(outcomes.len(), 20);
            let mut failures = outcomes.into_iter().filter_map(Result::err);
            way.assert_told(&failures.next().unwrap(), die_perhaps::TASK.name());
            assert!(failures.next().is_none());
        }
    });
}

#[task]
fn die_perhaps(way: Option<Way>) {
    if let Some(way) = way {
        way.go();
    }
}

#[test]
fn a_callback_sees_it() {
    ends(|| {
        let pool = pool(1);
        for way in Way::ALL {
            let (sender, receiver) = mpsc::channel();
            let dies = pool.submit(die::task(way));
            dies.add_done_callback(move |done| sender.send(done.exception().cloned()).unwrap());
            let seen = receiver.recv_timeout(LONG).unwrap().unwrap();
            way.assert_told(&seen, die::TASK.name());
            assert!(seen.is_same(&dies.result().unwrap_err()));
        }
    });
}

#[test]
fn a_timed_wait_and_a_chain_see_it() {
    ends(|| {
        let pool = pool(1);
        for way in Way::ALL {
            let mut dies = pool.submit(die::task(way));
            let error = dies.result_timeout(LONG).unwrap().unwrap_err();
            way.assert_told(&error, die::TASK.name());
            let dies = pool.submit(die::task(way)).map(|()| 1).shared();
            way.assert_told(&dies.result().unwrap_err(), die::TASK.name());
        }
    });
}

#[task]
fn devour(n_bytes: usize) -> usize {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    while eaten.len() << 20 < n_bytes {
        eaten.push(vec![1; 1 << 20]);
    }
    eaten.len()
}

// The limit on data is not enforced elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_beyond_its_memory_limit_dies_of_it_and_says_so() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().memory_limit(256 << 20);
        let pool = builder.max_workers(1).build().unwrap();
        assert_eq!(pool.submit(devour::task(16 << 20)).result().unwrap(), 16);
        let error = pool.submit(devour::task(1 << 30)).result().unwrap_err();
        assert!(error.to_string().contains("out of memory"), "{error}");
        let died = died(Err::<(), _>(error));
        assert_eq!(died.signal(), Some(Signal::ABORT.as_raw()));
        assert!(died.oom_likely());
        // The next worker begins with nothing.
        assert_eq!(pool.submit(devour::task(16 << 20)).result().unwrap(), 16);
    });
}

#[task]
fn length(bytes: &[u8]) -> usize {
    bytes.len()
}

// P18
#[test]
fn a_kill_in_the_middle_of_a_large_argument_hangs_nothing() {
    const N_BYTES: usize = 32 << 20;
    ends(|| {
        let pool = pool(1);
        let worker = pool.submit(pid::task()).result().unwrap();
        // It cannot take more than the channel holds.
        stop(worker);
        let large = pool.submit(length::task(&vec![7; N_BYTES]));
        while !large.running() {
            std::thread::yield_now();
        }
        let behind = pool.submit(double::task(4));
        signal(worker, Signal::KILL);
        // It had not begun, so another worker ran it.
        assert_eq!(large.result().unwrap(), N_BYTES);
        assert_eq!(behind.result().unwrap(), 8);
    });
}

// P18
#[test]
fn kills_at_any_moment_of_large_calls_hang_nothing() {
    const N_BYTES: usize = 8 << 20;
    ends(|| {
        let pool = pool(1);
        for n_yields in 0..40 {
            let worker = pool.submit(pid::task()).result().unwrap();
            let large = pool.submit(echo::task(vec![7; N_BYTES]));
            for _ in 0..n_yields * n_yields {
                std::thread::yield_now();
            }
            signal(worker, Signal::KILL);
            match large.result() {
                Ok(bytes) => assert_eq!(bytes.len(), N_BYTES),
                Err(error) => assert_eq!(died(Err::<(), _>(error)).signal(), Some(9)),
            }
        }
    });
}

#[task]
fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[test]
fn fifty_deaths_in_a_row_break_nothing() {
    ends(|| {
        let pool = pool(2);
        for n in 0..50 {
            let way = Way::ALL[n as usize % Way::ALL.len()];
            let dies = pool.submit(die::task(way));
            assert_eq!(pool.submit(double::task(n)).result().unwrap(), n * 2);
            assert!(matches!(dies.result(), Err(Error::WorkerDied(_))));
        }
    });
}
