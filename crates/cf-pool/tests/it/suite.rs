//! What holds on every executor: the same tests over the thread pool, the rayon adapter and the inline executor.

use std::{
    collections::BTreeSet,
    io,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use cf_core::{
    ClosureExecutor, Error, Executor, InlineExecutor, ReturnWhen, as_completed,
    as_completed_timeout, checkpoint, fallible, gather, wait, wait_timeout,
};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, LONG, OpenAtEnd};

/// Makes a test of each fact for each executor.
macro_rules! suite {
    (on every executor: $($every:ident),+; on every pool: $($pool:ident),+ $(;)?) => {
        mod on_threads {
            $(#[test] fn $every() { super::$every(&super::threads()); })+
            $(#[test] fn $pool() { super::$pool(&super::threads()); })+
        }

        #[cfg(feature = "rayon")]
        mod on_rayon {
            $(#[test] fn $every() { super::$every(&super::rayon()); })+
            $(#[test] fn $pool() { super::$pool(&super::rayon()); })+
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
        a_payload_of_any_type_is_stored_and_resumed,
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
        map_keeps_the_order,
        map_goes_on_after_an_error,
        map_in_chunks_has_a_result_for_each_item,
        map_of_nothing_is_empty,
        map_over_zip_stops_at_the_shortest,
        map_with_a_buffer_takes_endless_input,
        a_task_may_submit,
        the_callable_is_gone_when_the_result_is_there,
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
        a_task_that_waits_for_a_queued_one_runs_it,
        map_times_out_once_and_ends,
        a_result_can_be_awaited_by_many_threads;
}

fn threads() -> ThreadPoolExecutor {
    ThreadPoolExecutor::new(2).unwrap()
}

#[cfg(feature = "rayon")]
fn rayon() -> cf_pool::RayonExecutor {
    let pool = ::rayon::ThreadPoolBuilder::new().num_threads(2);
    cf_pool::RayonExecutor::new(pool.build().unwrap())
}

/// Keeps both workers at a gate.
fn occupy(executor: &impl ClosureExecutor) -> OpenAtEnd {
    let gate = Gate::new();
    let arrived = Arc::new(Barrier::new(3));
    for _ in 0..2 {
        let (gate, arrived) = (gate.clone(), Arc::clone(&arrived));
        drop(executor.spawn(move || {
            arrived.wait();
            gate.pass();
        }));
    }
    arrived.wait();
    OpenAtEnd(gate)
}

// E01
fn a_submitted_call_gives_its_value(executor: &impl ClosureExecutor) {
    let (a, b) = (6, 7);
    assert_eq!(executor.spawn(move || a * b).result().unwrap(), 42);
}

// T12
fn a_panic_is_stored_in_the_future(executor: &impl ClosureExecutor) {
    let failed = executor.spawn(|| -> u32 { panic!("out of {}", "cheese") });
    let Err(Error::Panicked(panic)) = failed.result() else {
        panic!("not stored as a panic")
    };
    assert_eq!(panic.message(), "out of cheese");
    assert!(panic.location().unwrap().file().ends_with("suite.rs"));
}

// T12
fn a_payload_of_any_type_is_stored_and_resumed(executor: &impl ClosureExecutor) {
    struct SystemExit(i32);
    let failed = executor.spawn(|| -> u32 { std::panic::panic_any(SystemExit(3)) });
    let Err(Error::Panicked(panic)) = failed.result() else {
        panic!("not stored as a panic")
    };
    let payload = std::panic::catch_unwind(|| panic.resume()).unwrap_err();
    assert_eq!(payload.downcast_ref::<SystemExit>().unwrap().0, 3);
    assert_eq!(executor.spawn(|| 7).result().unwrap(), 7);
}

fn an_err_is_stored_in_the_future(executor: &impl ClosureExecutor) {
    let failed = executor.spawn(fallible(|| Err::<u32, _>(io::Error::other("disk"))));
    let error = failed.exception().unwrap();
    assert_eq!(
        error.downcast_ref::<io::Error>().unwrap().to_string(),
        "disk"
    );
}

fn a_failed_task_does_not_hurt_the_next(executor: &impl ClosureExecutor) {
    for n in 0..20 {
        let failed = executor.spawn(move || -> u32 { panic!("task {n}") });
        assert!(failed.result().is_err());
    }
    assert_eq!(executor.spawn(|| 7).result().unwrap(), 7);
}

fn a_callback_sees_the_end(executor: &impl ClosureExecutor) {
    let (sender, receiver) = mpsc::channel();
    let future = executor.spawn(|| 7);
    future.add_done_callback(move |done| sender.send(done.result().ok().copied()).unwrap());
    assert_eq!(receiver.recv_timeout(LONG).unwrap(), Some(7));
    assert_eq!(future.result().unwrap(), 7);
}

// T16
fn a_panicking_callback_stops_neither_the_others_nor_the_executor(executor: &impl ClosureExecutor) {
    for _ in 0..8 {
        let (sender, receiver) = mpsc::channel();
        let future = executor.spawn(|| 7);
        future.add_done_callback(|_| panic!("in a callback"));
        future.add_done_callback(move |_| sender.send(()).unwrap());
        receiver.recv_timeout(LONG).unwrap();
        assert_eq!(future.result().unwrap(), 7);
    }
    assert_eq!(executor.spawn(|| 8).result().unwrap(), 8);
}

fn an_outcome_can_be_mapped_and_chained(
    executor: &(impl ClosureExecutor + Clone + Send + 'static),
) {
    let next = executor.clone();
    let chained = executor
        .spawn(|| 4)
        .map(|n| n + 1)
        .and_then(move |n| next.spawn(move || n * n))
        .then(|outcome| outcome.map(|n| n + 17));
    assert_eq!(chained.result().unwrap(), 42);
}

fn then_on_runs_the_continuation_as_a_task<E>(executor: &E)
where
    E: ClosureExecutor + Clone + Send + 'static,
{
    let failed = executor.spawn(|| -> u32 { panic!("expected") });
    let counted = failed.then_on(executor, |outcome| move || outcome.is_err());
    assert!(counted.result().unwrap());
}

fn a_shared_future_is_read_many_times(executor: &impl ClosureExecutor) {
    let shared = executor.spawn(|| String::from("seven")).shared();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let shared = shared.clone();
            thread::spawn(move || shared.result().unwrap())
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), "seven");
    }
}

fn gather_keeps_the_order(executor: &impl ClosureExecutor) {
    let gathered = gather((0..50).map(|n| executor.spawn(move || n)));
    assert_eq!(gathered.result().unwrap(), (0..50).collect::<Vec<_>>());
}

fn wait_for_all_gives_all(executor: &impl ClosureExecutor) {
    let futures = (0..50).map(|n| executor.spawn(move || if n % 2 == 0 { n } else { panic!() }));
    let sets = wait(futures, ReturnWhen::AllCompleted);
    assert_eq!((sets.done.len(), sets.not_done.len()), (50, 0));
    let values: Vec<_> = sets
        .done
        .into_iter()
        .filter_map(|it| it.result().ok())
        .collect();
    assert_eq!(values, (0..50).step_by(2).collect::<Vec<_>>());
}

fn wait_for_the_first_exception_ends_with_one(executor: &impl ClosureExecutor) {
    let (promise, pending) = cf_core::Promise::<u32>::new();
    let failed = executor.spawn(|| -> u32 { panic!("expected") });
    let sets = wait([&pending, &failed], ReturnWhen::FirstException);
    assert_eq!(sets.done, [&failed]);
    drop(promise);
}

fn as_completed_gives_each_once(executor: &impl ClosureExecutor) {
    let futures: Vec<_> = (0..100).map(|n| executor.spawn(move || n)).collect();
    let values: Vec<u32> = as_completed(futures)
        .map(|it| it.result().unwrap())
        .collect();
    assert_eq!(values.len(), 100);
    assert_eq!(
        values.into_iter().collect::<BTreeSet<_>>(),
        (0..100).collect()
    );
}

// E06
fn map_keeps_the_order(executor: &(impl ClosureExecutor + Clone)) {
    let squares = executor.map(|n: u64| n * n, 0..200);
    let expected: Vec<_> = (0..200).map(|n| n * n).collect();
    assert_eq!(squares.collect::<Result<Vec<_>, _>>().unwrap(), expected);
}

// E07
fn map_goes_on_after_an_error(executor: &(impl ClosureExecutor + Clone)) {
    let quotients = executor.map(|n: u32| 12 / n, [3, 0, 2, 0, 1]);
    let quotients: Vec<_> = quotients.map(Result::ok).collect();
    assert_eq!(quotients, [Some(4), None, Some(6), None, Some(12)]);
}

// E13
fn map_in_chunks_has_a_result_for_each_item(executor: &(impl ClosureExecutor + Clone)) {
    for chunk_size in [1, 2, 3, 7, 1000] {
        let quotients = executor
            .map(|n: u32| 12 / n, [3, 0, 2, 0, 1])
            .chunk_size(chunk_size);
        let quotients: Vec<_> = quotients.map(Result::ok).collect();
        assert_eq!(quotients, [Some(4), None, Some(6), None, Some(12)]);
    }
}

fn map_of_nothing_is_empty(executor: &(impl ClosureExecutor + Clone)) {
    assert!(executor.map(|n: u32| n, []).next().is_none());
}

// E05
fn map_over_zip_stops_at_the_shortest(executor: &(impl ClosureExecutor + Clone)) {
    let sums = executor.map(|(a, b): (u32, u32)| a + b, (1..).zip([10, 20, 30]));
    assert_eq!(sums.collect::<Result<Vec<_>, _>>().unwrap(), [11, 22, 33]);
}

// E15
fn map_with_a_buffer_takes_endless_input(executor: &(impl ClosureExecutor + Clone)) {
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pulled);
    let input = (0_usize..).inspect(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let mut doubled = executor.map(|n| n * 2, input).buffer_size(3);
    assert_eq!(pulled.load(Ordering::SeqCst), 0);
    for n in 0..20 {
        assert_eq!(doubled.next().unwrap().unwrap(), n * 2);
        assert!(pulled.load(Ordering::SeqCst) <= n + 3);
    }
}

// T19
fn a_task_may_submit<E>(executor: &E)
where
    E: ClosureExecutor + Clone + Send + 'static,
{
    let inner = executor.clone();
    let nested = executor.spawn(move || inner.spawn(|| 7));
    assert_eq!(nested.flatten().result().unwrap(), 7);
    let (sender, receiver) = mpsc::channel();
    let inner = executor.clone();
    executor
        .spawn(|| ())
        .add_done_callback(move |_| sender.send(inner.spawn(|| 8)).unwrap());
    let from_callback = receiver.recv_timeout(LONG).unwrap();
    assert_eq!(from_callback.result().unwrap(), 8);
}

// E29
fn the_callable_is_gone_when_the_result_is_there(executor: &impl ClosureExecutor) {
    for _ in 0..100 {
        let captured = Arc::new(());
        let its = Arc::clone(&captured);
        let future = executor.spawn(move || drop(its));
        future.wait();
        assert_eq!(Arc::strong_count(&captured), 1);
        let its = Arc::clone(&captured);
        let failed = executor.spawn(move || {
            let _its = its;
            panic!("expected");
        });
        failed.wait();
        assert_eq!(Arc::strong_count(&captured), 1);
    }
}

fn generic_code_runs_on_it<E: ClosureExecutor>(executor: &E) {
    fn twice<E: Executor<fn() -> u32>>(executor: &E) -> u32 {
        let first = executor.submit(|| 3);
        let second = executor.try_submit(|| 4).unwrap();
        first.result().unwrap()
            + second.result().unwrap()
            + executor.submit_now(|| 5).result().unwrap()
    }
    assert_eq!(twice(executor), 12);
}

fn tasks_run_at_the_same_time(executor: &impl ClosureExecutor) {
    let both = Arc::new(Barrier::new(2));
    let futures = [0, 1].map(|_| {
        let both = Arc::clone(&both);
        executor.spawn(move || both.wait().is_leader())
    });
    let leaders = futures.map(|it| u8::from(it.result().unwrap()));
    assert_eq!(leaders.iter().sum::<u8>(), 1);
}

// E01
fn submit_returns_before_the_task_has_run(executor: &impl ClosureExecutor) {
    let gate = occupy(executor);
    let future = executor.spawn(|| 7);
    assert!(!future.done() && !future.running());
    drop(gate);
    assert_eq!(future.result().unwrap(), 7);
}

fn a_timed_out_result_leaves_the_future_usable(executor: &impl ClosureExecutor) {
    let gate = occupy(executor);
    let mut future = executor.spawn(|| 7);
    assert!(future.result_timeout(Duration::ZERO).is_err());
    assert!(future.result_timeout(Duration::from_millis(5)).is_err());
    assert!(future.try_result().is_none());
    drop(gate);
    assert_eq!(future.result_timeout(LONG).unwrap().unwrap(), 7);
}

// T20
fn a_queued_task_can_be_cancelled_and_never_runs(executor: &impl ClosureExecutor) {
    let gate = occupy(executor);
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let cancelled = executor.spawn(move || count.fetch_add(1, Ordering::SeqCst));
    let behind = executor.spawn(|| 7);
    assert!(cancelled.cancel() && cancelled.cancel());
    assert!(cancelled.cancelled() && cancelled.done());
    drop(gate);
    assert_eq!(behind.result().unwrap(), 7);
    assert!(matches!(cancelled.result(), Err(Error::Cancelled)));
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    assert_eq!(Arc::strong_count(&ran), 1);
}

fn a_running_task_cannot_be_cancelled(executor: &impl ClosureExecutor) {
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    let future = executor.spawn(move || {
        its_running.open();
        its_gate.pass();
        7
    });
    running.pass();
    assert!(!future.cancel() && future.running());
    gate.open();
    assert_eq!(future.result().unwrap(), 7);
}

fn a_running_task_stops_at_a_checkpoint_when_asked(executor: &impl ClosureExecutor) {
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    let future = executor.spawn(fallible(move || {
        its_running.open();
        its_gate.pass();
        checkpoint().map(|()| 7)
    }));
    running.pass();
    assert!(future.request_cancel());
    gate.open();
    future.wait();
    assert!(future.cancelled());
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

fn the_states_follow_each_other(executor: &impl ClosureExecutor) {
    let occupied = occupy(executor);
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    let future = executor.spawn(move || {
        its_running.open();
        its_gate.pass();
    });
    assert!(!future.running() && !future.done() && !future.cancelled());
    drop(occupied);
    running.pass();
    assert!(future.running() && !future.done());
    gate.open();
    future.wait();
    assert!(!future.running() && future.done() && !future.cancelled());
}

fn wait_for_the_first_returns_with_one(executor: &impl ClosureExecutor) {
    let gate = OpenAtEnd(Gate::new());
    let its_gate = gate.0.clone();
    let slow = executor.spawn(move || its_gate.pass());
    let fast = executor.spawn(|| ());
    let sets = wait([&slow, &fast], ReturnWhen::FirstCompleted);
    assert_eq!((sets.done, sets.not_done), (vec![&fast], vec![&slow]));
}

fn a_timed_wait_gives_two_sets(executor: &impl ClosureExecutor) {
    let gate = OpenAtEnd(Gate::new());
    let its_gate = gate.0.clone();
    let slow = executor.spawn(move || its_gate.pass());
    let fast = executor.spawn(|| ());
    fast.wait();
    let sets = wait_timeout(
        [&slow, &fast],
        Duration::from_millis(5),
        ReturnWhen::AllCompleted,
    );
    assert_eq!((sets.done, sets.not_done), (vec![&fast], vec![&slow]));
    assert!(!slow.cancelled());
}

fn as_completed_comes_in_order_of_completion(executor: &impl ClosureExecutor) {
    let gates = [Gate::new(), Gate::new()];
    let futures: Vec<_> = (0..2)
        .map(|n| {
            let gate = gates[n].clone();
            executor.spawn(move || {
                gate.pass();
                n
            })
        })
        .collect();
    let mut in_order = as_completed(futures);
    gates[1].open();
    assert_eq!(in_order.next().unwrap().result().unwrap(), 1);
    gates[0].open();
    assert_eq!(in_order.next().unwrap().result().unwrap(), 0);
    assert!(in_order.next().is_none());
}

fn as_completed_times_out_with_a_count(executor: &impl ClosureExecutor) {
    let gate = OpenAtEnd(Gate::new());
    let its_gate = gate.0.clone();
    let slow = executor.spawn(move || its_gate.pass());
    let fast = executor.spawn(|| ());
    fast.wait();
    let mut in_order = as_completed_timeout([&slow, &fast], Duration::from_millis(5));
    assert_eq!(in_order.next().unwrap().unwrap(), &fast);
    let timed_out = in_order.next().unwrap().unwrap_err();
    assert_eq!((timed_out.unfinished(), timed_out.total()), (1, 2));
    assert!(in_order.next().is_none());
}

// T17
fn a_task_that_waits_for_a_queued_one_runs_it<E>(executor: &E)
where
    E: ClosureExecutor + Clone + Send + 'static,
{
    let gate = OpenAtEnd(Gate::new());
    let its_gate = gate.0.clone();
    let running = Gate::new();
    let its_running = running.clone();
    drop(executor.spawn(move || {
        its_running.open();
        its_gate.pass();
    }));
    running.pass();
    // One worker is left, and it is the one that waits.
    let inner = executor.clone();
    let outer = executor.spawn(move || {
        let me = thread::current().id();
        let future = inner.spawn(|| thread::current().id());
        future.result().unwrap() == me
    });
    assert!(outer.result().unwrap());
}

// E08
fn map_times_out_once_and_ends(executor: &(impl ClosureExecutor + Clone)) {
    let gate = OpenAtEnd(Gate::new());
    let its_gate = gate.0.clone();
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let mut results = executor
        .map(
            move |n: u32| {
                count.fetch_add(1, Ordering::SeqCst);
                if n > 0 {
                    its_gate.pass();
                }
                n
            },
            0..10,
        )
        .start();
    assert_eq!(results.next().unwrap().unwrap(), 0);
    let mut results = results.timeout(Duration::from_millis(5));
    assert!(matches!(results.next(), Some(Err(Error::TimedOut(_)))));
    assert!(results.next().is_none());
    drop(gate);
    // What had not started was cancelled: only those that were at the gate have run.
    for _ in 0..2 {
        executor.spawn(|| ()).wait();
    }
    assert!(ran.load(Ordering::SeqCst) <= 3);
}

fn a_result_can_be_awaited_by_many_threads(executor: &impl ClosureExecutor) {
    let occupied = occupy(executor);
    let shared = executor.spawn(|| 7).shared();
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
    drop(occupied);
    for waiter in waiters {
        assert_eq!(waiter.join().unwrap(), 7);
    }
}
