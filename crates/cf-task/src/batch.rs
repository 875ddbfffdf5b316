//! Several calls that travel as one.

use cf_core::{Callable, Error, unwind};

use crate::call::Call;

/// Calls that are sent as one task, each with an outcome of its own: a chunk of `map`.
///
/// # Examples
/// ```
/// use cf_core::{Executor, InlineExecutor};
/// use cf_task::{Batch, task};
///
/// #[task]
/// fn half(n: u32) -> Result<u32, String> {
///     if n % 2 == 0 { Ok(n / 2) } else { Err(format!("{n} is odd")) }
/// }
///
/// let batch: Batch<u32> = [2, 3, 4].map(half::task).into_iter().collect();
/// let halves = InlineExecutor::new().submit(batch).result().unwrap();
/// let halves: Vec<_> = halves.into_iter().map(Result::ok).collect();
/// assert_eq!(halves, [Some(1), None, Some(2)]);
/// ```
#[derive(Debug)]
#[must_use = "a batch does nothing until it is submitted"]
pub struct Batch<T>(Vec<Call<T>>);

impl<T> Batch<T> {
    /// Gives the calls back.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::{Batch, task};
    /// #[task]
    /// fn ping() {}
    ///
    /// let batch: Batch<()> = [ping::task(), ping::task()].into_iter().collect();
    /// assert_eq!(batch.into_calls().len(), 2);
    /// ```
    pub fn into_calls(self) -> Vec<Call<T>> {
        self.0
    }
}

impl<T> FromIterator<Call<T>> for Batch<T> {
    fn from_iter<I: IntoIterator<Item = Call<T>>>(calls: I) -> Self {
        Self(calls.into_iter().collect())
    }
}

impl<T: Send> Callable for Batch<T> {
    type Output = Vec<Result<T, Error>>;

    fn call(self) -> Result<Self::Output, Error> {
        let outcomes = self.0.into_iter();
        Ok(outcomes
            .map(|call| unwind::catch_call(|| call.call()))
            .collect())
    }
}
