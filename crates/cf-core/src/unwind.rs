//! The one place where panics are caught, described and resumed.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    panic::{self, AssertUnwindSafe, Location},
    sync::{Arc, Mutex, Once},
    task::Waker,
    thread,
};

use crate::error::Error;

/// A panic of a callable: message, thread, place and payload.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, Error, InlineExecutor};
///
/// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("out of {}", "cheese") });
/// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
/// assert_eq!(panic.message(), "out of cheese");
/// assert!(panic.location().unwrap().file().ends_with(".rs"));
/// ```
#[derive(Clone)]
pub struct Panic(Arc<Caught>);

struct Caught {
    message: String,
    thread: String,
    location: Option<PanicLocation>,
    payload: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Drop for Caught {
    fn drop(&mut self) {
        let payload = self.payload.get_mut().map(Option::take);
        contain("drop of a panic payload", || drop(payload));
    }
}

/// Where a panic began.
///
/// # Examples
/// ```
/// use cf_core::{ClosureExecutor, Error, InlineExecutor};
///
/// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("here") });
/// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
/// let place = panic.location().unwrap();
/// assert!(place.line() > 0 && place.column() > 0);
/// assert_eq!(place.to_string(), format!("{}:{}:{}", place.file(), place.line(), place.column()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicLocation {
    file: String,
    line: u32,
    column: u32,
}

impl PanicLocation {
    /// Makes the place of a panic in another process; line and column are counted from 1.
    ///
    /// # Examples
    /// ```
    /// let place = cf_core::PanicLocation::new("src/shop.rs", 12, 5);
    /// assert_eq!(place.to_string(), "src/shop.rs:12:5");
    /// ```
    pub fn new(file: impl Into<String>, line: u32, column: u32) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }

    /// Gives the source file, as the compiler saw its path.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("no ink") });
    /// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert!(panic.location().unwrap().file().ends_with(".rs"));
    /// ```
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Gives the line, counted from 1.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("no ink") });
    /// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert!(panic.location().unwrap().line() >= 1);
    /// ```
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Gives the column, counted from 1.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("no ink") });
    /// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert!(panic.location().unwrap().column() >= 1);
    /// ```
    pub fn column(&self) -> u32 {
        self.column
    }
}

impl fmt::Display for PanicLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl From<&Location<'_>> for PanicLocation {
    fn from(location: &Location<'_>) -> Self {
        Self::new(location.file(), location.line(), location.column())
    }
}

impl Panic {
    /// Tells of a panic in another process; [`resume`](Self::resume) unwinds with the message.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{Panic, PanicLocation};
    ///
    /// let place = PanicLocation::new("src/shop.rs", 12, 5);
    /// let panic = Panic::remote("no ink".to_owned(), "main".to_owned(), Some(place));
    /// assert_eq!(panic.to_string(), "task panicked: no ink (at src/shop.rs:12:5)");
    /// ```
    pub fn remote(message: String, thread: String, location: Option<PanicLocation>) -> Self {
        Self(Arc::new(Caught {
            message,
            thread,
            location,
            payload: Mutex::new(None),
        }))
    }

    /// Gives what `panic!` was given, if that was text.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("no ink") });
    /// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert_eq!(panic.message(), "no ink");
    /// ```
    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Gives the name of the thread that panicked.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("no ink") });
    /// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert_eq!(Some(panic.thread()), std::thread::current().name());
    /// ```
    pub fn thread(&self) -> &str {
        &self.0.thread
    }

    /// Gives where the panic began; `None` for an unwind without a panic, or where the program replaced our panic hook.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("no ink") });
    /// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
    /// assert!(panic.location().is_some_and(|place| place.line() > 0));
    /// ```
    pub fn location(&self) -> Option<&PanicLocation> {
        self.0.location.as_ref()
    }

    /// Unwinds the calling thread with the original payload (with the message, if another clone took it before).
    ///
    /// # Panics
    /// Always: that is its purpose.
    ///
    /// # Examples
    /// ```
    /// use cf_core::{ClosureExecutor, Error, InlineExecutor};
    ///
    /// let future = InlineExecutor::new().spawn(|| -> u32 { panic!("no ink") });
    /// let Err(Error::Panicked(panic)) = future.result() else { unreachable!() };
    /// let again = std::panic::catch_unwind(|| panic.resume()).unwrap_err();
    /// assert_eq!(again.downcast_ref(), Some(&"no ink"));
    /// ```
    pub fn resume(self) -> ! {
        LAST_PLACE.with(|place| place.borrow_mut().clone_from(&self.0.location));
        let payload = self
            .0
            .payload
            .lock()
            .map_or(None, |mut payload| payload.take());
        panic::resume_unwind(payload.unwrap_or_else(|| Box::new(self.0.message.clone())))
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panic")
            .field("message", &self.0.message)
            .field("thread", &self.0.thread)
            .field("location", &self.0.location)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task panicked: {}", self.0.message)?;
        self.0
            .location
            .as_ref()
            .map_or(Ok(()), |location| write!(f, " (at {location})"))
    }
}

thread_local! {
    static CATCHING: Cell<u32> = const { Cell::new(0) };
    static LAST_PLACE: RefCell<Option<PanicLocation>> = const { RefCell::new(None) };
}

/// Runs `f`; a panic becomes [`Error::Panicked`], an unwind with an [`Error`] as payload becomes that error.
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Error> {
    catch_call(|| Ok(f()))
}

/// Runs `f` as [`catch`] does, where `f` can also fail by itself.
pub fn catch_call<R>(f: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    remember_places();
    CATCHING.with(|depth| depth.set(depth.get() + 1));
    let outcome = panic::catch_unwind(AssertUnwindSafe(f));
    CATCHING.with(|depth| depth.set(depth.get() - 1));
    outcome.unwrap_or_else(|payload| Err(describe(payload)))
}

/// Runs `f`, which nobody waits for; a panic in it is reported once as a `tracing` event and goes no further.
pub fn contain(what: &'static str, f: impl FnOnce()) {
    if let Err(error) = catch(f) {
        report(format_args!("panic in {what}"), &error);
    }
}

/// Wakes tasks. A waker is an executor's code: not to be called under a lock, and its panic goes no further.
pub fn wake(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        contain("waker", || waker.wake());
    }
}

/// Reports a failure that nobody waits for as a `tracing` event; a subscriber that panics over it is not heard.
pub fn report(what: fmt::Arguments<'_>, error: &Error) {
    drop(catch(
        || tracing::error!(target: "concurrent_futures", %error, "{what}"),
    ));
}

fn describe(payload: Box<dyn Any + Send>) -> Error {
    let payload = match Error::from_payload(payload) {
        Ok(error) => return error,
        Err(payload) => payload,
    };
    let message = match (
        payload.downcast_ref::<&str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a payload that is not text".to_owned(),
    };
    Error::Panicked(Panic(Arc::new(Caught {
        message,
        thread: thread::current()
            .name()
            .unwrap_or("unnamed thread")
            .to_owned(),
        location: LAST_PLACE.with(|place| place.borrow_mut().take()),
        payload: Mutex::new(Some(payload)),
    })))
}

/// Chains a panic hook that notes where a caught panic began; the hook that was there before still runs.
fn remember_places() {
    static INSTALLED: Once = Once::new();
    if INSTALLED.is_completed() || thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if CATCHING.with(Cell::get) > 0 {
                LAST_PLACE
                    .with(|place| *place.borrow_mut() = info.location().map(PanicLocation::from));
            }
            previous(info);
        }));
    });
}
