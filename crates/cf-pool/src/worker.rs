//! One worker thread: where it finds its next task, and when it sleeps or leaves.

use std::{
    cell::{Cell, Ref, RefCell},
    rc::Rc,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use cf_core::{
    BrokenExecutor, Task,
    host::{self, Ending, Home, Host},
    spin,
    sync::{self, thread, thread_local},
    unwind,
};

use crate::{
    desk::Desk,
    histogram::add,
    shared::{Next, Shared},
};

/// A worker takes at most so many tasks at once, and only while they are tiny.
const MAX_BATCH: usize = 64;
/// Tasks that take less on average are tiny.
const TINY: Duration = Duration::from_micros(2);
/// While tasks are tiny, one in so many is timed.
const TINY_TIMING_INTERVAL: u32 = 64;
/// A task that has been in another worker's queue for two looks this far apart is taken from there.
const PATROL: Duration = Duration::from_micros(200);

thread_local! {
    static WORKER: RefCell<Option<Rc<Worker>>> = const { RefCell::new(None) };
}

/// Queues a task at this thread's own desk, if it is one of `shared`'s workers and may; gives it back if not.
pub(crate) fn push_local(shared: &Arc<Shared>, task: Task) -> Result<(), Task> {
    let mut task = Some(task);
    let _ = WORKER.try_with(|worker| {
        let worker = worker.borrow();
        let worker = worker
            .as_ref()
            .filter(|worker| Arc::ptr_eq(&worker.shared, shared))?;
        task = worker.push(task.take()?).err();
        Some(())
    });
    task.map_or(Ok(()), Err)
}

/// The state of one worker thread.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    desk: Arc<Desk>,
    stack_base: usize,
    stack_bytes: usize,
    /// The other workers, and the version of the list.
    known: RefCell<(usize, Vec<Arc<Desk>>)>,
    n_until_timed: Cell<u32>,
    /// How many blocked sections the thread is in.
    n_blocks: Cell<u32>,
    /// That of the last timed task, which stands for the untimed ones after it.
    run_time: Cell<Duration>,
}

/// The body of a worker thread.
pub(crate) fn run(shared: Arc<Shared>, desk: Arc<Desk>) {
    let _ = desk.thread.set(thread::current());
    let worker = Rc::new(Worker {
        stack_base: stack_position(),
        stack_bytes: shared.settings.stack_bytes(),
        shared,
        desk,
        known: RefCell::new((0, Vec::new())),
        n_until_timed: Cell::new(0),
        n_blocks: Cell::new(0),
        run_time: Cell::new(Duration::ZERO),
    });
    WORKER.with(|slot| *slot.borrow_mut() = Some(Rc::clone(&worker)));
    host::install(Some(Rc::clone(&worker) as Rc<dyn Host>));
    if let Some(Err(cause)) = worker
        .shared
        .settings
        .initializer
        .as_ref()
        .map(|initialize| initialize())
    {
        worker.shared.break_down(&BrokenExecutor::new(
            "a worker's initializer failed",
            Some(cause.clone()),
        ));
        unwind::report(format_args!("exception in initializer"), &cause);
    }
    // A value whose drop panics, where the worker is the last to hold it, must not end the worker.
    // A new worker was called, and counts as searching until it has looked.
    let mut is_searching = true;
    while let Err(error) = unwind::catch(|| worker.work(std::mem::take(&mut is_searching))) {
        unwind::report(format_args!("panic in the drop of a result"), &error);
    }
    host::install(None);
    WORKER.with(|slot| slot.borrow_mut().take());
}

/// Where on its stack the thread is.
pub(crate) fn stack_position() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}

impl Worker {
    fn work(&self, mut is_searching: bool) {
        let mut pace = Pace::new();
        loop {
            let local = if is_searching { None } else { self.pop_local() };
            let next = match local {
                Some(task) => Next::Task(task),
                None => self.take(&mut pace, &mut is_searching),
            };
            let stolen = match next {
                Next::Task(task) => {
                    task.run(self);
                    continue;
                }
                Next::Nothing => self.steal(),
                Next::Surplus => None,
            };
            if let Some(task) = stolen {
                if std::mem::take(&mut is_searching) {
                    self.shared.end_search();
                }
                task.run(self);
                continue;
            }
            if self.shared.is_closed() {
                if self.shared.leave(&self.desk, is_searching) {
                    return;
                }
                continue;
            }
            if is_searching && spin::look(|| self.shared.sees_work() || self.sees_local_work()) {
                continue;
            }
            pace.pause();
            if !self
                .shared
                .lie_down(&self.desk, std::mem::take(&mut is_searching))
            {
                continue;
            }
            is_searching = true;
            if !self.sleep() && self.shared.leave(&self.desk, is_searching) {
                return;
            }
        }
    }

