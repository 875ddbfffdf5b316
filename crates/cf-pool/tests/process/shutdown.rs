//! How a pool ends, and that nothing of it is left.

use std::{thread, time::Duration};

use cf_core::{Error, Reason, ReturnWhen, wait};
use cf_pool::{ProcessPoolExecutor, Shutdown, task};
use rustix::process::Signal;

use crate::{
    child,
    door::{Door, knock, visit},
    gate::{LONG, ends},
    value::{Does, Unruly, double, pid},
    way::{died, signal},
};

fn pool(n_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(n_workers).unwrap()
}

const AT_ONCE: Shutdown = Shutdown {
    wait: false,
    cancel_futures: false,
};

#[task]
fn take(value: Unruly) {
    value.end();
}

fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    match outcome {
        Err(Error::Rejected(Reason::Shutdown)) => {}
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn it_waits_for_all_that_was_accepted_and_for_the_processes() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        let stays = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let rest: Vec<_> = (0..50).map(|n| pool.submit(double::task(n))).collect();
        let workers: Vec<_> = pool.stats().workers.iter().map(|it| it.pid).collect();
        drop(guest);
        pool.shutdown();
        assert!(stays.done() && rest.iter().all(cf_core::Future::done));
        assert_eq!(pool.stats().workers.len(), 0);
        for worker in workers {
            assert!(!exists(worker), "{worker} is left");
        }
        for (n, call) in (0..50).zip(rest) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
    });
}

/// Whether there is such a process, be it a zombie.
fn exists(pid: u32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::test_kill_process(pid).is_ok()
}

#[test]
fn later_calls_are_refused() {
    ends(|| {
        let pool = pool(1);
        pool.submit(double::task(1)).result().unwrap();
        for mode in [AT_ONCE, Shutdown::default()] {
            pool.shutdown_with(mode);
            assert_refused(pool.submit(double::task(1)).result());
            let refused = pool.try_submit(double::task(1)).unwrap_err();
            assert!(matches!(refused.reason, Reason::Shutdown));
            let mut doubled = pool.map(double::task, 0..5).chunk_size(2);
            assert_refused(doubled.next().unwrap());
            assert!(doubled.next().is_none());
        }
    });
}

// P34
#[test]
fn without_waiting_the_accepted_work_is_done_all_the_same() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        let stays = pool.submit(visit::task(door.address(), 3));
        let guest = door.guest();
        let rest: Vec<_> = (0..50).map(|n| pool.submit(double::task(n))).collect();
        pool.shutdown_with(AT_ONCE);
        assert!(!stays.done());
        for (n, call) in (0..50).zip(rest) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
        drop(guest);
        assert_eq!(stays.result().unwrap(), 3);
        pool.shutdown();
        assert_eq!(pool.stats().workers.len(), 0);
    });
}

#[test]
fn it_cancels_what_has_not_started_if_asked() {
    ends(|| {
        for is_waited_for in [true, false] {
            let pool = pool(1);
            let door = Door::new();
            let stays = pool.submit(visit::task(door.address(), 3));
            let guest = door.guest();
            let rest: Vec<_> = (0..50)
                .map(|n| pool.submit(visit::task(door.address(), n)))
                .collect();
            let other = pool.clone();
            let ending = thread::spawn(move || {
                other.shutdown_with(Shutdown {
                    wait: is_waited_for,
                    cancel_futures: true,
                });
            });
            assert!(wait(&rest, ReturnWhen::AllCompleted).not_done.is_empty());
            assert!(!stays.done());
            drop(guest);
            ending.join().unwrap();
            assert_eq!(stays.result().unwrap(), 3);
            assert!(rest.iter().all(cf_core::Future::cancelled));
            assert!(door.is_deserted());
        }
    });
}

#[test]
fn a_pool_that_has_done_nothing_ends() {
    ends(|| {
        drop(pool(3));
        let pool = pool(3);
        pool.shutdown();
        pool.shutdown();
        assert_refused(pool.submit(pid::task()).result());
    });
}

#[test]
fn every_shutdown_returns_after_the_last_process() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        drop(pool.submit(visit::task(door.address(), 0)));
        let guest = door.guest();
        let endings: Vec<_> = (0..4)
            .map(|_| {
                let pool = pool.clone();
                thread::spawn(move || {
                    pool.shutdown();
                    pool.stats().workers.len()
                })
            })
            .collect();
        drop(guest);
        for ending in endings {
            assert_eq!(ending.join().unwrap(), 0);
        }
    });
}

