//! Calls that may be tried again when their worker dies under them.

use std::{collections::BTreeSet, time::Duration};

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};

use crate::{
    door::{Door, knock},
    gate::ends,
    way::{DIE, Way, die, die_if_told, died},
};

fn pool() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(1).unwrap()
}

#[test]
fn a_call_is_tried_until_it_survives() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let call = pool.submit(die_if_told::task(door.address()).retries(3));
        let mut pids = BTreeSet::new();
        for _ in 0..3 {
            let guest = door.guest();
            assert!(pids.insert(guest.pid));
            guest.tell(DIE);
        }
        let last = door.guest();
        let pid = last.pid;
        drop(last);
        assert_eq!(call.result().unwrap(), pid);
        assert!(!pids.contains(&pid));
        let stats = pool.stats();
        assert_eq!((stats.restarts, stats.failed, stats.completed), (3, 0, 1));
    });
}

#[test]
fn it_fails_when_the_tries_are_used_up() {
    ends(|| {
        let pool = pool();
        for n in 0..3 {
            let before = pool.stats().restarts;
            let dies = died(pool.submit(die::task(Way::Abort).retries(n)).result());
            assert_eq!(dies.task(), Some(die::TASK.name()));
            pool.submit(crate::value::pid::task()).result().unwrap();
            let restarts = pool.stats().restarts - before;
            assert_eq!(restarts, u64::from(n) + 1);
        }
    });
}

#[test]
fn without_retries_it_is_tried_once() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let call = pool.submit(die_if_told::task(door.address()));
        door.guest().tell(DIE);
        died(call.result());
        assert!(door.is_deserted());
    });
}

#[task]
fn fail_after(address: &str) -> Result<(), String> {
    knock(address, 0);
    Err("no ink".to_owned())
}

#[test]
fn an_error_is_an_answer_and_not_tried_again() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let call = pool.submit(fail_after::task(door.address()).retries(5));
        drop(door.guest());
        assert_eq!(call.result().unwrap_err().to_string(), "no ink");
        assert!(door.is_deserted());
    });
}

#[test]
fn a_call_that_ran_into_its_time_limit_is_not_tried_again() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        // time: the limit must run out
        let call = fail_after::task(door.address()).timeout(Duration::from_millis(50));
        let call = pool.submit(call.retries(5));
        assert!(matches!(call.result(), Err(Error::TimedOut(_))));
        door.guest().wait_for_its_end();
        assert!(door.is_deserted());
    });
}

#[test]
fn a_call_that_waits_to_be_tried_again_can_be_asked_to_stop() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let call = pool.submit(die_if_told::task(door.address()).retries(1000));
        door.guest().tell(DIE);
        let again = door.guest();
        assert!(call.request_cancel());
        again.tell(DIE);
        assert!(matches!(call.result(), Err(Error::Cancelled)));
        assert_eq!(
            pool.submit(crate::value::double::task(4)).result().unwrap(),
            8
        );
        assert!(door.is_deserted());
    });
}
