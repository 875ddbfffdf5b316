//! Models of the races around a task: loom runs each through all the orders in which its threads may meet.
#![cfg(cf_loom)]

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use aio_bridge::{
    Error, cancelled,
    model::{EventLoop, task, threadsafe},
};
use cf_core::sync::{
    atomic::{AtomicBool, Ordering},
    thread::{self, Thread},
};
use loom::model;

/// Wakes a thread that polls.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls to the end, parked in between: a wake-up that gets lost is a deadlock.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(output) = polled {
            return output;
        }
        thread::park();
    }
}

/// Sets a flag when it is dropped.
struct Gone(Arc<AtomicBool>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn cancel_of_the_blocking_future_races_the_end() {
    model(|| {
        let (driver, future) = threadsafe(async { 7 });
        let canceller = future.canceller();
        let cancelling = thread::spawn(move || canceller.cancel());
        block_on(driver);
        let was_cancelled = cancelling.join().unwrap();
        match future.result() {
            Ok(value) => assert!(!was_cancelled && value == 7),
            Err(error) => assert!(was_cancelled && matches!(error, Error::Cancelled)),
        }
    });
}

#[test]
fn cancel_of_the_blocking_future_reaches_a_pending_coroutine() {
    model(|| {
        let gone = Arc::new(AtomicBool::new(false));
        let guard = Gone(Arc::clone(&gone));
        let (driver, future) = threadsafe(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        let canceller = future.canceller();
        let cancelling = thread::spawn(move || assert!(canceller.cancel()));
        block_on(driver);
        assert!(gone.load(Ordering::Relaxed));
        cancelling.join().unwrap();
        assert!(future.cancelled());
    });
}

#[test]
fn cancel_races_the_end_of_the_task() {
    model(|| {
        let (driver, mut task) = task(async { 7 });
        let canceller = task.canceller();
        let cancelling = thread::spawn(move || canceller.cancel());
        block_on(driver);
        let was_cancelled = cancelling.join().unwrap();
        match task.result() {
            Ok(value) => assert!(!was_cancelled && value == 7),
            Err(error) => assert!(was_cancelled && matches!(error, Error::Cancelled)),
        }
    });
}

#[test]
fn cancel_races_the_registration_of_the_waker() {
    model(|| {
        let (driver, task) = task(pending::<()>());
        let canceller = task.canceller();
        let cancelling = thread::spawn(move || assert!(canceller.cancel()));
        block_on(driver);
        cancelling.join().unwrap();
        assert!(task.cancelled());
    });
}

#[test]
fn cancel_races_the_one_who_listens_for_it() {
    model(|| {
        let (driver, mut task) = task(async {
            let mut listening = pin!(cancelled());
            poll_fn(|context| listening.as_mut().poll(context)).await;
            "cleaned up"
        });
        let canceller = task.canceller();
        let cancelling = thread::spawn(move || assert!(canceller.cancel()));
        block_on(driver);
        cancelling.join().unwrap();
        // Before the first poll nobody listens yet.
        match task.result() {
            Ok(words) => assert_eq!(words, "cleaned up"),
            Err(error) => assert!(matches!(error, Error::Cancelled)),
        }
    });
}

#[test]
fn cancel_of_the_outer_task_waits_for_the_inner_one() {
    model(|| {
        let (inner_driver, inner) = task(pending::<()>());
        let inner_canceller = inner.canceller();
        let (outer_driver, outer) = task(async move {
            drop(inner.await);
        });
        let running_inner = thread::spawn(move || block_on(inner_driver));
        let canceller = outer.canceller();
        assert!(canceller.cancel());
        block_on(outer_driver);
        assert!(outer.cancelled());
        // Not started, the outer one never told the inner one.
        inner_canceller.cancel();
        running_inner.join().unwrap();
    });
}

#[test]
fn awaiting_races_the_end_of_the_task() {
    model(|| {
        let (driver, task) = task(async { 7 });
        let driving = thread::spawn(move || block_on(driver));
        assert_eq!(block_on(task).unwrap(), 7);
        driving.join().unwrap();
    });
}

#[test]
fn drop_of_the_driver_races_awaiting() {
    model(|| {
        let (driver, task) = task(pending::<()>());
        let dropping = thread::spawn(move || drop(driver));
        assert!(matches!(block_on(task), Err(Error::Cancelled)));
        dropping.join().unwrap();
    });
}

#[test]
fn registration_races_the_end_of_the_loop() {
    model(|| {
        let event_loop = EventLoop::default();
        let closing = {
            let event_loop = event_loop.clone();
            thread::spawn(move || event_loop.cancel_all())
        };
        let registered = event_loop.register();
        closing.join().unwrap();
        assert_eq!(registered.canceller().cancelling(), 1);
    });
}

#[test]
fn end_of_the_last_task_races_the_end_of_the_loop() {
    model(|| {
        let event_loop = EventLoop::default();
        let registered = event_loop.register();
        let ending = thread::spawn(move || drop(registered));
        block_on(poll_fn(|context| event_loop.poll_empty(context)));
        ending.join().unwrap();
    });
}