// P20
#[test]
fn a_death_after_shutdown_fails_its_call_and_hangs_nothing() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let dies = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let behind = pool.submit(double::task(4));
        pool.shutdown_with(AT_ONCE);
        signal(guest.pid, Signal::KILL);
        pool.shutdown();
        assert_eq!(died(dies.result()).pid(), guest.pid);
        assert_eq!(behind.result().unwrap(), 8);
    });
}

// P21
#[test]
fn what_cannot_be_encoded_fails_after_shutdown_too() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        drop(pool.submit(visit::task(door.address(), 0)));
        let guest = door.guest();
        let bad = pool.submit(take::task(Unruly::when_encoded(Does::Refuse)));
        let worse = pool.submit(take::task(Unruly::when_decoded(Does::Refuse)));
        pool.shutdown_with(AT_ONCE);
        drop(guest);
        for call in [bad, worse] {
            let text = call.result().unwrap_err().to_string();
            assert!(text.contains("coded"), "{text}");
        }
        pool.shutdown();
    });
}

// P32
#[test]
fn dropping_the_last_handle_finishes_the_work_and_ends_the_processes() {
    ends(|| {
        let pool = pool(2);
        let door = Door::new();
        let other = pool.clone();
        let stays = pool.submit(visit::task(door.address(), 3));
        let guest = door.guest();
        let worker = guest.pid;
        let rest: Vec<_> = (0..50).map(|n| pool.submit(double::task(n))).collect();
        drop(pool);
        assert!(!stays.done());
        let dropping = thread::spawn(move || drop(other));
        for (n, call) in (0..50).zip(rest) {
            assert_eq!(call.result().unwrap(), n * 2);
        }
        assert!(!dropping.is_finished());
        drop(guest);
        dropping.join().unwrap();
        assert!(stays.done() && !exists(worker));
    });
}

#[test]
fn a_future_outlives_its_pool() {
    ends(|| {
        let future = pool(1).submit(double::task(4));
        assert_eq!(future.result().unwrap(), 8);
    });
}

#[task]
fn start_a_sleeper(address: &str) {
    // time: far longer than the test; it ends with its worker
    let command = format!("sleep {}", LONG.as_secs());
    let sleeper = std::process::Command::new("sh")
        .args(["-c", &command])
        .spawn();
    let sleeper = sleeper.unwrap().id();
    knock(address, sleeper);
}

#[test]
fn what_a_task_has_started_ends_with_its_worker() {
    ends(|| {
        let pool = pool(1);
        let door = Door::new();
        let call = pool.submit(start_a_sleeper::task(door.address()));
        let guest = door.guest();
        let sleeper = guest.name;
        assert!(exists(sleeper));
        drop(guest);
        call.result().unwrap();
        pool.shutdown();
        // Its zombie is taken away by whoever adopted it.
        let deadline = std::time::Instant::now() + LONG;
        while is_running(sleeper) {
            assert!(std::time::Instant::now() < deadline, "it goes on");
            // time: nothing tells us of the end of a process that is not our child
            thread::sleep(Duration::from_millis(2));
        }
    });
}

fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    match stat {
        Ok(stat) => !stat.rsplit_once(") ").unwrap().1.starts_with(['Z', 'X']),
        Err(_) => cfg!(not(target_os = "linux")) && exists(pid),
    }
}

// P33, P34: the end of `main` is the end of the program, and of all its workers.
#[test]
fn nothing_is_left_when_the_program_ends_with_work_pending() {
    const NAME: &str = "shutdown::nothing_is_left_when_the_program_ends_with_work_pending";
    const ADDRESS: &str = "CF_POOL_DOOR";
    if child::is_child() {
        let address = std::env::var(ADDRESS).unwrap();
        let pool = pool(2);
        for n in 0..10 {
            drop(pool.submit(visit::task(&address, n)));
        }
        knock(&address, 99);
        std::process::exit(0);
    }
    let door = Door::new();
    let child = child::spawn(NAME, |command| {
        command.env(ADDRESS, door.address());
    });
    let mut guests = door.guests(3);
    let at = guests.iter().position(|guest| guest.name == 99).unwrap();
    drop(guests.remove(at));
    child::finish(child, "");
    for guest in guests {
        guest.wait_for_its_end();
    }
    assert!(door.is_deserted());
}
