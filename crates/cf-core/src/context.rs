//! What travels with a task from the thread that submits it to the thread that runs it.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use tracing::Span;

/// Puts a carried value in place, runs the task by calling its argument once, and takes the value away again.
///
/// # Examples
/// ```
/// use cf_core::Restore;
///
/// let restore: Restore = Box::new(|task| task());
/// let mut n_calls = 0;
/// restore(&mut || n_calls += 1);
/// assert_eq!(n_calls, 1);
/// ```
pub type Restore = Box<dyn FnOnce(&mut dyn FnMut()) + Send>;

type Capture = Arc<dyn Fn() -> Option<Restore> + Send + Sync>;

static PROPAGATORS: RwLock<Vec<Capture>> = RwLock::new(Vec::new());
static HAS_PROPAGATORS: AtomicBool = AtomicBool::new(false);

/// Has `capture` called at every submission, and what it returns called around the task.
///
/// The current `tracing` span travels without this. `capture` runs on the submitting thread and returns `None` where there
/// is nothing to carry. Propagators stay for the life of the program; of several, the first added is the outermost.
/// A panic in `capture` reaches the submitter; a panic in the returned closure fails the task.
///
/// # Examples
/// ```
/// use std::cell::Cell;
/// use cf_core::{ClosureExecutor, InlineExecutor, add_propagator};
///
/// thread_local!(static TENANT: Cell<u32> = const { Cell::new(0) });
///
/// add_propagator(|| {
///     let tenant = TENANT.get();
///     Some(Box::new(move |task| {
///         let previous = TENANT.replace(tenant);
///         task();
///         TENANT.set(previous);
///     }))
/// });
/// TENANT.set(7);
/// assert_eq!(InlineExecutor::new().spawn(|| TENANT.get()).result().unwrap(), 7);
/// ```
pub fn add_propagator(capture: impl Fn() -> Option<Restore> + Send + Sync + 'static) {
    PROPAGATORS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Arc::new(capture));
    HAS_PROPAGATORS.store(true, Ordering::Release);
}

/// What one task carries; nothing is allocated where there is nothing to carry. For authors of executors.
///
/// # Examples
/// ```
/// use cf_core::Context;
///
/// assert_eq!(Context::capture().enter(|| 7), Some(7));
/// ```
pub struct Context(Option<Box<Carried>>);

struct Carried {
    span: Option<Span>,
    restores: Vec<Restore>,
}

impl Context {
    /// Takes what the calling thread has: its span, and what the propagators give.
    ///
    /// # Examples
    /// ```
    /// let context = cf_core::Context::capture();
    /// assert_eq!(context.enter(|| 7), Some(7));
    /// ```
    pub fn capture() -> Self {
        let span = tracing::dispatcher::has_been_set()
            .then(Span::current)
            .filter(|span| !span.is_none());
        let restores: Vec<_> = if HAS_PROPAGATORS.load(Ordering::Acquire) {
            // User code: not under the lock, for it may add one.
            let propagators = PROPAGATORS
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            propagators.iter().filter_map(|capture| capture()).collect()
        } else {
            Vec::new()
        };
        let carries = span.is_some() || !restores.is_empty();
        Self(carries.then(|| Box::new(Carried { span, restores })))
    }

    /// Runs `f` in the span and with the carried values in place; `None` if a propagator did not call it.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(cf_core::Context::capture().enter(|| 7), Some(7));
    /// ```
    pub fn enter<R>(mut self, f: impl FnOnce() -> R) -> Option<R> {
        let span = self.take_span().unwrap_or_else(Span::none);
        span.in_scope(|| self.run(f))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Takes the span out, which the caller is to enter.
    pub(crate) fn take_span(&mut self) -> Option<Span> {
        self.0.as_mut().and_then(|carried| carried.span.take())
    }

    /// Runs `f` with the carried values in place; `None` if a propagator did not call the task.
    pub(crate) fn run<R>(self, f: impl FnOnce() -> R) -> Option<R> {
        let Some(carried) = self.0.filter(|carried| !carried.restores.is_empty()) else {
            return Some(f());
        };
        let mut f = Some(f);
        let mut outcome = None;
        nest(carried.restores.into_iter(), &mut || {
            if let Some(f) = f.take() {
                outcome = Some(f());
            }
        });
        outcome
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Context").field(&self.0.is_some()).finish()
    }
}

fn nest(mut restores: std::vec::IntoIter<Restore>, f: &mut dyn FnMut()) {
    let Some(restore) = restores.next() else {
        return f();
    };
    let mut rest = Some(restores);
    restore(&mut || {
        if let Some(rest) = rest.take() {
            nest(rest, f);
        }
    });
}
