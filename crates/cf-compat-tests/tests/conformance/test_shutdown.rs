//! `test_shutdown.py`: how pools end, and that nothing of them is left.

use std::{
    sync::{Arc, Barrier},
    thread,
};

use cf_compat_tests::kit::{Door, tasks};
use cf_core::{Error, Future, Reason, ReturnWhen, wait};
use cf_pool::{ProcessPoolExecutor, Shutdown, ThreadPoolExecutor};

use crate::{
    child,
    executors::{Pool, process_pool, thread_pool},
    watch::ends,
};

const AT_ONCE: Shutdown = Shutdown {
    wait: false,
    cancel_futures: false,
};

rules! {
    // CPython: test_shutdown.py ExecutorShutdownTest.test_hang_gh94440
    // E28
    // An executor that is no pool has no shutdown; it is dropped.
    fn a_cancel_before_the_end_hangs_nothing: threads, processes, rayon, inline, bounded;
    // CPython: test_shutdown.py ThreadPoolShutdownTest.test_del_shutdown
    // CPython: test_shutdown.py ProcessPoolShutdownTest.test_del_shutdown
    // E22, T13, T15, P32
    // Differs: whoever drops the last handle of a pool waits for the work.
    fn dropping_the_executor_runs_what_it_accepted: threads, processes, rayon, bounded;
}

pools! {
    calls_after_shutdown_are_refused,
    shutdown_waits_for_all_that_is_queued,
    what_has_not_started_is_cancelled_if_asked,
    what_has_not_started_is_cancelled_also_without_waiting,
    a_cancel_right_before_shutdown_does_not_hang,
    the_end_of_the_scope_ends_the_workers,
    without_waiting_the_queued_calls_run,
    workers_start_on_demand_and_end_with_the_pool,
}

/// Calls of which the first keeps its worker at a door; the door is dropped first.
fn held<P: Pool>(pool: &P, door: &Door, n_calls: u64) -> (Future<u64>, Vec<Future<u64>>) {
    let first = pool.run(tasks::visit::task(door.address(), 7));
    let rest = (0..n_calls).map(|n| pool.run(tasks::add::task(n, 1)));
    (first, rest.collect())
}

