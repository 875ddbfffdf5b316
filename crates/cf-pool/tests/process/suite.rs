//! What holds on every executor, told with tasks: the same tests over worker processes, threads and the caller's own thread.

use std::{
    collections::BTreeSet,
    sync::{Arc, Barrier, mpsc},
    thread,
    time::Duration,
};

use cf_core::{
    Error, Executor, Future, InlineExecutor, Promise, ReturnWhen, as_completed,
    as_completed_timeout, checkpoint, gather, wait, wait_timeout,
};
use cf_pool::{Call, CrossesProcess, ProcessPoolExecutor, ThreadPoolExecutor, task};

use crate::{
    door::{Door, Guest, ask, knock, visit},
    gate::{LONG, ends},
};

/// An executor of calls, whatever it is.
trait Runs: Clone + Send + Sync + 'static {
    fn run<C: CrossesProcess>(&self, call: C) -> Future<C::Output>;
}

impl Runs for ProcessPoolExecutor {
    fn run<C: CrossesProcess>(&self, call: C) -> Future<C::Output> {
        self.submit(call)
    }
}

impl Runs for ThreadPoolExecutor {
    fn run<C: CrossesProcess>(&self, call: C) -> Future<C::Output> {
        self.submit(call)
    }
}

impl Runs for InlineExecutor {
    fn run<C: CrossesProcess>(&self, call: C) -> Future<C::Output> {
        self.submit(call)
    }
}

/// Makes a test of each fact for each executor.
macro_rules! suite {
    (on every executor: $($every:ident),+; on every pool: $($pool:ident),+ $(;)?) => {
        mod on_processes {
            $(#[test] fn $every() { super::ends(|| super::$every(&super::processes())); })+
            $(#[test] fn $pool() { super::ends(|| super::$pool(&super::processes())); })+
        }

        mod on_threads {
            $(#[test] fn $every() { super::ends(|| super::$every(&super::threads())); })+
            $(#[test] fn $pool() { super::ends(|| super::$pool(&super::threads())); })+
        }

        mod on_the_callers_thread {
            $(#[test] fn $every() { super::$every(&super::InlineExecutor::new()); })+
        }
    };
}

suite! {
    on every executor:
        a_submitted_call_gives_its_value,
        a_panic_is_stored_in_the_future,
        an_err_is_stored_in_the_future,
        a_failed_task_does_not_hurt_the_next,
        a_callback_sees_the_end,
        a_panicking_callback_stops_neither_the_others_nor_the_executor,
        an_outcome_can_be_mapped_and_chained,
        then_on_runs_the_continuation_as_a_task,
        a_shared_future_is_read_many_times,
        gather_keeps_the_order,
        wait_for_all_gives_all,
        wait_for_the_first_exception_ends_with_one,
        as_completed_gives_each_once,
        a_batch_has_an_outcome_for_each_call,
        a_callback_may_submit,
        a_done_future_can_be_looked_at_and_read,
        generic_code_runs_on_it;
    on every pool:
        tasks_run_at_the_same_time,
        submit_returns_before_the_task_has_run,
        a_timed_out_result_leaves_the_future_usable,
        a_queued_task_can_be_cancelled_and_never_runs,
        a_running_task_cannot_be_cancelled,
        a_running_task_stops_at_a_checkpoint_when_asked,
        the_states_follow_each_other,
        wait_for_the_first_returns_with_one,
        a_timed_wait_gives_two_sets,
        as_completed_comes_in_order_of_completion,
        as_completed_times_out_with_a_count,
        a_result_can_be_awaited_by_many_threads,
        a_cancel_ends_every_kind_of_wait;
}

fn processes() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(2).unwrap()
}

fn threads() -> ThreadPoolExecutor {
    ThreadPoolExecutor::new(2).unwrap()
}

/// Keeps both workers at the door.
fn occupy(executor: &impl Runs, door: &Door) -> Vec<Guest> {
    for _ in 0..2 {
        drop(executor.run(visit::task(door.address(), 99)));
    }
    door.guests(2)
}

#[task]
fn product(a: u32, b: u32) -> u32 {
    a * b
}

#[task]
fn fall(from: &str) -> u32 {
    panic!("fell from {from}")
}

#[task]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

fn a_submitted_call_gives_its_value(executor: &impl Runs) {
    assert_eq!(executor.run(product::task(6, 7)).result().unwrap(), 42);
}

fn a_panic_is_stored_in_the_future(executor: &impl Runs) {
    let Err(Error::Panicked(panic)) = executor.run(fall::task("grace")).result() else {
        panic!("not stored as a panic")
    };
    assert_eq!(panic.message(), "fell from grace");
    assert!(panic.location().unwrap().file().ends_with("suite.rs"));
}

fn an_err_is_stored_in_the_future(executor: &impl Runs) {
    let failed = executor.run(parse::task("x"));
    let error = failed.exception().unwrap();
    assert!(matches!(error, Error::Raised(_)));
    assert_eq!(error.to_string(), "invalid digit found in string");
}

fn a_failed_task_does_not_hurt_the_next(executor: &impl Runs) {
    for _ in 0..20 {
        assert!(executor.run(fall::task("here")).result().is_err());
    }
    assert_eq!(executor.run(parse::task("7")).result().unwrap(), 7);
}

fn a_callback_sees_the_end(executor: &impl Runs) {
    let (sender, receiver) = mpsc::channel();
    let future = executor.run(parse::task("7"));
    future.add_done_callback(move |done| sender.send(done.result().ok().copied()).unwrap());
    assert_eq!(receiver.recv_timeout(LONG).unwrap(), Some(7));
    assert_eq!(future.result().unwrap(), 7);
}

fn a_panicking_callback_stops_neither_the_others_nor_the_executor(executor: &impl Runs) {
    for _ in 0..8 {
        let (sender, receiver) = mpsc::channel();
        let future = executor.run(parse::task("7"));
        future.add_done_callback(|_| panic!("in a callback"));
        future.add_done_callback(move |_| sender.send(()).unwrap());
        receiver.recv_timeout(LONG).unwrap();
        assert_eq!(future.result().unwrap(), 7);
    }
    assert_eq!(executor.run(parse::task("8")).result().unwrap(), 8);
}

fn an_outcome_can_be_mapped_and_chained(executor: &impl Runs) {
    let next = executor.clone();
    let chained = executor
        .run(parse::task("4"))
        .map(|n| n + 1)
        .and_then(move |n| next.run(product::task(n, n)))
        .then(|outcome| outcome.map(|n| n + 17));
    assert_eq!(chained.result().unwrap(), 42);
}

fn then_on_runs_the_continuation_as_a_task(executor: &impl Runs) {
    let threads = threads();
    let failed = executor.run(fall::task("here"));
    let counted = failed.then_on(&threads, |outcome| move || outcome.is_err());
    assert!(counted.result().unwrap());
}

fn a_shared_future_is_read_many_times(executor: &impl Runs) {
    let shared = executor.run(parse::task("7")).shared();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || shared.result().unwrap())
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), 7);
    }
}

