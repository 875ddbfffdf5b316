//! Wakers that count, that panic and that do something when they are dropped, and a way to block on a poll.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Instant,
};

use crate::gate::LONG;

/// Counts the wake-ups of its wakers, and how many wakers there are.
#[derive(Default)]
pub(crate) struct Alarm(Arc<Count>);

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Alarm {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn poll<R>(&self, f: impl FnOnce(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
        poll_with(&Waker::from(Arc::clone(&self.0)), f)
    }

    pub(crate) fn n_wakes(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    pub(crate) fn n_wakers(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

pub(crate) fn poll_with<R>(waker: &Waker, f: impl FnOnce(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
    f(&mut Context::from_waker(waker))
}

/// Polls where a wake-up is of no interest.
pub(crate) fn poll_once<R>(f: impl FnOnce(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
    poll_with(Waker::noop(), f)
}

/// Polls until it is ready, and only after a wake-up; fails if none comes within [`LONG`].
pub(crate) fn block_on<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
    let woken = Arc::new(Woken {
        thread: thread::current(),
        is_woken: AtomicUsize::new(0),
    });
    let waker = Waker::from(Arc::clone(&woken));
    loop {
        if let Poll::Ready(outcome) = poll_with(&waker, &mut poll) {
            return outcome;
        }
        let deadline = Instant::now() + LONG;
        while woken.is_woken.swap(0, Ordering::Acquire) == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "nobody woke it");
            thread::park_timeout(left);
        }
    }
}

struct Woken {
    thread: Thread,
    is_woken: AtomicUsize,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(1, Ordering::Release);
        self.thread.unpark();
    }
}

/// A waker that panics when it wakes.
pub(crate) fn faulty() -> Waker {
    struct Faulty;

    impl Wake for Faulty {
        fn wake(self: Arc<Self>) {
            panic!("no wake-up today");
        }
    }

    Waker::from(Arc::new(Faulty))
}

/// A waker that does `f` once it is dropped.
pub(crate) fn on_drop(f: impl FnOnce() + Send + 'static) -> Waker {
    Waker::from(Arc::new(OnDrop(Mutex::new(Some(Box::new(f))))))
}

struct OnDrop(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Wake for OnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(f) = self.0.get_mut().unwrap().take() {
            f();
        }
    }
}
