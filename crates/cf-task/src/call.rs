//! One call of a task: what an executor runs, here or elsewhere.

use std::{fmt, time::Duration};

use cf_core::{Callable, Error};

use crate::{
    codec::CodecError,
    message::{Incoming, Outgoing},
    task::Task,
};

/// A call of a registered function with its arguments, made by `name::task(arguments…)`.
///
/// It is a [`Callable`]: it runs on threads and on the caller's own thread, where nothing is encoded, and in the worker
/// processes of a process pool. What the function returns is what the future gives; an `Err` is its failure, as with
/// [`cf_core::fallible`].
///
/// # Examples
/// ```
/// use cf_core::{Executor, InlineExecutor};
/// use cf_task::{Call, task};
///
/// #[task]
/// fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
///
/// let call: Call<u32> = parse::task("7");
/// assert_eq!(InlineExecutor::new().submit(call).result().unwrap(), 7);
/// assert!(InlineExecutor::new().submit(parse::task("x")).result().is_err());
/// ```
#[must_use = "a call does nothing until it is submitted"]
pub struct Call<T> {
    task: &'static Task,
    work: Box<dyn Work<T> + Send>,
    options: Options,
}

/// What `#[task]` makes for a function: its arguments, and what can be done with them.
#[doc(hidden)]
pub trait Work<T> {
    /// Calls the function, here.
    fn call(self: Box<Self>) -> Result<T, Error>;

    /// Encodes the arguments.
    fn encode<'a>(&'a self, out: &mut Outgoing<'a>) -> Result<(), CodecError>;

    /// Takes the memory of an argument that is not needed any more.
    fn spare(&mut self) -> Option<Vec<u8>>;

    /// Decodes what the function returned elsewhere.
    fn decode(&self, reply: &mut Incoming<'_>) -> Result<T, CodecError>;
}

/// What an executor may do about a call that takes too long or loses its worker.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_task::{Options, task};
///
/// #[task]
/// fn ping() {}
///
/// assert_eq!(ping::task().options(), Options::default());
/// assert_eq!(ping::task().retries(2).options().retries, 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How long the call may run.
    pub timeout: Option<Duration>,
    /// How many times it is run again after its worker has died under it.
    pub retries: u32,
}

impl<T> Call<T> {
    #[doc(hidden)]
    pub fn new(task: &'static Task, work: Box<dyn Work<T> + Send>) -> Self {
        Self {
            task,
            work,
            options: Options::default(),
        }
    }

    /// Limits how long the call may run, from the moment at which a worker begins it.
    ///
    /// A process pool kills the worker that runs it for longer, and only that one; the future fails with
    /// [`Error::TimedOut`], which says how long it ran. A call that a worker does not begin within the limit and 1 s more, though
    /// it has nothing else to do, counts as timed out, too. On threads, which cannot be killed, the limit does nothing.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use cf_task::task;
    /// #[task]
    /// fn ping() {}
    ///
    /// let call = ping::task().timeout(Duration::from_secs(1));
    /// assert_eq!(call.options().timeout, Some(Duration::from_secs(1)));
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Has the call run again, up to `n` times, when its worker process dies under it; for calls that may run twice.
    ///
    /// An error or a panic of the function is an answer and not tried again, nor is a call that ran into its time limit.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::task;
    /// #[task]
    /// fn ping() {}
    ///
    /// assert_eq!(ping::task().retries(3).options().retries, 3);
    /// ```
    pub fn retries(mut self, n: u32) -> Self {
        self.options.retries = n;
        self
    }

    /// Gives the task that is called.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::task;
    /// #[task(name = "net::ping")]
    /// fn ping() {}
    ///
    /// assert_eq!(ping::task().task().name(), "net::ping");
    /// ```
    pub fn task(&self) -> &'static Task {
        self.task
    }

    /// Gives what was asked for with [`timeout`](Self::timeout) and [`retries`](Self::retries).
    ///
    /// # Examples
    /// ```
    /// # use cf_task::task;
    /// #[task]
    /// fn ping() {}
    ///
    /// assert_eq!(ping::task().options().timeout, None);
    /// ```
    pub fn options(&self) -> Options {
        self.options
    }

    /// Encodes the arguments; for authors of executors. Large buffers are lent, not copied.
    ///
    /// # Errors
    /// [`CodecError`], if a value refuses to be encoded.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::{Outgoing, task};
    /// #[task]
    /// fn add(a: u8, b: u8) -> u8 { a + b }
    ///
    /// let call = add::task(3, 4);
    /// let mut outgoing = Outgoing::default();
    /// call.encode(&mut outgoing).unwrap();
    /// assert_eq!(outgoing.head, [3, 4]);
    /// ```
    pub fn encode<'a>(&'a self, out: &mut Outgoing<'a>) -> Result<(), CodecError> {
        self.work.encode(out)
    }

    /// Takes the memory of a large argument, once the call has been made and will not be made again: for its result.
    #[doc(hidden)]
    pub fn spare(&mut self) -> Option<Vec<u8>> {
        self.work.spare()
    }

    /// Decodes what the function returned elsewhere; for authors of executors.
    ///
    /// # Errors
    /// [`CodecError`], if it cannot be decoded.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::{Incoming, task};
    /// #[task]
    /// fn add(a: u8, b: u8) -> u8 { a + b }
    ///
    /// let call = add::task(3, 4);
    /// assert_eq!(call.decode(&mut Incoming::new(&[7], Vec::new())).unwrap(), 7);
    /// ```
    pub fn decode(&self, reply: &mut Incoming<'_>) -> Result<T, CodecError> {
        self.work.decode(reply)
    }
}

impl<T: Send> Callable for Call<T> {
    type Output = T;

    fn call(self) -> Result<T, Error> {
        self.work.call()
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("task", &self.task.name())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
