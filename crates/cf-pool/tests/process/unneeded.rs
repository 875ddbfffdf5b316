//! Workers that are still in their initializer when nobody needs them any more: they end, however long it takes.

use std::{thread, time::Duration};

use cf_core::{Error, Reason};
use cf_pool::{ProcessPoolExecutor, Shutdown, task};

use crate::{
    door::{Door, Word, knock, visit},
    gate::ends,
    value::double,
};

const FAIL: Word = b'f';

/// Waits at the door, and fails if it is told to.
#[task]
fn prepare(address: &str) -> Result<(), String> {
    if knock(address, 0) == FAIL {
        return Err("no license".to_owned());
    }
    Ok(())
}

/// A pool whose workers wait at the door for as long as nobody lets them in.
fn pool(n_workers: usize, door: &Door) -> ProcessPoolExecutor {
    let builder = ProcessPoolExecutor::builder().max_workers(n_workers);
    let builder = builder.initializer(prepare::task(door.address()));
    builder.start_timeout(Duration::MAX).build().unwrap()
}

#[test]
fn a_pool_that_breaks_ends_them() {
    ends(|| {
        let door = Door::new();
        let pool = pool(2, &door);
        let calls = [4, 5].map(|n| pool.submit(double::task(n)));
        let [hangs, fails] = <[_; 2]>::try_from(door.guests(2)).ok().unwrap();
        fails.tell(FAIL);
        for call in calls {
            let error = call.result().unwrap_err();
            assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
            assert!(error.to_string().contains("no license"), "{error}");
        }
        drop(pool);
        hangs.wait_for_its_end();
    });
}

#[test]
fn a_shutdown_that_cancels_what_they_were_started_for_ends_them() {
    ends(|| {
        let door = Door::new();
        let pool = pool(2, &door);
        let calls = [4, 5].map(|n| pool.submit(double::task(n)));
        let guests = door.guests(2);
        pool.shutdown_with(Shutdown {
            wait: true,
            cancel_futures: true,
        });
        for call in calls {
            assert!(matches!(call.result(), Err(Error::Cancelled)));
        }
        for guest in guests {
            guest.wait_for_its_end();
        }
        assert!(door.is_deserted(), "it was tried again");
    });
}

#[test]
fn a_shutdown_after_all_was_cancelled_ends_them() {
    ends(|| {
        let door = Door::new();
        let pool = pool(2, &door);
        let calls = [4, 5].map(|n| pool.submit(double::task(n)));
        let guests = door.guests(2);
        assert!(calls.iter().all(cf_core::Future::cancel));
        drop(pool);
        for guest in guests {
            guest.wait_for_its_end();
        }
    });
}

#[test]
fn a_cancel_after_a_shutdown_ends_them() {
    ends(|| {
        let door = Door::new();
        let pool = pool(2, &door);
        let calls = [4, 5].map(|n| pool.submit(double::task(n)));
        let guests = door.guests(2);
        pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: false,
        });
        assert!(calls.iter().all(cf_core::Future::cancel));
        drop(pool);
        for guest in guests {
            guest.wait_for_its_end();
        }
    });
}

#[test]
fn another_worker_that_does_the_last_call_ends_them() {
    ends(|| {
        let door = Door::new();
        let pool = pool(2, &door);
        let first = pool.submit(visit::task(door.address(), 7));
        drop(door.guest());
        let visitor = door.guest();
        let last = pool.submit(double::task(4));
        let hangs = door.guest();
        let other = pool.clone();
        let ending = thread::spawn(move || other.shutdown());
        drop(visitor);
        assert_eq!(first.result().unwrap(), 7);
        assert_eq!(last.result().unwrap(), 8);
        ending.join().unwrap();
        hangs.wait_for_its_end();
    });
}

#[test]
fn those_that_are_killed_do_not_count_as_failures() {
    /// Five in a row would break the pool.
    const N_WORKERS: usize = 6;

    type End = fn(&ProcessPoolExecutor);
    const WAYS: [End; 2] = [
        ProcessPoolExecutor::kill_workers,
        ProcessPoolExecutor::terminate_workers,
    ];

    ends(|| {
        for end in WAYS {
            let door = Door::new();
            let pool = pool(N_WORKERS, &door);
            let calls = [4; N_WORKERS].map(|n| pool.submit(double::task(n)));
            let guests = door.guests(N_WORKERS);
            end(&pool);
            for guest in guests {
                guest.wait_for_its_end();
            }
            for call in calls {
                assert!(matches!(call.result(), Err(Error::Cancelled)));
            }
            pool.shutdown();
            let late = pool.submit(double::task(4)).result();
            let is_shut_down = matches!(late, Err(Error::Rejected(Reason::Shutdown)));
            assert!(is_shut_down, "{late:?}");
            assert!(door.is_deserted(), "it was tried again");
        }
    });
}