    fn pop_local(&self) -> Option<Task> {
        if self.desk.n_local() == 0 {
            return None;
        }
        self.pop_of(&self.desk)
    }

    /// The next of the queue; before it, what another worker has had for too long.
    fn take(&self, pace: &mut Pace, is_searching: &mut bool) -> Next {
        let n_tasks = if self.shared.is_bounded() {
            1
        } else {
            pace.next_batch()
        };
        if !*is_searching
            && pace.patrol_is_due
            && let Some(task) = self.take_stalled(pace)
        {
            self.shared.call_for_local_work();
            return Next::Task(task);
        }
        let next = self.shared.take(&self.desk, n_tasks, is_searching);
        if matches!(next, Next::Task(_)) {
            pace.n_taken = 1 + self.desk.n_local();
        }
        next
    }

    /// Takes the first task of a worker that has not touched its queue since the last patrol.
    fn take_stalled(&self, pace: &mut Pace) -> Option<Task> {
        let others = self.others();
        let positions: Vec<_> = others
            .iter()
            .filter(|desk| desk.n_local() > 0)
            .map(|desk| (desk.number, desk.with_local(|local| local.position())))
            .collect();
        let last_positions = std::mem::replace(&mut pace.last_positions, positions);
        let (stalled, _) = pace
            .last_positions
            .iter()
            .find(|position| last_positions.contains(position))?;
        let desk = others.iter().find(|desk| desk.number == *stalled)?;
        self.desk.is_free.store(false, Ordering::Release);
        self.pop_of(desk)
    }

    /// The other workers, those that came after this one first.
    fn others(&self) -> Ref<'_, [Arc<Desk>]> {
        {
            let mut known = self.known.borrow_mut();
            let version = known.0;
            self.shared.refresh(&mut known);
            if known.0 != version {
                let me = known
                    .1
                    .iter()
                    .position(|desk| Arc::ptr_eq(desk, &self.desk));
                known.1.rotate_left(me.unwrap_or(0));
                known.1.retain(|desk| !Arc::ptr_eq(desk, &self.desk));
            }
        }
        Ref::map(self.known.borrow(), |known| &known.1[..])
    }

    fn pop_of(&self, desk: &Desk) -> Option<Task> {
        desk.with_local(|local| local.pop(|since, n_tasks| self.desk.tally.waited(since, n_tasks)))
    }

    fn sees_local_work(&self) -> bool {
        self.known.borrow().1.iter().any(|desk| desk.n_local() > 0)
    }

    /// Takes the first task of another worker's queue.
    fn steal(&self) -> Option<Task> {
        self.others()
            .iter()
            .filter(|desk| desk.n_local() > 0)
            .find_map(|desk| self.pop_of(desk))
    }

    /// Sleeps until called; false if the idle time was up.
    fn sleep(&self) -> bool {
        // Whoever filled its own queue before this worker lay down did not call it. The queues are looked into under
        // their locks: what is pushed after the look is pushed by somebody who sees that this worker sleeps.
        if self
            .others()
            .iter()
            .any(|desk| desk.with_local(|local| !local.is_empty()))
            && self.shared.get_up_for_work(&self.desk)
        {
            return true;
        }
        let deadline = self
            .shared
            .settings
            .idle_timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
        spin::learn_from(|| {
            while !self.desk.is_called.load(Ordering::Acquire) {
                if deadline.is_some_and(|deadline| Instant::now() >= deadline)
                    && self.shared.get_up(&self.desk)
                {
                    return false;
                }
                sync::park_until(deadline);
            }
            true
        })
    }

    /// Queues a task that this worker's task submits: behind all others where there are others, else at the own desk.
    pub(crate) fn push(&self, task: Task) -> Result<(), Task> {
        if self.shared.is_bounded() || self.shared.is_closed() || self.shared.has_queue() {
            return Err(task);
        }
        let interval = self.shared.timing_interval.load(Ordering::Relaxed);
        self.desk.with_local(|local| local.push(task, interval));
        add(&self.desk.tally.submitted, 1);
        self.shared.call_for_local_work();
        Ok(())
    }
}

