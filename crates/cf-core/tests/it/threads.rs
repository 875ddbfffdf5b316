//! Tasks on plain threads: an executor that gives each task a thread of its own, and promises kept by several threads.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Barrier},
    thread::{self, JoinHandle},
    time::Instant,
};

use cf_core::{
    Callable, ClosureExecutor, Future, Promise, Submission, Task,
    host::{self, Ending, Home, Host},
};

use crate::gate::Gate;

/// Runs each task on a new thread, which belongs to no pool.
#[derive(Clone, Copy)]
pub(crate) struct OnThreads;

impl ClosureExecutor for OnThreads {
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        let (task, future) = Submission::new(callable, Home::NOWHERE).split();
        thread::spawn(move || task.run(&Plain));
        future
    }
}

/// A task that runs when the test says so.
pub(crate) fn queued<C: Callable + 'static>(callable: C) -> (Task, Future<C::Output>) {
    Submission::new(callable, Home::NOWHERE).split()
}

thread_local! {
    static BLOCKED: RefCell<Option<Gate>> = const { RefCell::new(None) };
}

/// Opens `gate` once this thread blocks: it watches by then what it waits for.
pub(crate) fn open_when_blocked(gate: Gate) {
    BLOCKED.set(Some(gate));
    host::install(Some(Rc::new(Plain)));
}

/// A thread that nobody can stand in for.
pub(crate) struct Plain;

impl Host for Plain {
    fn home(&self) -> Home {
        Home::NOWHERE
    }

    fn has_stack(&self) -> bool {
        false
    }

    fn take_queued(&self, _: usize) -> Option<Task> {
        None
    }

    fn starting(&self) -> Option<Instant> {
        None
    }

    fn finishing(&self, _: Ending, _: Option<Instant>) {}

    fn ready(&self) {}

    fn can_be_replaced(&self) -> bool {
        false
    }

    fn not_ready(&self) {}

    fn block(&self) -> bool {
        BLOCKED.with_borrow_mut(|gate| gate.take().iter().for_each(Gate::open));
        true
    }

    fn unblock(&self) {}
}

/// Makes that many promises.
pub(crate) fn promises(n: usize) -> (Vec<Promise<usize>>, Vec<Future<usize>>) {
    (0..n).map(|_| Promise::new()).unzip()
}

/// Keeps each promise with its place, from four threads that start when the barrier (of five) lets them.
pub(crate) fn keep_from_four(promises: Vec<Promise<usize>>) -> (Arc<Barrier>, [JoinHandle<()>; 4]) {
    let start = Arc::new(Barrier::new(5));
    let mut parts = [const { Vec::new() }; 4];
    for (place, promise) in promises.into_iter().enumerate() {
        parts[place % 4].push((place, promise));
    }
    let threads = parts.map(|part| {
        let start = Arc::clone(&start);
        thread::spawn(move || {
            start.wait();
            for (place, promise) in part {
                // A third fail, so that waits for a failure have something to see.
                if place % 3 == 2 {
                    promise.set_exception("no luck").unwrap();
                } else {
                    promise.set_result(place).unwrap();
                }
            }
        })
    });
    (start, threads)
}
