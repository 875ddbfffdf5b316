//! What the queue of a process pool holds: calls with the promise of their outcome, whatever its type.

use std::ops::Deref;

use cf_core::{Callable, Error, Future, Promise, host::Home, unwind};
use cf_task::{Batch, Call, CodecError, Failure, Incoming, Options, Outgoing, Task};

use crate::process::{callbacks::Callbacks, frame::Draft};

/// A head may be so long; what is longer belongs into buffers.
pub(crate) const MAX_HEAD_BYTES: usize = 1 << 30;

/// So many workers in a row may die when they are about to begin with it.
const MAX_UNBEGUN: u32 = 5;

/// What a worker answered to a call.
pub(crate) enum Answer<'a> {
    Value(Incoming<'a>),
    Failed(Error),
}

/// Calls that are sent as one frame; they are settled one after the other.
pub(crate) trait Job: Send {
    /// The running task's mark, as its future's requests have it.
    fn id(&self) -> usize;

    /// Declares that it is about to be sent; false if it was cancelled. True again when it is sent once more.
    fn start(&self) -> bool;

    fn is_pending(&self) -> bool;

    fn is_asked_to_stop(&self) -> bool;

    /// Whether a call of it that is not settled has a time limit.
    fn is_timed(&self) -> bool;

    /// The next call to be settled; `None` when all are.
    fn current(&self) -> Option<Current>;

    /// Adds the calls that are not settled to a frame; those that cannot be encoded are settled so.
    fn draft<'a>(&'a self, draft: &mut Draft<'a>, refused: &mut Vec<(usize, CodecError)>);

    /// Takes memory for the value of the next call, which has been made and will not be made again.
    fn spare(&mut self) -> Option<Vec<u8>>;

    /// Settles the next call.
    fn settle(&mut self, answer: Answer<'_>);

    /// Settles a call out of turn: it could not be encoded.
    fn refuse(&mut self, index: usize, error: CodecError);

    /// It comes back from a worker that died and had not begun with it, so it says; false if that is past belief.
    fn is_unbegun_again(&mut self) -> bool;

    /// The worker died under the next call, which fails so unless it may be tried again.
    fn bereave(&mut self, error: Error);

    /// Settles what is not settled with this error.
    fn fail(&mut self, error: Error);

    /// How its calls ended; all are settled.
    fn tally(&self) -> Tally;

    /// Gives its outcome to the future; all its calls are settled.
    fn finish(self: Box<Self>, callbacks: &Callbacks);

    /// Cancels it, though it counts as running.
    fn cancel(self: Box<Self>, callbacks: &Callbacks);
}

/// The call that a worker is to run next.
pub(crate) struct Current {
    pub(crate) task: &'static Task,
    pub(crate) options: Options,
}

impl Current {
    fn new<T>(call: &Call<T>) -> Self {
        Self {
            task: call.task(),
            options: call.options(),
        }
    }
}

/// How the calls of a job ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
}

impl Tally {
    fn add<T>(&mut self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.completed += 1,
            Err(Error::Cancelled) => self.cancelled += 1,
            Err(_) => self.failed += 1,
        }
    }
}

/// What can cross to another process: a [`Call`], or several of them as a [`Batch`].
///
/// A closure cannot: it is code and borrowed memory of this process.
///
/// # Examples
/// ```
/// use cf_core::Future;
/// use cf_pool::{CrossesProcess, ProcessPoolExecutor, task};
///
/// #[task]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// fn start<C: CrossesProcess>(pool: &ProcessPoolExecutor, call: C) -> Future<C::Output> {
///     pool.submit(call)
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     cf_pool::init();
///     let pool = ProcessPoolExecutor::new(1)?;
///     assert_eq!(start(&pool, double::task(21)).result()?, 42);
///     Ok(())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross to a worker process",
    label = "not a call of a `#[task]` function",
    note = "a closure stays in its process: mark a function with `#[task]` and submit `name::task(arguments…)`",
    note = "or run the closure on threads: `ThreadPoolExecutor`"
)]
pub trait CrossesProcess: Callable<Output: 'static> + Sized + 'static + sealed::IntoJob {}

impl<T: Send + 'static> CrossesProcess for Call<T> {}
impl<T: Send + 'static> CrossesProcess for Batch<T> {}

pub(crate) mod sealed {
    use super::{Callable, Future, Home, Job};

    /// What the queue holds, for its eyes only.
    #[expect(missing_debug_implementations, reason = "nobody outside has one")]
    pub struct Parcel(pub(crate) Box<dyn Job>);

    /// How it becomes what the queue holds.
    pub trait IntoJob: Callable {
        #[doc(hidden)]
        #[track_caller]
        fn into_job(self, home: Home) -> (Parcel, Future<Self::Output>)
        where
            Self::Output: 'static;
    }
}

use sealed::Parcel;

