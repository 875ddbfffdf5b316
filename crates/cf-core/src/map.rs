//! Calling one function with many items on an executor, with the results in input order.

use std::{
    collections::VecDeque,
    fmt,
    iter::FusedIterator,
    time::{Duration, Instant},
};

use crate::{
    chunker::Chunker,
    error::Error,
    executor::{Executor, Rejected, failed},
    future::Future,
    refusal::Reason,
    timeout::Timeout,
};

/// The calls of one function with many items: settings first, then an iterator over the results.
///
/// All calls are submitted when iteration begins, or at [`start`](Self::start); with
/// [`buffer_size`](Self::buffer_size) only so many ahead of what was taken, so the input may be endless. Results come in
/// input order and iteration goes on after a failed call. Dropping a started one cancels the calls that have not started.
///
/// # Panics
/// A panic of the input iterator goes through `next` or `start`; calls submitted by then that have not started are cancelled
/// when the `Map` is dropped.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, InlineExecutor};
///
/// let halves = InlineExecutor::new().map(|n: u32| 12 / n, [3, 0, 2]).chunk_size(2);
/// let halves: Vec<_> = halves.map(Result::ok).collect();
/// assert_eq!(halves, [Some(4), None, Some(6)]);
/// ```
#[must_use = "a map does nothing until it is iterated or started"]
pub struct Map<E, K: Chunker<I::Item>, I: Iterator> {
    chunker: K,
    /// `None` once the input has ended.
    items: Option<I>,
    chunk_size: usize,
    buffer_size: Option<usize>,
    deadline: Option<Instant>,
    has_started: bool,
    chunks: VecDeque<Chunk<K::Output>>,
    /// What is left of the chunk that was taken last.
    results: std::vec::IntoIter<Result<K::Output, Error>>,
    /// How many calls were submitted whose results were not taken.
    n_out: usize,
    executor: E,
}

