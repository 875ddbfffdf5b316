//! A queue with a bound: who waits, who gets the call back.

use std::{sync::mpsc, thread, time::Duration};

use cf_core::{Error, Executor, Reason, Rejected};
use cf_pool::{ProcessPoolExecutor, Shutdown};

use crate::{
    door::{Door, visit},
    gate::{LONG, ends},
    value::double,
    way::{Way, die},
};

/// One worker, which is at the door, and a queue that is full.
fn full(capacity: usize, door: &Door) -> (ProcessPoolExecutor, crate::door::Guest) {
    let builder = ProcessPoolExecutor::builder().max_workers(1);
    let pool = builder.queue_capacity(capacity).build().unwrap();
    drop(pool.submit(visit::task(door.address(), 0)));
    let guest = door.guest();
    for _ in 0..capacity {
        drop(pool.try_submit(double::task(0)).unwrap());
    }
    (pool, guest)
}

#[test]
fn try_submit_gives_the_call_back() {
    ends(|| {
        let door = Door::new();
        let (pool, guest) = full(3, &door);
        let Err(Rejected { callable, reason }) = pool.try_submit(double::task(4)) else {
            panic!("it was taken")
        };
        assert!(matches!(reason, Reason::Full));
        let waits = pool.submit_now(callable);
        drop(guest);
        assert_eq!(waits.result().unwrap(), 8);
        assert_eq!(
            pool.try_submit(double::task(4)).unwrap().result().unwrap(),
            8
        );
    });
}

#[test]
fn submit_waits_for_room() {
    ends(|| {
        let door = Door::new();
        let (pool, guest) = full(2, &door);
        let (sender, receiver) = mpsc::channel();
        let other = pool.clone();
        let submitting = thread::spawn(move || {
            let call = other.submit(double::task(4));
            sender.send(()).unwrap();
            call.result()
        });
        // time: it has this long to do what it must not do
        let too_early = receiver.recv_timeout(Duration::from_millis(50));
        assert!(too_early.is_err());
        drop(guest);
        receiver.recv_timeout(LONG).unwrap();
        assert_eq!(submitting.join().unwrap().unwrap(), 8);
    });
}

#[test]
fn a_cancel_makes_room() {
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let pool = builder.queue_capacity(1).build().unwrap();
        drop(pool.submit(visit::task(door.address(), 0)));
        let guest = door.guest();
        let queued = pool.submit(double::task(1));
        let room = pool.room_of().unwrap();
        assert!(!room.done());
        assert!(queued.cancel());
        room.result().unwrap();
        assert!(pool.room_of().is_none());
        let next = pool.try_submit(double::task(4)).unwrap();
        drop(guest);
        assert_eq!(next.result().unwrap(), 8);
    });
}

trait RoomOf {
    fn room_of(&self) -> Option<cf_core::Future<()>>;
}

impl RoomOf for ProcessPoolExecutor {
    fn room_of(&self) -> Option<cf_core::Future<()>> {
        Executor::<cf_pool::Call<u32>>::room(self)
    }
}

#[test]
fn all_who_wait_for_room_get_through() {
    ends(|| {
        let door = Door::new();
        let (pool, guest) = full(2, &door);
        let submitting: Vec<_> = (0..16)
            .map(|n| {
                let pool = pool.clone();
                thread::spawn(move || pool.submit(double::task(n)).result().unwrap())
            })
            .collect();
        drop(guest);
        for (n, submitting) in (0..16).zip(submitting) {
            assert_eq!(submitting.join().unwrap(), n * 2);
        }
    });
}

#[test]
fn who_waits_for_room_is_refused_at_the_end() {
    ends(|| {
        let door = Door::new();
        let (pool, guest) = full(1, &door);
        let other = pool.clone();
        let submitting = thread::spawn(move || other.submit(double::task(4)).result());
        pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: false,
        });
        drop(guest);
        match submitting.join().unwrap() {
            Err(Error::Rejected(Reason::Shutdown)) => {}
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn who_waits_for_room_is_refused_when_the_pool_breaks() {
    ends(|| {
        let door = Door::new();
        let builder = ProcessPoolExecutor::builder()
            .max_workers(1)
            .queue_capacity(1);
        let builder = builder.on_worker_death(cf_pool::OnWorkerDeath::BreakPool);
        let pool = builder.build().unwrap();
        drop(pool.submit(visit::task(door.address(), 0)));
        let guest = door.guest();
        drop(pool.submit(die::task(Way::Exit)));
        let other = pool.clone();
        let submitting = thread::spawn(move || {
            let calls = [0, 1, 2].map(|n| other.submit(double::task(n)));
            calls.map(cf_core::Future::result)
        });
        drop(guest);
        let [.., last] = submitting.join().unwrap();
        assert!(matches!(last, Err(Error::BrokenExecutor(_))), "{last:?}");
    });
}

#[test]
fn a_map_through_a_small_queue_ends() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(2);
        let pool = builder.queue_capacity(1).build().unwrap();
        let doubled = pool.map(double::task, 0..500).chunk_size(3);
        let doubled: Result<Vec<_>, _> = doubled.collect();
        assert_eq!(
            doubled.unwrap(),
            (0..500).map(|n| n * 2).collect::<Vec<_>>()
        );
    });
}

#[test]
fn a_queue_without_room_is_an_error_of_build() {
    let error = ProcessPoolExecutor::builder().queue_capacity(0).build();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("queue_capacity"), "{error}");
}
