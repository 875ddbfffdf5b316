//! Many awaitables of one kind at once, their values in the order in which they were given.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use cf_core::{Error, bridge::Completions};

use crate::{
    awaitable::{Awaitable, Awaitables, Outcome},
    child::{Child, Value, ensure},
    delivery::{self, Told},
    handles,
};

/// Awaits all of them and gives their values in the order of the arguments.
///
/// Coroutines start at once, as tasks. The first failure is the outcome, at once; the others run on, and what becomes of them
/// is not told. For values of several types there is the macro [`gather!`](crate::gather!). Waiting for n costs O(n) in all.
/// Follows `asyncio.gather`.
///
/// # Errors
/// The first failure, or [`Error::Cancelled`] where a child was cancelled; [`return_exceptions`](Gather::return_exceptions)
/// puts them in the list instead.
///
/// # Panics
/// Where a coroutine is among them, outside a tokio runtime.
///
/// # Cancellation
/// Cancelling or dropping it cancels all children that have not ended; a cancelled one ends when they have.
///
/// # Examples
/// ```
/// use aio_bridge::{gather, run, to_thread};
///
/// let squares = run(async { gather((1..=3_u64).map(|n| to_thread(move || n * n))).await });
/// assert_eq!(squares.unwrap().unwrap(), [1, 4, 9]);
/// ```
#[track_caller]
pub fn gather<A>(awaitables: impl Awaitables<A>) -> Gather<Value<A>>
where
    A: Awaitable + 'static,
    A::Gives: Outcome,
    A::Body: Send + 'static,
{
    handles::note::<Gather<Value<A>>>();
    Gather(Children::new(awaitables.into_iter().map(ensure).collect()))
}

/// What [`gather()`] gives: a future of all values, or of the first failure.
#[must_use = "dropping it cancels the children; await it"]
pub struct Gather<T: Send + 'static>(Children<T>);

/// What [`Gather::return_exceptions`] gives: a future of all outcomes.
#[must_use = "dropping it cancels the children; await it"]
pub struct GatherAll<T: Send + 'static>(Children<T>);

/// The children and the outcomes that are there.
struct Children<T: Send + 'static> {
    running: Vec<Option<Child<T>>>,
    outcomes: Vec<Option<Result<T, Error>>>,
    n_running: usize,
    /// The places of those that had ended before anybody looked.
    ended: Vec<u32>,
    completions: Completions,
    is_cancelled: bool,
    told: Told,
    is_over: bool,
}

/// Nothing in it is pinned.
impl<T: Send + 'static> Unpin for Children<T> {}

impl<T: Send + 'static> Children<T> {
    fn new(children: Vec<Child<T>>) -> Self {
        let completions = Completions::new();
        let ended = (0_u32..)
            .zip(&children)
            .filter(|(index, child)| !completions.watch(child.awaited(), *index))
            .map(|(index, _)| index)
            .collect();
        Self {
            n_running: children.len(),
            outcomes: children.iter().map(|_| None).collect(),
            running: children.into_iter().map(Some).collect(),
            ended,
            completions,
            is_cancelled: false,
            told: Told::default(),
            is_over: false,
        }
    }

    fn cancel(&mut self) -> bool {
        let mut accepted = false;
        for child in self.running.iter().flatten() {
            accepted |= child.cancel();
        }
        self.is_cancelled |= accepted;
        accepted
    }

    fn is_done(&self) -> bool {
        self.running.iter().flatten().all(Child::done)
    }

    /// Ready once all have ended, or with the first failure if that suffices.
    fn poll(
        &mut self,
        failure_suffices: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        loop {
            let mut waiting = Vec::new();
            for place in std::mem::take(&mut self.ended) {
                let index = place as usize;
                let Some(child) = &mut self.running[index] else {
                    continue;
                };
                // It has ended, but its callbacks look first. What is to be told to it was told.
                let Poll::Ready(outcome) = delivery::apart(|| child.poll(context)) else {
                    waiting.push(place);
                    continue;
                };
                self.running[index] = None;
                self.n_running -= 1;
                if failure_suffices
                    && !self.is_cancelled
                    && let Err(error) = outcome
                {
                    self.running.drain(..).flatten().for_each(Child::forget);
                    self.n_running = 0;
                    return Poll::Ready(Err(error));
                }
                self.outcomes[index] = Some(outcome);
            }
            let n_waiting = waiting.len();
            self.ended = waiting;
            if self.n_running == 0 {
                return Poll::Ready(if self.is_cancelled {
                    Err(Error::Cancelled)
                } else {
                    Ok(())
                });
            }
            if n_waiting == self.n_running {
                return Poll::Pending;
            }
            let enough = if failure_suffices && !self.is_cancelled {
                1
            } else {
                self.n_running - n_waiting
            };
            ready!(self.completions.poll(enough, true, context));
            self.ended.append(&mut self.completions.take().0);
        }
    }

    /// As `poll`, where it may be told to end.
    fn poll_told(
        &mut self,
        failure_suffices: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        if self.is_over {
            return Poll::Ready(Err(Error::InvalidState));
        }
        if self.told.hears() {
            self.cancel();
        }
        let polled = delivery::answer(self.poll(failure_suffices, context));
        self.is_over = polled.is_ready();
        polled
    }

    fn take_outcomes(&mut self) -> Vec<Result<T, Error>> {
        std::mem::take(&mut self.outcomes)
            .into_iter()
            .map(|outcome| outcome.unwrap_or(Err(Error::InvalidState)))
            .collect()
    }
}

