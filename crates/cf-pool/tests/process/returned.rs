//! Calls that came back from a worker, which ended before it began with them.

use std::thread;

use cf_core::{Error, Executor};
use cf_pool::{Call, ProcessPoolExecutor, task};
use rustix::process::Signal;

use crate::{
    door::{Door, knock},
    gate::ends,
    value::{double, pid},
    way::{signal, stop},
};

#[task]
fn prepare(address: &str) {
    knock(address, 0);
}

#[test]
fn a_request_to_stop_one_makes_room() {
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let builder = builder.initializer(prepare::task(door.address()));
        let pool = builder.queue_capacity(1).build().unwrap();
        let first = pool.submit(pid::task());
        drop(door.guest());
        let worker = first.result().unwrap();
        stop(worker);
        let returned = pool.submit(double::task(4));
        signal(worker, Signal::KILL);
        // The next worker is started for it, and takes its time.
        let guest = door.guest();
        assert!(returned.running());
        let room = Executor::<Call<u32>>::room(&pool).expect("there is room already");
        let other = pool.clone();
        let submitting = thread::spawn(move || other.submit(double::task(5)));
        assert!(!room.done());
        assert!(returned.request_cancel());
        assert!(matches!(returned.result(), Err(Error::Cancelled)));
        room.result().unwrap();
        let submitted = submitting.join().unwrap();
        drop(guest);
        assert_eq!(submitted.result().unwrap(), 10);
    });
}