impl Host for Worker {
    fn home(&self) -> Home {
        self.shared.home
    }

    fn has_stack(&self) -> bool {
        let used = self.stack_base.abs_diff(stack_position());
        used < self.stack_bytes / 2 || (used < self.stack_bytes / 8 * 7 && !self.can_be_replaced())
    }

    fn take_queued(&self, task: usize) -> Option<Task> {
        if self.desk.n_local() == 0 {
            return None;
        }
        self.desk.with_local(|local| local.take_back(task))
    }

    fn starting(&self) -> Option<Instant> {
        add(&self.desk.tally.started, 1);
        self.shared.made_room();
        let n = self.n_until_timed.get();
        if n > 0 {
            self.n_until_timed.set(n - 1);
            return None;
        }
        Some(Instant::now())
    }

    fn finishing(&self, ending: Ending, started: Option<Instant>) {
        self.desk.tally.count(ending);
        if let Some(started) = started {
            let duration = started.elapsed();
            self.run_time.set(duration);
            let interval = if duration < TINY {
                TINY_TIMING_INTERVAL
            } else {
                1
            };
            self.n_until_timed.set(interval - 1);
            if self.shared.timing_interval.load(Ordering::Relaxed) != interval {
                self.shared
                    .timing_interval
                    .store(interval, Ordering::Relaxed);
            }
        }
        self.desk.tally.run_time.record(self.run_time.get(), 1);
    }

    fn ready(&self) {
        if self.desk.n_local() == 0 {
            self.desk.is_free.store(true, Ordering::Release);
        }
    }

    fn not_ready(&self) {
        if self.desk.is_free.swap(false, Ordering::AcqRel) {
            self.shared.call_for_work();
        }
    }

    fn can_be_replaced(&self) -> bool {
        self.shared.can_replace_one()
    }

    fn block(&self) -> bool {
        self.n_blocks.set(self.n_blocks.get() + 1);
        // In a section within a section the thread is out of action already.
        self.n_blocks.get() > 1 || {
            self.desk.is_free.store(false, Ordering::Release);
            self.shared.block()
        }
    }

    fn unblock(&self) {
        self.n_blocks.set(self.n_blocks.get() - 1);
        if self.n_blocks.get() == 0 {
            self.shared.unblock();
        }
    }
}

/// How fast this worker goes through tasks, which decides how many it takes at once.
struct Pace {
    batch: usize,
    n_taken: usize,
    /// When the last batch was taken, if the worker has been busy since.
    since: Option<Instant>,
    next_patrol: Option<Instant>,
    patrol_is_due: bool,
    /// Where the others' queues were at the last patrol, by desk number.
    last_positions: Vec<(usize, u64)>,
}

impl Pace {
    fn new() -> Self {
        Self {
            batch: 1,
            n_taken: 0,
            since: None,
            next_patrol: None,
            patrol_is_due: false,
            last_positions: Vec::new(),
        }
    }

    /// Doubles while tasks are tiny, and falls back to one by one as soon as they are not.
    fn next_batch(&mut self) -> usize {
        let now = sync::now();
        if let Some(since) = self.since.filter(|_| self.n_taken > 0) {
            let n_taken = u32::try_from(self.n_taken).unwrap_or(u32::MAX);
            let is_tiny = now.duration_since(since) < TINY * n_taken;
            self.batch = if is_tiny {
                (self.batch * 2).min(MAX_BATCH)
            } else {
                1
            };
        }
        self.since = Some(now);
        self.n_taken = 0;
        self.patrol_is_due = self.next_patrol.is_none_or(|then| now >= then);
        if self.patrol_is_due {
            self.next_patrol = now.checked_add(PATROL);
        }
        self.batch
    }

    /// Time spent idle says nothing about the tasks.
    fn pause(&mut self) {
        self.since = None;
    }
}
