//! Time limits of calls that travel together: each has its own, whatever became of those before it.

use std::time::Duration;

use cf_core::Error;
use cf_pool::{Batch, Call, ProcessPoolExecutor, task};

use crate::{
    door::{Door, visit},
    gate::{LONG, ends},
    value::{Does, Unruly},
    way::Way,
};

const LIMIT: Duration = Duration::from_secs(2);
/// So many calls take longer together than the limit of one, and more than a call may be late.
const N_CALLS: u32 = 9;
const TIME: Duration = Duration::from_millis(400);

/// Takes its time, if its argument comes through.
#[task]
fn take(unruly: Unruly) {
    unruly.end();
    // time: the limit is tested
    std::thread::sleep(TIME);
}

/// A chunk whose first call does this, and all the others nothing but take their time.
fn chunk(first: Unruly) -> Batch<()> {
    let others = (1..N_CALLS).map(|_| Unruly::when_encoded(Does::Nothing));
    let calls = [first].into_iter().chain(others).map(take::task);
    calls.map(|call| call.timeout(LIMIT)).collect()
}

#[test]
fn a_call_that_fails_first_takes_nothing_of_the_limits_of_the_others() {
    ends(|| {
        let firsts = [
            Unruly::when_encoded(Does::Refuse),
            Unruly::when_decoded(Does::Die(Way::Kill)),
            Unruly::when_decoded(Does::Refuse),
        ];
        let pool = ProcessPoolExecutor::new(firsts.len()).unwrap();
        let chunks = firsts.map(|first| pool.submit(chunk(first)));
        for chunk in chunks {
            let outcomes = chunk.result().unwrap();
            assert_eq!(outcomes.len(), N_CALLS as usize);
            assert!(outcomes[0].is_err());
            for outcome in &outcomes[1..] {
                assert!(outcome.is_ok(), "{outcome:?}");
            }
        }
        // None but that of the one which died.
        assert_eq!(pool.stats().restarts, 1);
    });
}

#[task]
fn at_once() -> u32 {
    7
}

#[test]
fn a_call_with_a_limit_behind_one_without_has_it() {
    // Who waits takes the first answer, and the keeper must learn of that.
    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let door = Door::new();
        // time: the limit must run out
        let limit = Duration::from_millis(100);
        for first in [None, Some(LONG), Some(Duration::MAX), None, None, None] {
            for _ in 0..200 {
                assert_eq!(pool.submit(at_once::task()).result().unwrap(), 7);
            }
            let first: Call<u32> = match first {
                Some(limit) => at_once::task().timeout(limit),
                None => at_once::task(),
            };
            let second = visit::task(door.address(), 0).timeout(limit);
            let chunk: Batch<u32> = [first, second].into_iter().collect();
            let outcomes = pool.submit(chunk).result().unwrap();
            assert_eq!(outcomes[0].as_ref().unwrap(), &7);
            let error = outcomes[1].as_ref().unwrap_err();
            assert!(matches!(error, Error::TimedOut(_)), "{error:?}");
            door.guest().wait_for_its_end();
        }
    });
}

#[test]
fn it_has_it_also_when_nobody_waits() {
    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let door = Door::new();
        // time: the limit must run out
        let limit = Duration::from_millis(100);
        let first = visit::task(door.address(), 0);
        let second = visit::task(door.address(), 1).timeout(limit);
        let chunk: Batch<u32> = [first, second].into_iter().collect();
        let chunk = pool.submit(chunk);
        // All are asleep when it goes on.
        drop(door.guest());
        let guest = door.guest();
        assert_eq!(guest.name, 1);
        guest.wait_for_its_end();
        let outcomes = chunk.result().unwrap();
        assert!(matches!(outcomes[0], Ok(0)), "{outcomes:?}");
        assert!(
            matches!(outcomes[1], Err(Error::TimedOut(_))),
            "{outcomes:?}"
        );
    });
}