fn gather_keeps_the_order(executor: &impl Runs) {
    let gathered = gather((0..50).map(|n| executor.run(product::task(n, 1))));
    assert_eq!(gathered.result().unwrap(), (0..50).collect::<Vec<_>>());
}

#[task]
fn even(n: u32) -> Result<u32, String> {
    if n.is_multiple_of(2) {
        Ok(n)
    } else {
        Err(format!("{n} is odd"))
    }
}

fn wait_for_all_gives_all(executor: &impl Runs) {
    let futures = (0..50).map(|n| executor.run(even::task(n)));
    let sets = wait(futures, ReturnWhen::AllCompleted);
    assert_eq!((sets.done.len(), sets.not_done.len()), (50, 0));
    let values: Vec<_> = sets
        .done
        .into_iter()
        .filter_map(|it| it.result().ok())
        .collect();
    assert_eq!(values, (0..50).step_by(2).collect::<Vec<_>>());
}

fn wait_for_the_first_exception_ends_with_one(executor: &impl Runs) {
    let (promise, pending) = Promise::<u32>::new();
    let failed = executor.run(fall::task("here"));
    let sets = wait([&pending, &failed], ReturnWhen::FirstException);
    assert_eq!(sets.done, [&failed]);
    drop(promise);
}

fn as_completed_gives_each_once(executor: &impl Runs) {
    let futures: Vec<_> = (0..100)
        .map(|n| executor.run(product::task(n, 1)))
        .collect();
    let values: Vec<u32> = as_completed(futures)
        .map(|it| it.result().unwrap())
        .collect();
    assert_eq!(values.len(), 100);
    assert_eq!(
        values.into_iter().collect::<BTreeSet<_>>(),
        (0..100).collect()
    );
}

