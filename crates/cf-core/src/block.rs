//! How a thread waits: it helps if it may, looks around for a moment, then sleeps until it is told.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    error::Error,
    graph::{Edges, Need},
    guard,
    host::{self, Host, Lookout},
    node::{self, Node, Watch, Watcher, WatcherId},
    spin,
    state::Phase,
    sync::{self, thread},
};

/// How long a wait may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// No limit was given: such a wait may help, and is watched for circles.
    Untimed,
    /// Until then; `None` lies beyond what the clock can tell.
    Until(Option<Instant>),
}

impl Limit {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self::Until(Instant::now().checked_add(timeout))
    }

    pub(crate) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Untimed => None,
            Self::Until(deadline) => deadline,
        }
    }

    pub(crate) fn is_over(self) -> bool {
        self.deadline()
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(crate) fn is_untimed(self) -> bool {
        matches!(self, Self::Untimed)
    }
}

/// Waits for one future; false if the time ran out first. `handle` gives another reference to `node`, where that is needed.
pub(crate) fn until_done(
    node: &dyn Node,
    handle: impl Fn() -> Arc<dyn Node>,
    limit: Limit,
) -> Result<bool, Error> {
    if node.is_done() {
        return Ok(true);
    }
    refuse_in_event_loop()?;
    if limit.is_over() {
        return Ok(node.is_done());
    }
    if limit.is_untimed()
        && let Some(host) = host::current()
    {
        help(node, &handle, &*host);
    }
    if look_for(node) || node.watch(Watcher::Thread(thread::current())) == Watch::Ended {
        return Ok(true);
    }
    let done = sleep(Need::All, &[handle()], limit, || {
        while !node.is_done() {
            if limit.is_over() {
                return false;
            }
            sync::park_until(limit.deadline());
        }
        true
    });
    if !matches!(done, Ok(true)) {
        node.unwatch(&WatcherId::Thread(thread::current().id()));
    }
    Ok(done? || node.is_done())
}

/// Looks around for a moment; where the task runs elsewhere, also for what came from there.
fn look_for(node: &dyn Node) -> bool {
    let Some(lookout) = host::lookout(node.home()) else {
        return spin::look(|| node.is_done());
    };
    let looking = Looking::begin(lookout);
    let found = spin::look(|| {
        looking.0.look();
        node.is_done()
    });
    drop(looking);
    found || node.is_done()
}

/// Ends the looking in any case.
struct Looking(Arc<dyn Lookout>);

impl Looking {
    fn begin(lookout: Arc<dyn Lookout>) -> Self {
        lookout.begin();
        Self(lookout)
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Fails where blocking would stall an event loop.
pub(crate) fn refuse_in_event_loop() -> Result<(), Error> {
    if guard::is_blocking_refused() {
        Err(Error::EventLoopBlocked)
    } else {
        Ok(())
    }
}

/// Runs `asleep`, which parks this thread, with all told that this thread is out of action meanwhile.
pub(crate) fn sleep<R>(
    need: Need,
    targets: &[Arc<dyn Node>],
    limit: Limit,
    asleep: impl FnOnce() -> R,
) -> Result<R, Error> {
    match sleep_if_replaced(need, targets, limit, false, asleep)? {
        Some(outcome) => Ok(outcome),
        None => unreachable!("it sleeps in any case"),
    }
}

/// Sleeps as `sleep` does; with `must_be_replaced` not where work is queued that nobody else is left to run (`None`).
pub(crate) fn sleep_if_replaced<R>(
    need: Need,
    targets: &[Arc<dyn Node>],
    limit: Limit,
    must_be_replaced: bool,
    asleep: impl FnOnce() -> R,
) -> Result<Option<R>, Error> {
    let edges = if limit.is_untimed() {
        Some(Edges::add(need, targets)?)
    } else {
        None
    };
    let section = BlockedSection::enter();
    if must_be_replaced && !section.is_replaced {
        return Ok(None);
    }
    let outcome = spin::learn_from(asleep);
    drop((section, edges));
    Ok(Some(outcome))
}

/// Tells the worker's pool, if this is a worker, that the thread blocks until this is dropped.
///
/// For code that blocks in other ways than on our futures; the pool keeps its number of running threads meanwhile.
///
/// # Examples
/// ```
/// use cf_core::BlockedSection;
///
/// let section = BlockedSection::enter();
/// // ... wait for something outside ...
/// drop(section);
/// ```
pub struct BlockedSection {
    host: Option<Rc<dyn Host>>,
    is_replaced: bool,
}

impl BlockedSection {
    /// The thread is about to block.
    ///
    /// # Examples
    /// ```
    /// let _section = cf_core::BlockedSection::enter();
    /// std::thread::yield_now();
    /// ```
    #[must_use]
    pub fn enter() -> Self {
        let host = host::current();
        let is_replaced = host.as_ref().is_none_or(|host| host.block());
        Self { host, is_replaced }
    }
}

impl Drop for BlockedSection {
    fn drop(&mut self) {
        if let Some(host) = self.host.take() {
            host.unblock();
        }
    }
}

impl std::fmt::Debug for BlockedSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BlockedSection")
            .field(&self.host.is_some())
            .finish()
    }
}

/// Runs what `node` waits for, as far as that is queued where this thread may run it, and nothing else.
pub(crate) fn help(node: &dyn Node, handle: impl Fn() -> Arc<dyn Node>, host: &dyn Host) {
    while !node.is_done() && host.has_stack() {
        if let Some(task) = host.take_queued(node::id(node)) {
            task.run_on_top(host);
        } else if !handle().run_queued(host) && !run_a_source(node, host) {
            return;
        }
    }
}

fn run_a_source(node: &dyn Node, host: &dyn Host) -> bool {
    let mut open = node.sources();
    while let Some(node) = open.pop() {
        if node.phase() == Phase::Pending {
            let sources = node.sources();
            if sources.is_empty() && node.run_queued(host) {
                return true;
            }
            open.extend(sources);
        }
    }
    false
}
