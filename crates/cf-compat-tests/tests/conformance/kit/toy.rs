//! Executors as somebody might write them, each with a flaw.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use cf_core::{
    BrokenExecutor, Callable, ClosureExecutor, Error, Executor, Future, Promise, Reason, Rejected,
};
use cf_task::{Batch, Call, Incoming, Message, Outgoing};

/// What is wrong with a toy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    RunsCancelled,
    LosesPanics,
    LosesErrors,
    NeverFulfils,
    LosesTheQueue,
    TakesTheLastFirst,
    StartsInSubmit,
    RefusesToTry,
    CallsUnderItsLock,
    HearsNoRequests,
    HangsAtTheEnd,
    PanicsInSubmit,
    LosesOneInAThousand,
    LeavesAfterManyCalls,
    KeepsCancelled,
    IsSlow,
    OneAtATime,
    /// It runs one call more at once than it has workers.
    HasOneMore,
    /// It takes part of its calls in the opposite order.
    HasPriorities,
}

/// How many calls a worker runs that leaves.
const N_MANY: u32 = 500;

/// Some threads and a queue.
pub(crate) struct Toy {
    flaw: Flaw,
    line: Arc<Line>,
    lock: Arc<Mutex<()>>,
    n_jobs: Arc<AtomicU32>,
    workers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Line {
    jobs: Mutex<(VecDeque<Job>, bool)>,
    changed: Condvar,
}

type Job = Box<dyn FnOnce() + Send>;

impl Toy {
    pub(crate) fn new(flaw: Flaw, n_workers: usize) -> Self {
        let line = Arc::new(Line::default());
        let n_threads = n_workers + usize::from(flaw == Flaw::HasOneMore);
        let workers = (0..n_threads).map(|n| {
            let line = Arc::clone(&line);
            let leaves = flaw == Flaw::LeavesAfterManyCalls && n == 0;
            thread::spawn(move || {
                let mut n_calls = 0;
                while let Some(job) = line.next(flaw) {
                    job();
                    n_calls += 1;
                    if leaves && n_calls == N_MANY {
                        return;
                    }
                }
            })
        });
        Self {
            flaw,
            workers: workers.collect(),
            line,
            lock: Arc::default(),
            n_jobs: Arc::default(),
        }
    }
}

impl Line {
    fn push(&self, job: Job) {
        self.jobs.lock().unwrap().0.push_back(job);
        self.changed.notify_one();
    }

    fn next(&self, flaw: Flaw) -> Option<Job> {
        let jobs = self.jobs.lock().unwrap();
        let may_go_on =
            |(jobs, is_closed): &mut (VecDeque<_>, bool)| jobs.is_empty() && !*is_closed;
        let mut jobs = self.changed.wait_while(jobs, may_go_on).unwrap();
        if jobs.1 && flaw == Flaw::LosesTheQueue {
            return None;
        }
        match flaw {
            Flaw::TakesTheLastFirst => jobs.0.pop_back(),
            Flaw::HasPriorities if jobs.0.len().is_multiple_of(3) => jobs.0.pop_back(),
            _ => jobs.0.pop_front(),
        }
    }
}

impl ClosureExecutor for Toy {
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        let (promise, future) = Promise::new();
        let flaw = self.flaw;
        let lock = Arc::clone(&self.lock);
        let n_jobs = Arc::clone(&self.n_jobs);
        match flaw {
            Flaw::PanicsInSubmit => panic!("the toy is broken"),
            Flaw::StartsInSubmit => drop(promise.set_running_or_notify_cancel()),
            Flaw::CallsUnderItsLock => drop(lock.lock().unwrap_or_else(PoisonError::into_inner)),
            _ => {}
        }
        self.line.push(Box::new(move || {
            let holds = matches!(flaw, Flaw::CallsUnderItsLock | Flaw::OneAtATime);
            let _held = holds.then(|| lock.lock());
            let is_lost = || n_jobs.fetch_add(1, Ordering::Relaxed) % 1000 == 999;
            if flaw == Flaw::LosesOneInAThousand && is_lost() {
                return;
            }
            if promise.set_running_or_notify_cancel() || flaw == Flaw::RunsCancelled {
                work(promise, callable, flaw);
            } else if flaw == Flaw::KeepsCancelled {
                mem::forget(callable);
            }
        }));
        future
    }