impl<E, K, I> Map<E, K, I>
where
    E: Executor<K::Chunk>,
    K: Chunker<I::Item>,
    I: Iterator,
{
    /// Makes the calls that `chunker` describes, with `items`, on `executor`; for authors of executors.
    ///
    /// For closures there is [`ClosureExecutor::map`](crate::ClosureExecutor::map).
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Chunker, InlineExecutor, Map};
    ///
    /// fn map<K>(chunker: K, items: Vec<u32>) -> Map<InlineExecutor, K, std::vec::IntoIter<u32>>
    /// where
    ///     K: Chunker<u32>,
    /// {
    ///     Map::over(InlineExecutor::new(), chunker, items.into_iter())
    /// }
    /// ```
    pub fn over(executor: E, chunker: K, items: I) -> Self {
        Self {
            chunker,
            items: Some(items),
            chunk_size: 1,
            buffer_size: None,
            deadline: None,
            has_started: false,
            chunks: VecDeque::new(),
            results: Vec::new().into_iter(),
            n_out: 0,
            executor,
        }
    }

    /// Sends `n_items` items as one task (default 1); each still has a result of its own.
    ///
    /// # Panics
    /// If `n_items` is 0.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor};
    ///
    /// let doubled = InlineExecutor::new().map(|n: u32| n * 2, 0..10).chunk_size(4);
    /// assert_eq!(doubled.filter_map(Result::ok).sum::<u32>(), 90);
    /// ```
    pub fn chunk_size(mut self, n_items: usize) -> Self {
        assert!(n_items > 0, "chunk_size must be greater than 0");
        self.chunk_size = n_items;
        self
    }

    /// Keeps at most `n_items` calls submitted beyond the results that were taken (default: all of them); a chunk that is
    /// larger goes out alone.
    ///
    /// # Panics
    /// If `n_items` is 0.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor};
    ///
    /// let mut squares = InlineExecutor::new().map(|n: u64| n * n, 1..).buffer_size(3);
    /// assert_eq!(squares.by_ref().take(4).filter_map(Result::ok).sum::<u64>(), 30);
    /// ```
    pub fn buffer_size(mut self, n_items: usize) -> Self {
        assert!(n_items > 0, "buffer_size must be greater than 0");
        self.buffer_size = Some(n_items);
        self
    }

    /// Ends the iteration with [`Error::TimedOut`] at the first result that is not there `timeout` after this call, and
    /// cancels what has not started. A result that is there still comes.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use cf_core::{ClosureExecutor, InlineExecutor};
    ///
    /// let mut results = InlineExecutor::new().map(|n: u32| n, [7]).timeout(Duration::from_secs(60));
    /// assert_eq!(results.next().unwrap().unwrap(), 7);
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Instant::now().checked_add(timeout);
        self
    }

    /// Submits now instead of at the first `next`.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, InlineExecutor};
    ///
    /// let started = InlineExecutor::new().map(|n: u32| println!("{n}"), [1, 2]).start();
    /// assert_eq!(started.count(), 2);
    /// ```
    pub fn start(mut self) -> Self {
        self.fill();
        self
    }

    /// Submits what may be submitted.
    fn fill(&mut self) {
        self.has_started = true;
        while self.has_room() {
            let Some(items) = &mut self.items else { return };
            let chunk: Vec<_> = items.by_ref().take(self.chunk_size).collect();
            if chunk.len() < self.chunk_size {
                self.items = None;
            }
            if chunk.is_empty() {
                return;
            }
            let n_items = chunk.len();
            let results = self.submit(self.chunker.chunk(chunk));
            let is_refused = is_refused(&results);
            if is_refused {
                // What was submitted before still comes, then this one error.
                self.items = None;
            }
            self.n_out += n_items;
            self.chunks.push_back(Chunk {
                n_items,
                is_refused,
                results,
            });
        }
    }

    /// Submits a chunk; waits for room in a full queue until the time is up.
    fn submit(&self, mut call: K::Chunk) -> Future<Vec<Result<K::Output, Error>>> {
        let Some(deadline) = self.deadline else {
            return self.executor.submit(call);
        };
        loop {
            match self.executor.try_submit(call) {
                Ok(results) => return results,
                Err(Rejected {
                    callable,
                    reason: Reason::Full,
                }) => call = callable,
                Err(rejected) => return failed(rejected.reason.into()),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(room) = self.executor.room()
                && !room.wait_timeout(left)
            {
                // Who gave up takes no call from who still waits.
                room.cancel();
                return failed(Error::TimedOut(Timeout::default()));
            }
        }
    }

    /// A chunk goes out when all of it fits, or when nothing is out.
    fn has_room(&self) -> bool {
        self.buffer_size
            .is_none_or(|limit| self.n_out == 0 || self.n_out + self.chunk_size <= limit)
    }

    /// Waits for the next chunk; `None` when there are no more.
    fn next_chunk(&mut self) -> Option<Vec<Result<K::Output, Error>>> {
        let Chunk {
            n_items,
            is_refused,
            mut results,
        } = self.chunks.pop_front()?;
        let outcome = match self.deadline {
            None => results.result(),
            Some(deadline) => {
                match results.result_timeout(deadline.saturating_duration_since(Instant::now())) {
                    Ok(outcome) => outcome,
                    Err(timed_out) => {
                        results.cancel();
                        cancel_all(&mut self.chunks);
                        self.items = None;
                        self.n_out = 1;
                        return Some(vec![Err(timed_out.into())]);
                    }
                }
            }
        };
        Some(outcome.unwrap_or_else(|error| {
            let n_errors = if is_refused { 1 } else { n_items };
            self.n_out -= n_items - n_errors;
            (0..n_errors).map(|_| Err(error.clone())).collect()
        }))
    }
}

/// Items that were sent as one task.
struct Chunk<T> {
    n_items: usize,
    /// The executor did not take it; what it took and could not do later has an outcome for each item.
    is_refused: bool,
    results: Future<Vec<Result<T, Error>>>,
}

/// Whether the executor would not take the chunk, or not in time.
fn is_refused<T: 'static>(chunk: &Future<T>) -> bool {
    chunk.done()
        && matches!(
            chunk.exception(),
            Some(Error::Rejected(_) | Error::BrokenExecutor(_))
        )
}

fn cancel_all<T: 'static>(chunks: &mut VecDeque<Chunk<T>>) {
    for chunk in chunks.drain(..) {
        chunk.results.cancel();
    }
}

impl<E, K, I> Iterator for Map<E, K, I>
where
    E: Executor<K::Chunk>,
    K: Chunker<I::Item>,
    I: Iterator,
{
    type Item = Result<K::Output, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.has_started || self.buffer_size.is_some() {
            self.fill();
        }
        loop {
            if let Some(result) = self.results.next() {
                self.n_out -= 1;
                return Some(result);
            }
            self.results = self.next_chunk()?.into_iter();
        }
    }
}

impl<E, K, I> FusedIterator for Map<E, K, I>
where
    E: Executor<K::Chunk>,
    K: Chunker<I::Item>,
    I: Iterator,
{
}

/// What has not started is cancelled.
impl<E, K: Chunker<I::Item>, I: Iterator> Drop for Map<E, K, I> {
    fn drop(&mut self) {
        cancel_all(&mut self.chunks);
    }
}

impl<E, K: Chunker<I::Item>, I: Iterator> fmt::Debug for Map<E, K, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("started", &self.has_started)
            .field("outstanding", &self.n_out)
            .finish()
    }
}