impl<T: Send + 'static> sealed::IntoJob for Call<T> {
    #[track_caller]
    fn into_job(self, home: Home) -> (Parcel, Future<T>) {
        let (promise, future) = Promise::at(home);
        let job = Single {
            promise,
            retries: self.options().retries,
            call: Held(Some(self)),
            outcome: None,
            n_unbegun: 0,
        };
        (Parcel(Box::new(job)), future)
    }
}

impl<T: Send + 'static> sealed::IntoJob for Batch<T> {
    #[track_caller]
    fn into_job(self, home: Home) -> (Parcel, Future<Self::Output>) {
        let (promise, future) = Promise::at(home);
        let items = self.into_calls().into_iter();
        let job = Several {
            promise,
            n_settled: 0,
            n_unbegun: 0,
            refusal: None,
            items: items
                .map(|call| Item {
                    retries: call.options().retries,
                    state: ItemState::Open(Held(Some(call))),
                })
                .collect(),
        };
        (Parcel(Box::new(job)), future)
    }
}

/// A call that waits to be settled. Its arguments are the user's: a panic of their drop goes no further.
struct Held<T>(Option<Call<T>>);

impl<T> Deref for Held<T> {
    type Target = Call<T>;

    fn deref(&self) -> &Call<T> {
        let Some(call) = &self.0 else {
            unreachable!("only drop takes it")
        };
        call
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        unwind::contain("drop of a call", || drop(self.0.take()));
    }
}

/// One call.
struct Single<T: Send + 'static> {
    promise: Promise<T>,
    call: Held<T>,
    retries: u32,
    outcome: Option<Result<T, Error>>,
    n_unbegun: u32,
}

impl<T: Send + 'static> Job for Single<T> {
    fn id(&self) -> usize {
        self.promise.id()
    }

    fn start(&self) -> bool {
        self.promise.set_running_or_notify_cancel()
    }

    fn is_pending(&self) -> bool {
        !self.promise.is_cancelled()
    }

    fn is_asked_to_stop(&self) -> bool {
        self.promise.is_asked_to_stop()
    }

    fn is_timed(&self) -> bool {
        self.call.options().timeout.is_some()
    }

    fn current(&self) -> Option<Current> {
        let is_open = self.outcome.is_none();
        is_open.then(|| Current::new(&self.call))
    }

    fn draft<'a>(&'a self, draft: &mut Draft<'a>, refused: &mut Vec<(usize, CodecError)>) {
        draft_call(0, &self.call, draft, refused);
    }

    fn spare(&mut self) -> Option<Vec<u8>> {
        // Should the worker die in the middle of its answer, nothing is needed again.
        if self.retries == 0 {
            self.call.0.as_mut()?.spare()
        } else {
            None
        }
    }

    fn settle(&mut self, answer: Answer<'_>) {
        self.outcome = Some(decode(&self.call, answer));
    }

    fn refuse(&mut self, _: usize, error: CodecError) {
        self.outcome = Some(Err(Error::from_box(Box::new(error))));
    }

    fn is_unbegun_again(&mut self) -> bool {
        self.n_unbegun += 1;
        self.n_unbegun <= MAX_UNBEGUN
    }

    fn bereave(&mut self, error: Error) {
        if self.retries > 0 && matches!(error, Error::WorkerDied(_)) {
            self.retries -= 1;
        } else {
            self.outcome = Some(Err(error));
        }
    }

    fn fail(&mut self, error: Error) {
        self.outcome.get_or_insert(Err(error));
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.outcome.iter().for_each(|outcome| tally.add(outcome));
        tally
    }

    fn finish(self: Box<Self>, callbacks: &Callbacks) {
        let outcome = self.outcome.unwrap_or(Err(Error::BrokenPromise));
        callbacks.deliver(self.promise, outcome);
    }

    fn cancel(self: Box<Self>, callbacks: &Callbacks) {
        callbacks.deliver(self.promise, Err(Error::Cancelled));
    }
}

/// Several calls, each with an outcome of its own.
struct Several<T: Send + 'static> {
    promise: Promise<Vec<Result<T, Error>>>,
    items: Vec<Item<T>>,
    /// All before this one are settled.
    n_settled: usize,
    n_unbegun: u32,
    refusal: Option<Error>,
}

struct Item<T> {
    retries: u32,
    state: ItemState<T>,
}

enum ItemState<T> {
    Open(Held<T>),
    Settled(Result<T, Error>),
}

impl<T: Send + 'static> Several<T> {
    /// The open calls with their numbers.
    fn open(&self) -> impl Iterator<Item = (usize, &Call<T>)> {
        let items = self.items.iter().enumerate().skip(self.n_settled);
        items.filter_map(|(index, item)| match &item.state {
            ItemState::Open(call) => Some((index, &**call)),
            ItemState::Settled(_) => None,
        })
    }

    fn next_open(&self) -> Option<usize> {
        self.open().next().map(|(index, _)| index)
    }

    fn put(&mut self, index: usize, outcome: Result<T, Error>) {
        self.items[index].state = ItemState::Settled(outcome);
        while matches!(self.items.get(self.n_settled), Some(item) if matches!(item.state, ItemState::Settled(_)))
        {
            self.n_settled += 1;
        }
    }
}