fn a_batch_has_an_outcome_for_each_call(executor: &impl Runs) {
    let batch: cf_pool::Batch<u32> = (0..5).map(even::task).collect();
    let outcomes = executor.run(batch).result().unwrap();
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::ok).collect();
    assert_eq!(outcomes, [Some(0), None, Some(2), None, Some(4)]);
    let nothing: cf_pool::Batch<u32> = [].into_iter().collect();
    assert_eq!(executor.run(nothing).result().unwrap().len(), 0);
}

fn a_callback_may_submit(executor: &impl Runs) {
    let (sender, receiver) = mpsc::channel();
    let inner = executor.clone();
    executor
        .run(parse::task("7"))
        .add_done_callback(move |_| sender.send(inner.run(parse::task("8"))).unwrap());
    let from_callback = receiver.recv_timeout(LONG).unwrap();
    assert_eq!(from_callback.result().unwrap(), 8);
}

fn a_done_future_can_be_looked_at_and_read(executor: &impl Runs) {
    let mut future = executor.run(parse::task("7"));
    future.wait();
    assert!(future.done() && !future.running() && !future.cancelled());
    assert!(!future.cancel() && !future.request_cancel());
    assert_eq!(future.peek(|outcome| *outcome.unwrap()), Some(7));
    assert!(future.exception().is_none());
    assert_eq!(future.try_result().unwrap().unwrap(), 7);
}

fn generic_code_runs_on_it<E: Runs + Executor<Call<u32>>>(executor: &E) {
    fn thrice<E: Executor<Call<u32>>>(executor: &E) -> u32 {
        let first = executor.submit(product::task(3, 1));
        let second = executor.try_submit(product::task(4, 1)).unwrap();
        let third = executor.submit_now(product::task(5, 1));
        [first, second, third]
            .map(|it| it.result().unwrap())
            .iter()
            .sum()
    }
    assert_eq!(thrice(executor), 12);
}

fn tasks_run_at_the_same_time(executor: &impl Runs) {
    let door = Door::new();
    // Nobody is let in before both are there.
    drop(occupy(executor, &door));
}

fn submit_returns_before_the_task_has_run(executor: &impl Runs) {
    let door = Door::new();
    let guests = occupy(executor, &door);
    let future = executor.run(parse::task("7"));
    assert!(!future.done() && !future.running());
    drop(guests);
    assert_eq!(future.result().unwrap(), 7);
}

fn a_timed_out_result_leaves_the_future_usable(executor: &impl Runs) {
    let door = Door::new();
    let guests = occupy(executor, &door);
    let mut future = executor.run(parse::task("7"));
    assert!(future.result_timeout(Duration::ZERO).is_err());
    assert!(future.result_timeout(Duration::from_millis(5)).is_err());
    assert!(future.try_result().is_none());
    drop(guests);
    assert_eq!(future.result_timeout(LONG).unwrap().unwrap(), 7);
}

fn a_queued_task_can_be_cancelled_and_never_runs(executor: &impl Runs) {
    let door = Door::new();
    let guests = occupy(executor, &door);
    let cancelled = executor.run(visit::task(door.address(), 1));
    let behind = executor.run(parse::task("7"));
    assert!(cancelled.cancel() && cancelled.cancel());
    assert!(cancelled.cancelled() && cancelled.done());
    drop(guests);
    assert_eq!(behind.result().unwrap(), 7);
    assert!(matches!(cancelled.result(), Err(Error::Cancelled)));
    assert!(door.is_deserted());
}

fn a_running_task_cannot_be_cancelled(executor: &impl Runs) {
    let door = Door::new();
    let future = executor.run(ask::task(door.address()));
    let guest = door.guest();
    assert!(!future.cancel() && future.running());
    guest.tell(7);
    assert_eq!(future.result().unwrap(), 7);
}

#[task]
fn stop_when_asked(address: &str) -> Result<u32, Error> {
    knock(address, 0);
    loop {
        checkpoint()?;
        thread::yield_now();
    }
}

