//! A first-in first-out queue of tasks that also knows, for some of them, since when they have been in it.

use std::{collections::VecDeque, mem, time::Instant};

use cf_core::Task;

/// An emptied queue does not keep more room than this for the next flood.
const MAX_KEPT_TASKS: usize = 4096;

/// In a queue this long one task in so many is timed at the most, so that stamps take no room to speak of.
const LONG_QUEUE: usize = 256;
const LONG_QUEUE_INTERVAL: u32 = 64;

/// Tasks in submission order. Places are counted from the first task on and never reused, so a stamp needs no room in a task.
#[derive(Debug, Default)]
pub(crate) struct Fifo {
    tasks: VecDeque<Task>,
    /// The place of the first task.
    head: u64,
    /// The places of timed tasks, when they were pushed, and for how many tasks each stands: itself and the untimed before it.
    stamps: VecDeque<(u64, Instant, u32)>,
    n_unstamped: u32,
}

impl Fifo {
    /// Appends a task and times one in `interval`.
    pub(crate) fn push(&mut self, task: Task, interval: u32) {
        self.n_unstamped += 1;
        let interval = if self.tasks.len() < LONG_QUEUE {
            interval
        } else {
            interval.max(LONG_QUEUE_INTERVAL)
        };
        if self.n_unstamped >= interval {
            let place = self.head + self.tasks.len() as u64;
            self.stamps
                .push_back((place, Instant::now(), mem::take(&mut self.n_unstamped)));
        }
        self.tasks.push_back(task);
    }

    /// The place of the first task: it moves with every task that is taken.
    pub(crate) fn position(&self) -> u64 {
        self.head
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Takes the first task.
    pub(crate) fn pop(&mut self, waited: impl FnMut(Instant, u32)) -> Option<Task> {
        let task = self.tasks.pop_front()?;
        self.advance(1, waited);
        Some(task)
    }

    /// Moves the first `n_tasks` into `into`.
    pub(crate) fn pop_into(
        &mut self,
        n_tasks: usize,
        into: &mut Self,
        waited: impl FnMut(Instant, u32),
    ) {
        let n_tasks = n_tasks.min(self.tasks.len());
        if n_tasks == self.tasks.len()
            && into.tasks.is_empty()
            && into.tasks.capacity() <= MAX_KEPT_TASKS
        {
            mem::swap(&mut self.tasks, &mut into.tasks);
        } else {
            into.tasks.extend(self.tasks.drain(..n_tasks));
        }
        self.advance(n_tasks, waited);
    }

    /// Takes the last task if it is the one with this address.
    pub(crate) fn take_back(&mut self, id: usize) -> Option<Task> {
        let task = self.tasks.pop_back_if(|task| task.id() == id)?;
        let place = self.head + self.tasks.len() as u64;
        self.stamps.pop_back_if(|(stamped, ..)| *stamped == place);
        Some(task)
    }

    /// Takes all, to cancel or fail them.
    pub(crate) fn take_all(&mut self) -> Vec<Task> {
        let n_tasks = self.tasks.len();
        let tasks = mem::take(&mut self.tasks).into();
        self.advance(n_tasks, |_, _| {});
        tasks
    }

    fn advance(&mut self, n_tasks: usize, mut waited: impl FnMut(Instant, u32)) {
        self.head += n_tasks as u64;
        while let Some((_, since, n_tasks)) =
            self.stamps.pop_front_if(|(place, ..)| *place < self.head)
        {
            waited(since, n_tasks);
        }
        if self.tasks.is_empty() && self.tasks.capacity() > MAX_KEPT_TASKS {
            self.tasks = VecDeque::new();
        }
    }
}
