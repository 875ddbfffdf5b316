//! Done callbacks of calls in other processes: they delay and end nobody but themselves.

use std::{panic::resume_unwind, sync::mpsc, thread};

use cf_core::{Error, Reason};
use cf_pool::ProcessPoolExecutor;

use crate::{
    door::{Door, visit},
    gate::{Gate, LONG, OpenAtEnd, ends},
    value::double,
    way::{Way, die},
};

fn pool() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(2).unwrap()
}

// P27: a slow callback delays no other result.
#[test]
fn a_callback_that_does_not_return_delays_no_other_result() {
    ends(|| {
        let pool = pool();
        let inside = Gate::new();
        let gate = OpenAtEnd(Gate::new());
        let (its_inside, its_gate) = (inside.clone(), gate.0.clone());
        let slow = pool.submit(double::task(1));
        slow.add_done_callback(|_| ());
        slow.wait();
        let door = Door::new();
        let slow = pool.submit(visit::task(door.address(), 1));
        slow.add_done_callback(move |_| {
            its_inside.open();
            its_gate.pass();
        });
        drop(door.guest());
        inside.pass();
        for n in 0..200 {
            let call = pool.submit(double::task(n));
            assert_eq!(call.result().unwrap(), n * 2);
        }
        let sum = pool.map(double::task, 0..100).chunk_size(7);
        assert_eq!(sum.map(Result::unwrap).sum::<u32>(), 9900);
        // Nor another callback.
        let (sender, receiver) = mpsc::channel();
        let other = pool.submit(double::task(4));
        other.add_done_callback(move |done| sender.send(done.result().ok().copied()).unwrap());
        assert_eq!(receiver.recv_timeout(LONG).unwrap(), Some(8));
        drop(gate);
        assert_eq!(slow.result().unwrap(), 1);
    });
}

// P28: no panic of a callback ends anything.
#[test]
fn a_callback_that_panics_costs_nothing() {
    ends(|| {
        let pool = pool();
        for n in 0..20 {
            let door = Door::new();
            let (sender, receiver) = mpsc::channel();
            let call = pool.submit(visit::task(door.address(), n));
            call.add_done_callback(|_| resume_unwind(Box::new("as good as SystemExit")));
            call.add_done_callback(move |_| sender.send(()).unwrap());
            drop(door.guest());
            receiver.recv_timeout(LONG).unwrap();
            assert_eq!(call.result().unwrap(), n);
        }
        assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
    });
}

// P29
#[test]
fn a_callback_may_submit() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let (sender, receiver) = mpsc::channel();
        let call = pool.submit(visit::task(door.address(), 0));
        let inner = pool.clone();
        call.add_done_callback(move |_| {
            let waited_for = inner.submit(double::task(4)).result();
            sender
                .send((waited_for, inner.submit(double::task(5))))
                .unwrap();
        });
        drop(door.guest());
        let (waited_for, later) = receiver.recv_timeout(LONG).unwrap();
        assert_eq!((waited_for.unwrap(), later.result().unwrap()), (8, 10));
    });
}

// P29: it cannot wait for itself, so it does not.
#[test]
fn a_shutdown_by_a_callback_does_not_wait() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let (sender, receiver) = mpsc::channel();
        let call = pool.submit(visit::task(door.address(), 0));
        let behind = pool.submit(visit::task(door.address(), 1));
        let guests = door.guests(2);
        let inner = pool.clone();
        call.add_done_callback(move |_| {
            inner.shutdown();
            sender.send(inner.submit(double::task(4)).result()).unwrap();
        });
        let (first, second): (Vec<_>, Vec<_>) = guests.into_iter().partition(|it| it.name == 0);
        drop(first);
        let refused = receiver.recv_timeout(LONG).unwrap();
        assert!(matches!(refused, Err(Error::Rejected(Reason::Shutdown))));
        assert!(!behind.done());
        drop(second);
        assert_eq!(behind.result().unwrap(), 1);
        pool.shutdown();
        assert_eq!(pool.stats().workers.len(), 0);
    });
}

#[test]
fn the_last_handle_may_be_dropped_by_a_callback() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let (sender, receiver) = mpsc::channel();
        let call = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        call.add_done_callback(move |_| {
            drop(pool);
            sender.send(()).unwrap();
        });
        let worker = guest.pid;
        assert!(worker > 1);
        drop(guest);
        receiver.recv_timeout(LONG).unwrap();
        assert_eq!(call.result().unwrap(), 0);
    });
}

#[test]
fn callbacks_that_wait_for_each_other_all_run() {
    ends(|| {
        const N: usize = 8;
        let pool = pool();
        let door = Door::new();
        let all = std::sync::Arc::new(std::sync::Barrier::new(N));
        let first = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let calls: Vec<_> = (0..N - 1)
            .map(|_| pool.submit(visit::task(door.address(), 1)))
            .collect();
        for call in calls.iter().chain([&first]) {
            let all = all.clone();
            call.add_done_callback(move |_| {
                all.wait();
            });
        }
        drop(guest);
        for _ in 0..N - 1 {
            drop(door.guest());
        }
        for call in calls.into_iter().chain([first]) {
            call.result().unwrap();
        }
    });
}

#[test]
fn a_callback_runs_on_neither_a_keeper_nor_the_caller() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let me = thread::current().id();
        let (sender, receiver) = mpsc::channel();
        let value = pool.submit(visit::task(door.address(), 0));
        let its_sender = sender.clone();
        value.add_done_callback(move |_| its_sender.send(thread::current().id()).unwrap());
        let guest = door.guest();
        drop(guest);
        assert_ne!(receiver.recv_timeout(LONG).unwrap(), me);
        let dies = pool.submit(die::task(Way::Exit));
        dies.add_done_callback(move |done| {
            assert!(done.exception().is_some());
            sender.send(thread::current().id()).unwrap();
        });
        receiver.recv_timeout(LONG).unwrap();
    });
}
