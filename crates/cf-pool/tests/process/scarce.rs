//! A system that has nothing to give for a moment: in child processes, which let no descriptor be opened.

use std::{fs::File, os::fd::AsRawFd, time::Duration};

use cf_core::Error;
use cf_pool::ProcessPoolExecutor;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    child::in_child,
    door::{Door, visit},
    gate::ends,
    value::double,
};

/// Until it is dropped, this process opens nothing.
struct Shortage(Rlimit);

impl Shortage {
    fn begin() -> Self {
        let before = getrlimit(Resource::Nofile);
        // The lowest number that is free.
        let free = File::open("/dev/null").unwrap().as_raw_fd();
        let current = Some(free.try_into().unwrap());
        let none_left = Rlimit { current, ..before };
        setrlimit(Resource::Nofile, none_left).unwrap();
        assert!(File::open("/dev/null").is_err());
        Self(before)
    }
}

impl Drop for Shortage {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).unwrap();
    }
}

#[test]
fn no_call_is_lost_while_no_worker_can_be_started() {
    in_child(
        "scarce::no_call_is_lost_while_no_worker_can_be_started",
        || {
            ends(|| {
                let pool = ProcessPoolExecutor::new(3).unwrap();
                let door = Door::new();
                let running = pool.submit(visit::task(door.address(), 7));
                let guest = door.guest();
                let shortage = Shortage::begin();
                let mut waiting = [4, 5, 6].map(|n| pool.submit(double::task(n)));
                // time: it has this long to do what it must not do
                let too_early = waiting[0].result_timeout(Duration::from_millis(300));
                assert!(too_early.is_err(), "{too_early:?}");
                assert!(!running.done());
                drop(guest);
                assert_eq!(running.result().unwrap(), 7);
                // The worker that there is does it all.
                assert_eq!(waiting.map(|call| call.result().unwrap()), [8, 10, 12]);
                drop(shortage);
                let visits = [0, 1, 2].map(|n| pool.submit(visit::task(door.address(), n)));
                drop(door.guests(3));
                assert_eq!(visits.map(|visit| visit.result().unwrap()), [0, 1, 2]);
                pool.shutdown();
            });
        },
    );
}

#[test]
fn a_pool_that_can_start_no_worker_at_all_says_so() {
    in_child(
        "scarce::a_pool_that_can_start_no_worker_at_all_says_so",
        || {
            ends(|| {
                let pool = ProcessPoolExecutor::new(2).unwrap();
                let shortage = Shortage::begin();
                for call in [4, 5].map(|n| pool.submit(double::task(n))) {
                    let error = call.result().unwrap_err();
                    assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
                    let text = error.to_string();
                    assert!(text.contains("cannot be started"), "{text}");
                    assert!(!text.contains("cf_pool::init()"), "{text}");
                }
                pool.shutdown();
                drop(shortage);
            });
        },
    );
}