fn assert_sums(calls: Vec<Future<u64>>) {
    for (n, call) in (0..).zip(calls) {
        assert_eq!(call.result().unwrap(), n + 1);
    }
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_run_after_shutdown
// E21
// Differs: submit gives a failed future; try_submit gives the call back.
fn calls_after_shutdown_are_refused<P: Pool>() {
    let pool = P::make(1);
    pool.shutdown();
    let error = pool.run(tasks::add::task(3, 4)).result().unwrap_err();
    assert!(
        matches!(error, Error::Rejected(Reason::Shutdown)),
        "{error}"
    );
    let text = "cannot schedule new futures after shutdown";
    assert_eq!(error.to_string(), text);
    let refused = pool.try_submit(tasks::add::task(3, 4)).unwrap_err();
    assert!(matches!(refused.reason, Reason::Shutdown));
    assert_eq!(cf_core::Callable::call(refused.callable).unwrap(), 7);
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_hang_issue12364
// E17
fn shutdown_waits_for_all_that_is_queued<P: Pool>() {
    let pool = P::make(3);
    let calls: Vec<_> = (0..50).map(|n| pool.run(tasks::add::task(n, 1))).collect();
    pool.shutdown();
    pool.shutdown();
    assert!(calls.iter().all(Future::done));
    assert_sums(calls);
}

/// Shuts a pool down that works on one call and has others queued, and asks to cancel those.
fn cancel_what_has_not_started<P: Pool>(waits: bool) {
    let pool = P::make(1);
    let door = Door::new();
    let first = pool.run(tasks::visit::task(door.address(), 7));
    let guest = door.guest();
    let behind = (0..50).map(|n| pool.run(tasks::visit::task(door.address(), n)));
    let behind: Vec<_> = behind.collect();
    let other = pool.clone();
    let ending = thread::spawn(move || {
        other.shutdown_with(Shutdown {
            wait: waits,
            cancel_futures: true,
        });
    });
    // Also who waits for them is told, before the one that runs has ended.
    assert!(wait(&behind, ReturnWhen::AllCompleted).not_done.is_empty());
    assert!(behind.iter().all(Future::cancelled));
    assert!(!first.done());
    drop(guest);
    ending.join().unwrap();
    assert!(!waits || first.done());
    assert_eq!(first.result().unwrap(), 7);
    drop(pool);
    assert_eq!(door.names(), [7]);
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_cancel_futures
// F31, E19, E20
fn what_has_not_started_is_cancelled_if_asked<P: Pool>() {
    cancel_what_has_not_started::<P>(true);
}

// CPython: test_shutdown.py ThreadPoolShutdownTest.test_cancel_futures_wait_false
// E19, E20
// What ends is the pool, not the program.
fn what_has_not_started_is_cancelled_also_without_waiting<P: Pool>() {
    cancel_what_has_not_started::<P>(false);
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_hang_gh94440
// E28
fn a_cancel_right_before_shutdown_does_not_hang<P: Pool>() {
    for _ in 0..10 {
        let pool = P::make(1);
        let call = pool.run(tasks::add::task(3, 4));
        let is_cancelled = call.cancel();
        pool.shutdown();
        assert!(call.done());
        assert_eq!(call.cancelled(), is_cancelled);
    }
}

// CPython: test_shutdown.py ThreadPoolShutdownTest.test_context_manager_shutdown
// CPython: test_shutdown.py ProcessPoolShutdownTest.test_context_manager_shutdown
// E22
fn the_end_of_the_scope_ends_the_workers<P: Pool>() {
    let calls: Vec<_>;
    {
        let pool = P::make(5);
        calls = (0..50).map(|n| pool.run(tasks::add::task(n, 1))).collect();
    }
    assert!(calls.iter().all(Future::done));
    assert_sums(calls);
}

// CPython: test_shutdown.py ThreadPoolShutdownTest.test_shutdown_no_wait
// CPython: test_shutdown.py ProcessPoolShutdownTest.test_shutdown_no_wait
// E18
fn without_waiting_the_queued_calls_run<P: Pool>() {
    let pool = P::make(1);
    let door = Door::new();
    let (first, rest) = held(&pool, &door, 50);
    let guest = door.guest();
    pool.shutdown_with(AT_ONCE);
    assert!(!first.done() && !rest.iter().any(Future::done));
    drop(guest);
    assert_eq!(first.result().unwrap(), 7);
    assert_sums(rest);
    pool.shutdown();
    assert_eq!(pool.n_workers(), 0);
}

// CPython: test_shutdown.py ThreadPoolShutdownTest.test_threads_terminate
// CPython: test_shutdown.py ProcessPoolShutdownTest.test_processes_terminate
// E17, T02, P01
fn workers_start_on_demand_and_end_with_the_pool<P: Pool>() {
    let pool = P::make(8);
    let door = Door::new();
    assert_eq!(pool.n_workers(), 0);
    let mut guests = Vec::new();
    for n_calls in 1..=3 {
        drop(pool.run(tasks::visit::task(door.address(), 0)));
        guests.push(door.guest());
        assert_eq!(pool.n_workers(), n_calls);
    }
    drop(guests);
    pool.shutdown();
    assert_eq!(pool.n_workers(), 0);
}

// E17, E22: not only are they not counted any more, they are gone.
#[test]
fn no_process_is_left() {
    ends(|| {
        let door = Door::new();
        let pool = process_pool(3);
        let calls = [0, 1, 2].map(|n| pool.submit(tasks::visit::task(door.address(), n)));
        drop(door.guests(3));
        drop(pool);
        assert!(calls.iter().all(Future::done));
        for pid in door.pids() {
            assert!(!child::exists(pid), "process {pid} is left");
        }
    });
}

/// The names of the threads of a pool that has been made to have three.
fn names(pool: &ThreadPoolExecutor) -> Vec<String> {
    let all = Arc::new(Barrier::new(3));
    let calls = [(); 3].map(|()| {
        let all = Arc::clone(&all);
        pool.submit(move || {
            all.wait();
            thread::current().name().unwrap().to_owned()
        })
    });
    let mut names: Vec<_> = calls.into_iter().map(|it| it.result().unwrap()).collect();
    names.sort();
    names
}

// CPython: test_shutdown.py ThreadPoolShutdownTest.test_thread_names_assigned
// T06
#[test]
fn threads_have_the_prefix_and_a_number() {
    ends(|| {
        let builder = ThreadPoolExecutor::builder().max_workers(3);
        let pool = builder.thread_name_prefix("Printer").build().unwrap();
        assert_eq!(names(&pool), ["Printer_0", "Printer_1", "Printer_2"]);
    });
}

// CPython: test_shutdown.py ThreadPoolShutdownTest.test_thread_names_default
// T06
#[test]
fn threads_are_named_after_their_pool_by_default() {
    ends(|| {
        let [one, other] = [(); 2].map(|()| names(&thread_pool(3)));
        for names in [&one, &other] {
            let prefix = names[0].strip_suffix("_0").unwrap();
            let number = prefix.strip_prefix("ThreadPoolExecutor-").unwrap();
            assert!(number.parse::<u32>().is_ok(), "{prefix}");
            assert_eq!(*names, [0, 1, 2].map(|n| format!("{prefix}_{n}")));
        }
        assert_ne!(one, other);
    });
}

/// A program that ends with work pending: `end` is done with the pool last; the work is a visit at a door.
fn ends_with_work_pending<P: Pool>(test: &str, end: impl FnOnce(&P)) {
    if let Some(address) = child::word() {
        let pool = P::make(2);
        let calls = (0..4).map(|n| pool.run(tasks::visit::task(&address, n)));
        drop(calls.collect::<Vec<_>>());
        end(&pool);
        return;
    }
    let door = Door::new();
    door.open();
    let output = child::run(test, door.address());
    assert!(output.status.success(), "{}", child::told(&output));
    let mut names = door.names();
    names.sort_unstable();
    assert_eq!(names, [0, 1, 2, 3]);
    for pid in door.pids() {
        assert!(!child::exists(pid), "process {pid} is left");
    }
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_interpreter_shutdown
// E25, T14
// Differs: it is the drop of the pool that waits for the work, before `main` ends.
#[test]
fn a_program_that_just_ends_finishes_its_calls_on_threads() {
    ends_with_work_pending::<ThreadPoolExecutor>(
        "test_shutdown::a_program_that_just_ends_finishes_its_calls_on_threads",
        |_| (),
    );
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_interpreter_shutdown
// E25, P33
// Differs: it is the drop of the pool that waits for the work, before `main` ends.
#[test]
fn a_program_that_just_ends_finishes_its_calls_on_processes() {
    ends_with_work_pending::<ProcessPoolExecutor>(
        "test_shutdown::a_program_that_just_ends_finishes_its_calls_on_processes",
        |_| (),
    );
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_hang_gh83386
// E25
// Differs: it is the drop of the pool that waits for the work, before `main` ends.
#[test]
fn a_program_that_did_not_wait_finishes_its_calls_on_threads() {
    ends_with_work_pending::<ThreadPoolExecutor>(
        "test_shutdown::a_program_that_did_not_wait_finishes_its_calls_on_threads",
        |pool| pool.shutdown_with(AT_ONCE),
    );
}

// CPython: test_shutdown.py ExecutorShutdownTest.test_hang_gh83386
// E25, P34
// Differs: it is the drop of the pool that waits for the work, before `main` ends.
#[test]
fn a_program_that_did_not_wait_finishes_its_calls_on_processes() {
    ends_with_work_pending::<ProcessPoolExecutor>(
        "test_shutdown::a_program_that_did_not_wait_finishes_its_calls_on_processes",
        |pool| pool.shutdown_with(AT_ONCE),
    );
}