/// The awaiting side is gone: nobody wants the values.
impl<T: Send + 'static> Drop for Children<T> {
    fn drop(&mut self) {
        for child in self.running.drain(..).flatten() {
            self.completions.unwatch(child.awaited());
            child.cancel();
            child.forget();
        }
    }
}

impl<T: Send + 'static> Gather<T> {
    /// Puts failures and cancellations in the list, at their places, instead of ending with the first.
    ///
    /// # Examples
    /// ```
    /// use aio_bridge::{gather, run, to_thread};
    /// use cf_core::fallible;
    ///
    /// let outcomes = run(async {
    ///     gather(["1", "x"].map(|text| to_thread(fallible(move || text.parse::<u32>()))))
    ///         .return_exceptions()
    ///         .await
    /// });
    /// let outcomes = outcomes.unwrap().unwrap();
    /// assert!(outcomes[0].is_ok() && outcomes[1].is_err());
    /// ```
    pub fn return_exceptions(self) -> GatherAll<T> {
        handles::note::<GatherAll<T>>();
        GatherAll(self.0)
    }
}

impl<T: Send + 'static> Future for Gather<T> {
    type Output = Result<Vec<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.0.poll_told(true, context))?;
        Poll::Ready(self.0.take_outcomes().into_iter().collect())
    }
}

impl<T: Send + 'static> Future for GatherAll<T> {
    type Output = Result<Vec<Result<T, Error>>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.0.poll_told(false, context))?;
        Poll::Ready(Ok(self.0.take_outcomes()))
    }
}

macro_rules! handle {
    ($($gather:ident),+) => {$(
        impl<T: Send + 'static> $gather<T> {
            /// Cancels all children that have not ended; false if there is none. It ends as cancelled when they have.
            ///
            /// # Examples
            /// ```
            /// use aio_bridge::{Error, create_task, gather, run};
            ///
            /// run(async {
            ///     let mut all = gather([create_task(std::future::pending::<()>())]);
            ///     assert!(all.cancel());
            ///     assert!(matches!(all.await, Err(Error::Cancelled)));
            /// }).unwrap();
            /// ```
            pub fn cancel(&mut self) -> bool {
                self.0.cancel()
            }

            /// Tells whether it was cancelled and all children have ended; a cancelled child alone is a failure.
            ///
            /// # Examples
            /// ```
            /// use aio_bridge::{create_task, gather, run};
            ///
            /// run(async { assert!(!gather([create_task(async {})]).cancelled()) }).unwrap();
            /// ```
            pub fn cancelled(&self) -> bool {
                self.0.is_cancelled && self.0.is_done()
            }

            /// Tells whether all children have ended.
            ///
            /// # Examples
            /// ```
            /// use aio_bridge::{create_task, gather, run};
            ///
            /// run(async { assert!(!gather([create_task(async {})]).done()) }).unwrap();
            /// ```
            pub fn done(&self) -> bool {
                self.0.is_done()
            }
        }

        impl<T: Send + 'static> fmt::Debug for $gather<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($gather))
                    .field("n_children", &self.0.outcomes.len())
                    .field("n_running", &self.0.n_running)
                    .finish_non_exhaustive()
            }
        }
    )+};
}

handle!(Gather, GatherAll);
