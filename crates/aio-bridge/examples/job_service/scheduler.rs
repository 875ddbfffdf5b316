//! The scheduler as it was before there was a web front: blocking, and without a word about async.
//!
//! It numbers jobs, runs them on a pool behind a bounded queue, and keeps the last finished ones for those who ask.

use std::{
    collections::{HashMap, VecDeque},
    io::Read,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cf_core::{Error, SharedFuture, fallible};
use cf_pool::{BuildError, Stats, ThreadPoolExecutor};

use crate::jobs::{self, Kind, Output, Progress};

pub(crate) type JobId = u64;

/// Runs jobs; shared by reference between any number of threads.
pub(crate) struct Scheduler {
    pool: ThreadPoolExecutor,
    book: Arc<Book>,
}

/// The numbers that bound it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) n_workers: usize,
    /// Jobs that may wait to be started.
    pub(crate) n_queued: usize,
    /// Finished jobs that are remembered; older ones are forgotten, and their results with them.
    pub(crate) n_kept: usize,
}

/// What is known of a job at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) kind: Kind,
    pub(crate) state: State,
    /// Input read so far.
    pub(crate) n_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Queued,
    Running,
    Done,
    Failed(String),
    Cancelled,
}

impl Scheduler {
    pub(crate) fn new(limits: Limits) -> Result<Self, BuildError> {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(limits.n_workers)
            .queue_capacity(limits.n_queued)
            .thread_name_prefix("job")
            .build()?;
        let book = Arc::new(Book {
            n_kept: limits.n_kept,
            entries: Mutex::default(),
        });
        Ok(Self { pool, book })
    }

    /// Accepts a job and gives its number.
    ///
    /// # Errors
    /// `Error::Rejected`: the queue is full, or `close` was called.
    pub(crate) fn submit(
        &self,
        kind: Kind,
        input: impl Read + Send + 'static,
    ) -> Result<JobId, Error> {
        let progress = Arc::new(Progress::default());
        let written = Arc::clone(&progress);
        let job = fallible(move || jobs::run(kind, input, &written));
        let future = match self.pool.try_submit(job) {
            Ok(future) => future.shared(),
            Err(rejected) => return Err(rejected.reason.into()),
        };
        let id = self.book.enter(Job {
            kind,
            progress,
            future: future.clone(),
        });
        let book = Arc::clone(&self.book);
        future.add_done_callback(move |_| book.retire(id));
        Ok(id)
    }

    /// Tells how the job is doing; `None` if it is unknown or forgotten.
    pub(crate) fn status(&self, id: JobId) -> Option<Status> {
        self.book.find(id).map(|job| job.status())
    }

    /// Waits for the job's outcome; `None` if it is unknown or forgotten.
    pub(crate) fn result(&self, id: JobId) -> Option<Result<Output, Error>> {
        self.future(id).map(|future| future.result())
    }

    /// The future of the job's outcome, for those who do not want to wait here.
    pub(crate) fn future(&self, id: JobId) -> Option<SharedFuture<Output>> {
        self.book.find(id).map(|job| job.future)
    }

    /// Cancels a queued job, asks a running one to stop; false if it has a result, `None` if it is unknown or forgotten.
    pub(crate) fn cancel(&self, id: JobId) -> Option<bool> {
        self.future(id).map(|future| future.request_cancel())
    }

    /// The futures of all jobs that have not ended.
    pub(crate) fn unfinished(&self) -> Vec<SharedFuture<Output>> {
        self.book.unfinished()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.pool.stats()
    }

    /// Takes no more jobs, and returns when all that were accepted have ended.
    pub(crate) fn close(&self) {
        self.pool.shutdown();
    }
}

/// A job as the book has it.
#[derive(Clone)]
struct Job {
    kind: Kind,
    progress: Arc<Progress>,
    future: SharedFuture<Output>,
}

impl Job {
    fn status(&self) -> Status {
        let ended = self.future.peek(|outcome| match outcome {
            Ok(_) => State::Done,
            Err(Error::Cancelled) => State::Cancelled,
            Err(error) => State::Failed(error.to_string()),
        });
        let state = ended.unwrap_or_else(|| match self.progress.is_started() {
            true => State::Running,
            false => State::Queued,
        });
        Status {
            kind: self.kind,
            state,
            n_bytes: self.progress.n_bytes(),
        }
    }
}

/// All jobs that are remembered.
struct Book {
    n_kept: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    last_id: JobId,
    jobs: HashMap<JobId, Job>,
    /// The ended ones of them, the oldest first.
    ended: VecDeque<JobId>,
}

impl Book {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, job: Job) -> JobId {
        let mut entries = self.entries();
        entries.last_id += 1;
        let id = entries.last_id;
        entries.jobs.insert(id, job);
        id
    }

    fn find(&self, id: JobId) -> Option<Job> {
        self.entries().jobs.get(&id).cloned()
    }

    fn unfinished(&self) -> Vec<SharedFuture<Output>> {
        let entries = self.entries();
        let unfinished = entries.jobs.values().filter(|job| !job.future.done());
        unfinished.map(|job| job.future.clone()).collect()
    }

    /// Notes that the job has ended and forgets the oldest that has, where there are too many.
    fn retire(&self, id: JobId) {
        // Dropped after the lock: it may be what keeps a large file.
        let _forgotten = {
            let mut entries = self.entries();
            entries.ended.push_back(id);
            let is_full = entries.ended.len() > self.n_kept;
            is_full
                .then(|| entries.ended.pop_front())
                .flatten()
                .and_then(|oldest| entries.jobs.remove(&oldest))
        };
    }
}