impl<T: Send + 'static> Job for Several<T> {
    fn id(&self) -> usize {
        self.promise.id()
    }

    fn start(&self) -> bool {
        self.promise.set_running_or_notify_cancel()
    }

    fn is_pending(&self) -> bool {
        !self.promise.is_cancelled()
    }

    fn is_asked_to_stop(&self) -> bool {
        self.promise.is_asked_to_stop()
    }

    fn is_timed(&self) -> bool {
        self.open()
            .any(|(_, call)| call.options().timeout.is_some())
    }

    fn current(&self) -> Option<Current> {
        let (_, call) = self.open().next()?;
        Some(Current::new(call))
    }

    fn draft<'a>(&'a self, draft: &mut Draft<'a>, refused: &mut Vec<(usize, CodecError)>) {
        for (index, call) in self.open() {
            draft_call(index, call, draft, refused);
        }
    }

    fn spare(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn settle(&mut self, answer: Answer<'_>) {
        let Some((index, call)) = self.open().next() else {
            return;
        };
        let outcome = decode(call, answer);
        self.put(index, outcome);
    }

    fn refuse(&mut self, index: usize, error: CodecError) {
        self.put(index, Err(Error::from_box(Box::new(error))));
    }

    fn is_unbegun_again(&mut self) -> bool {
        self.n_unbegun += 1;
        self.n_unbegun <= MAX_UNBEGUN
    }

    fn bereave(&mut self, error: Error) {
        let Some((index, _)) = self.open().next() else {
            return;
        };
        let item = &mut self.items[index];
        if item.retries > 0 && matches!(error, Error::WorkerDied(_)) {
            item.retries -= 1;
        } else {
            self.put(index, Err(error));
        }
    }

    fn fail(&mut self, error: Error) {
        if self.n_settled == 0 {
            // Nothing of it has run: the chunk as a whole was refused.
            self.refusal = Some(error.clone());
        }
        while let Some(index) = self.next_open() {
            self.put(index, Err(error.clone()));
        }
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for item in &self.items {
            if let ItemState::Settled(outcome) = &item.state {
                tally.add(outcome);
            }
        }
        tally
    }

    fn finish(self: Box<Self>, callbacks: &Callbacks) {
        let settled = self.items.into_iter().map(|item| match item.state {
            ItemState::Settled(outcome) => outcome,
            ItemState::Open(_) => Err(Error::BrokenPromise),
        });
        let outcome = self.refusal.map_or_else(|| Ok(settled.collect()), Err);
        callbacks.deliver(self.promise, outcome);
    }

    fn cancel(self: Box<Self>, callbacks: &Callbacks) {
        callbacks.deliver(self.promise, Err(Error::Cancelled));
    }
}

fn draft_call<'a, T>(
    index: usize,
    call: &'a Call<T>,
    draft: &mut Draft<'a>,
    refused: &mut Vec<(usize, CodecError)>,
) {
    let added = draft.add(call.task().key(), |bytes| {
        let mut outgoing = Outgoing {
            head: std::mem::take(bytes),
            buffers: Vec::new(),
        };
        let start = outgoing.head.len();
        // A panic of a value's own `Serialize` is that value's failure.
        let encoded = unwind::catch(|| call.encode(&mut outgoing));
        *bytes = outgoing.head;
        match encoded {
            Ok(Ok(())) if bytes.len() - start > MAX_HEAD_BYTES => Err(CodecError::too_long()),
            Ok(Ok(())) => Ok(outgoing.buffers),
            Ok(Err(error)) => Err(error),
            Err(panic) => Err(CodecError::panicked(&panic)),
        }
    });
    if let Err(error) = added {
        refused.push((index, error));
    }
}

fn decode<T>(call: &Call<T>, answer: Answer<'_>) -> Result<T, Error> {
    match answer {
        Answer::Value(mut incoming) => unwind::catch_call(|| {
            call.decode(&mut incoming)
                .map_err(|error| Error::from_box(Box::new(error)))
        }),
        Answer::Failed(error) => Err(error),
    }
}

/// Reads how a call of this task failed.
pub(crate) fn failure(encoded: &[u8], pid: u32, task: Option<&Task>) -> Error {
    let failure = postcard::from_bytes(encoded)
        .unwrap_or_else(|error| Failure::Codec(format!("the failure cannot be read: {error}")));
    match (failure, task) {
        (Failure::Unknown, Some(task)) => Error::from_box(
            format!(
                "worker process {pid} does not know the task `{}`: register it before `cf_pool::init()`",
                task.name()
            )
            .into(),
        ),
        (failure, _) => failure.into_error(pid),
    }
}