    fn try_spawn<C: Callable + 'static>(
        &self,
        callable: C,
    ) -> Result<Future<C::Output>, Rejected<C>> {
        if self.flaw == Flaw::RefusesToTry {
            let reason = Reason::Broken(BrokenExecutor::new("no", None));
            return Err(Rejected { callable, reason });
        }
        Ok(self.spawn(callable))
    }
}

fn work<C: Callable + 'static>(promise: Promise<C::Output>, callable: C, flaw: Flaw) {
    if flaw == Flaw::IsSlow {
        // time: a call takes so long
        thread::sleep(Duration::from_millis(10));
    }
    let outcome = match flaw {
        // Nobody knows in there whose task it is.
        Flaw::HearsNoRequests => cf_core::unwind::catch_call(|| callable.call()),
        _ => promise.run(|| callable.call()),
    };
    // A cancelled future refuses both.
    let _ = match (flaw, outcome) {
        (Flaw::NeverFulfils, _) => {
            mem::forget(promise);
            true
        }
        (Flaw::LosesPanics, Err(Error::Panicked(_))) => false,
        (Flaw::LosesErrors, Err(Error::Raised(_))) => false,
        (_, Ok(value)) => promise.set_result(value).is_ok(),
        (_, Err(error)) => promise.set_exception(error).is_ok(),
    };
}

impl Drop for Toy {
    fn drop(&mut self) {
        if self.flaw == Flaw::HangsAtTheEnd {
            loop {
                thread::park();
            }
        }
        self.line.jobs.lock().unwrap().1 = true;
        self.line.changed.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

/// Sends calls away, as if for another process, runs them twice there, and never lets go of them here.
pub(crate) struct Twice;

impl<T: Send + 'static> Executor<Call<T>> for Twice {
    fn submit(&self, call: Call<T>) -> Future<T> {
        let (promise, future) = Promise::new();
        thread::spawn(move || {
            if promise.set_running_or_notify_cancel() {
                let outcome = promise.run(|| send(&call));
                mem::forget(call);
                match outcome {
                    Ok(value) => promise.set_result(value).is_ok(),
                    Err(error) => promise.set_exception(error).is_ok(),
                };
            }
        });
        future
    }

    fn try_submit(&self, call: Call<T>) -> Result<Future<T>, Rejected<Call<T>>> {
        Ok(self.submit(call))
    }
}

fn send<T>(call: &Call<T>) -> Result<T, Error> {
    let mut outgoing = Outgoing::default();
    call.encode(&mut outgoing)
        .map_err(|error| Error::from_box(error.into()))?;
    let buffers = || {
        outgoing
            .buffers
            .iter()
            .map(|buffer| (*buffer).into())
            .collect()
    };
    let mut reply = Message::default();
    for _ in 0..2 {
        reply = Message::default();
        let mut incoming = Incoming::new(&outgoing.head, buffers());
        let ran = call.task().run(&mut incoming, &mut reply);
        ran.map_err(|failure| failure.into_error(0))?;
    }
    let buffers = reply.buffers.into_iter().map(Into::into).collect();
    let value = call.decode(&mut Incoming::new(&reply.head, buffers));
    value.map_err(|error| Error::from_box(error.into()))
}

impl Executor<Batch<u64>> for Twice {
    fn submit(&self, batch: Batch<u64>) -> Future<Vec<Result<u64, Error>>> {
        let (promise, future) = Promise::new();
        let _ = promise.set_result(batch.call().unwrap_or_default());
        future
    }

    fn try_submit(
        &self,
        batch: Batch<u64>,
    ) -> Result<Future<Vec<Result<u64, Error>>>, Rejected<Batch<u64>>> {
        Ok(self.submit(batch))
    }
}