fn a_running_task_stops_at_a_checkpoint_when_asked(executor: &impl Runs) {
    let door = Door::new();
    let future = executor.run(stop_when_asked::task(door.address()));
    let guest = door.guest();
    assert!(future.request_cancel());
    drop(guest);
    future.wait();
    assert!(future.cancelled());
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

fn the_states_follow_each_other(executor: &impl Runs) {
    let door = Door::new();
    let guests = occupy(executor, &door);
    let future = executor.run(visit::task(door.address(), 1));
    assert!(!future.running() && !future.done() && !future.cancelled());
    drop(guests);
    let guest = door.guest();
    assert!(future.running() && !future.done());
    drop(guest);
    future.wait();
    assert!(!future.running() && future.done() && !future.cancelled());
}

fn wait_for_the_first_returns_with_one(executor: &impl Runs) {
    let door = Door::new();
    let slow = executor.run(visit::task(door.address(), 1));
    let _guest = door.guest();
    let fast = executor.run(parse::task("7"));
    let sets = wait([&slow, &fast], ReturnWhen::FirstCompleted);
    assert_eq!((sets.done, sets.not_done), (vec![&fast], vec![&slow]));
}

fn a_timed_wait_gives_two_sets(executor: &impl Runs) {
    let door = Door::new();
    let slow = executor.run(visit::task(door.address(), 1));
    let _guest = door.guest();
    let fast = executor.run(parse::task("7"));
    fast.wait();
    let sets = wait_timeout(
        [&slow, &fast],
        Duration::from_millis(5),
        ReturnWhen::AllCompleted,
    );
    assert_eq!((sets.done, sets.not_done), (vec![&fast], vec![&slow]));
    assert!(!slow.cancelled());
}

fn as_completed_comes_in_order_of_completion(executor: &impl Runs) {
    let door = Door::new();
    let futures = [0, 1].map(|n| executor.run(visit::task(door.address(), n)));
    let mut guests = door.guests(2);
    guests.sort_by_key(|guest| guest.name);
    let mut in_order = as_completed(futures);
    drop(guests.pop());
    assert_eq!(in_order.next().unwrap().result().unwrap(), 1);
    drop(guests.pop());
    assert_eq!(in_order.next().unwrap().result().unwrap(), 0);
    assert!(in_order.next().is_none());
}

fn as_completed_times_out_with_a_count(executor: &impl Runs) {
    let door = Door::new();
    let slow = executor.run(visit::task(door.address(), 1));
    let _guest = door.guest();
    let fast = executor.run(parse::task("7"));
    fast.wait();
    let mut in_order = as_completed_timeout([&slow, &fast], Duration::from_millis(5));
    assert_eq!(in_order.next().unwrap().unwrap(), &fast);
    let timed_out = in_order.next().unwrap().unwrap_err();
    assert_eq!((timed_out.unfinished(), timed_out.total()), (1, 2));
    assert!(in_order.next().is_none());
}

fn a_result_can_be_awaited_by_many_threads(executor: &impl Runs) {
    let door = Door::new();
    let guests = occupy(executor, &door);
    let shared = executor.run(parse::task("7")).shared();
    let ready = Arc::new(Barrier::new(5));
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let (shared, ready) = (shared.clone(), Arc::clone(&ready));
            thread::spawn(move || {
                ready.wait();
                shared.result().unwrap()
            })
        })
        .collect();
    ready.wait();
    drop(guests);
    for waiter in waiters {
        assert_eq!(waiter.join().unwrap(), 7);
    }
}

fn a_cancel_ends_every_kind_of_wait(executor: &impl Runs) {
    let door = Door::new();
    let guests = occupy(executor, &door);
    let future = executor.run(visit::task(door.address(), 1));
    let canceller = future.canceller();
    let (sender, receiver) = mpsc::channel();
    future.add_done_callback(move |done| sender.send(done.cancelled()).unwrap());
    let ready = Arc::new(Barrier::new(2));
    let its_ready = Arc::clone(&ready);
    let waiting = thread::spawn(move || {
        its_ready.wait();
        let sets = wait([&future], ReturnWhen::AllCompleted);
        assert_eq!(sets.done.len(), 1);
        assert_eq!(as_completed([&future]).count(), 1);
        future.result()
    });
    ready.wait();
    assert!(canceller.cancel());
    assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled)));
    assert!(receiver.recv_timeout(LONG).unwrap());
    drop(guests);
}
