//! Settings that no clock can reach: they mean never.

use std::time::Duration;

use cf_core::{Error, checkpoint};
use cf_pool::{ProcessPoolExecutor, task};
use rustix::process::Signal;

use crate::{
    door::{Door, knock, visit},
    gate::ends,
    value::{double, pid},
    way::{died, signal},
};

/// The longest there is; longer than the system's clock can tell; and longer than anything else.
const FOREVER: [Duration; 4] = [
    Duration::MAX,
    Duration::from_secs(u64::MAX / 2),
    Duration::from_secs(u64::MAX / 4),
    Duration::from_secs(1 << 40),
];

#[test]
fn a_worker_may_have_all_the_time_to_start() {
    ends(|| {
        for forever in FOREVER {
            let builder = ProcessPoolExecutor::builder().max_workers(2);
            let pool = builder.start_timeout(forever).build().unwrap();
            assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
        }
    });
}

#[task]
fn stop_when_told(address: &str) -> Result<(), Error> {
    knock(address, 0);
    loop {
        checkpoint()?;
        std::thread::yield_now();
    }
}

#[test]
fn a_call_may_have_all_the_time_to_stop() {
    ends(|| {
        for forever in FOREVER {
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            let pool = builder.cancel_grace(forever).build().unwrap();
            let worker = pool.submit(pid::task()).result().unwrap();
            let door = Door::new();
            let call = pool.submit(stop_when_told::task(door.address()));
            drop(door.guest());
            assert!(call.request_cancel());
            assert!(matches!(call.result(), Err(Error::Cancelled)));
            let unwilling = pool.submit(visit::task(door.address(), 5));
            let guest = door.guest();
            assert!(unwilling.request_cancel());
            drop(guest);
            assert_eq!(unwilling.result().unwrap(), 5);
            assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
        }
    });
}

#[test]
fn a_call_may_have_all_the_time_to_run() {
    ends(|| {
        for forever in FOREVER {
            let pool = ProcessPoolExecutor::new(1).unwrap();
            let door = Door::new();
            let call = pool.submit(visit::task(door.address(), 5).timeout(forever));
            drop(door.guest());
            assert_eq!(call.result().unwrap(), 5);
            let call = pool.submit(visit::task(door.address(), 5).timeout(forever));
            let guest = door.guest();
            signal(guest.pid, Signal::KILL);
            assert_eq!(died(call.result()).pid(), guest.pid);
        }
    });
}
