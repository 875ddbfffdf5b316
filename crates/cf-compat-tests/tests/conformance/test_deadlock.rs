//! `test_deadlock.py`: whatever happens to a call on its way there and back, every future is answered.
//!
//! In CPython most of these break the pool. Here only the call fails whose fault it is, so each test goes on to use the pool.

use cf_compat_tests::kit::{Door, tasks};
use cf_core::{Error, ReturnWhen, wait};
use cf_pool::{ProcessPoolExecutor, Shutdown, task};
use rustix::process::Signal;

use crate::{
    child::{self, signal},
    executors::process_pool,
    value::{Does, EXIT_CODE, Unruly, act, died, give, is_of, take},
    watch::ends,
};

const AT_ONCE: Shutdown = Shutdown {
    wait: false,
    cancel_futures: false,
};

fn assert_works(pool: &ProcessPoolExecutor) {
    assert_eq!(pool.submit(tasks::add::task(3, 4)).result().unwrap(), 7);
}

/// Fails unless the error says that the value could not be encoded, or decoded.
fn assert_coding<T: std::fmt::Debug>(outcome: Result<T, Error>, what: &str) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Raised(_)), "{error:?}");
    let text = error.to_string();
    let expected = format!("Unruly could not be {what}: ");
    assert!(text.contains(&expected), "{text}");
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_error_at_task_pickle
// P07
// Differs: most of what cannot be sent does not compile; this refuses at run time.
#[test]
fn an_argument_that_cannot_be_encoded_fails_its_call() {
    ends(|| {
        let pool = process_pool(2);
        let call = take::task(Unruly::when_encoded(Does::Refuse));
        assert_coding(pool.submit(call).result(), "encoded");
        assert_works(&pool);
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_error_at_task_unpickle
// P08
// Differs: the worker lives on, and only this call fails.
#[test]
fn an_argument_that_cannot_be_decoded_fails_its_call() {
    ends(|| {
        let pool = process_pool(2);
        let call = take::task(Unruly::when_decoded(Does::Refuse));
        assert_coding(pool.submit(call).result(), "decoded");
        assert_works(&pool);
        assert_eq!(pool.stats().restarts, 0);
    });
}

/// An argument that ends its worker when it is decoded.
fn argument_ends_worker(does: Does) {
    ends(move || {
        let pool = process_pool(2);
        let call = take::task(Unruly::when_decoded(does));
        assert!(is_of(&died(pool.submit(call).result()), does));
        assert_works(&pool);
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_exit_at_task_unpickle
// P08
// Differs: only this call fails.
#[test]
fn an_argument_that_exits_when_decoded_fails_its_call() {
    argument_ends_worker(Does::Exit);
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_crash_at_task_unpickle
// P08
// Differs: only this call fails.
#[test]
fn an_argument_that_crashes_when_decoded_fails_its_call() {
    argument_ends_worker(Does::Crash);
}

/// A call that ends its worker.
fn call_ends_worker(does: Does) {
    ends(move || {
        let pool = process_pool(2);
        let futures = [does, Does::Nothing, Does::Nothing].map(|it| pool.submit(act::task(it)));
        assert!(wait(&futures, ReturnWhen::AllCompleted).not_done.is_empty());
        let [ends, one, other] = futures.map(cf_core::Future::result);
        let death = died(ends);
        assert!(is_of(&death, does), "{death}");
        assert_eq!(death.task(), Some(act::TASK.name()));
        assert_eq!((one.unwrap(), other.unwrap()), (7, 7));
        assert_works(&pool);
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_crash_during_func_exec_on_worker
// P14
// Differs: only this call fails.
#[test]
fn a_call_that_crashes_fails_alone() {
    call_ends_worker(Does::Crash);
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_exit_during_func_exec_on_worker
// P13
// Differs: an exit is no exception; it ends the worker.
#[test]
fn a_call_that_exits_fails_alone() {
    call_ends_worker(Does::Exit);
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_error_during_func_exec_on_worker
// P12
// Differs: the error comes back as its text.
#[test]
fn an_error_of_a_call_comes_back() {
    ends(|| {
        let pool = process_pool(2);
        let error = pool.submit(act::task(Does::Refuse)).result().unwrap_err();
        assert!(matches!(error, Error::Raised(_)), "{error:?}");
        assert_eq!(error.to_string(), "it does not want to");
        assert_works(&pool);
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_error_during_result_pickle_on_worker
// P09
#[test]
fn a_result_that_cannot_be_encoded_fails_its_call() {
    ends(|| {
        let pool = process_pool(2);
        let call = give::task(Does::Refuse, Does::Nothing);
        assert_coding(pool.submit(call).result(), "encoded");
        assert_works(&pool);
        assert_eq!(pool.stats().restarts, 0);
    });
}

/// A result that ends its worker when it is encoded.
fn result_ends_worker(does: Does) {
    ends(move || {
        let pool = process_pool(2);
        let call = give::task(does, Does::Nothing);
        assert!(is_of(&died(pool.submit(call).result()), does));
        assert_works(&pool);
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_crash_during_result_pickle_on_worker
// P14
// Differs: only this call fails.
#[test]
fn a_result_that_crashes_when_encoded_fails_its_call() {
    result_ends_worker(Does::Crash);
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_exit_during_result_pickle_on_worker
// P09
// Differs: an exit is no exception; it ends the worker.
#[test]
fn a_result_that_exits_when_encoded_fails_its_call() {
    result_ends_worker(Does::Exit);
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_error_during_result_unpickle_in_result_handler
// P11
// Differs: only this call fails.
#[test]
fn a_result_that_cannot_be_decoded_fails_its_call() {
    ends(|| {
        let pool = process_pool(2);
        let call = give::task(Does::Nothing, Does::Refuse);
        assert_coding(pool.submit(call).result(), "decoded");
        assert_works(&pool);
        assert_eq!(pool.stats().restarts, 0);
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_exit_during_result_unpickle_in_result_handler
// P11
// Differs: an exit in the parent is the end of the program, with the code that it says; its workers end with it.
#[test]
fn a_result_that_exits_when_decoded_ends_the_program_and_its_workers() {
    const NAME: &str =
        "test_deadlock::a_result_that_exits_when_decoded_ends_the_program_and_its_workers";
    if let Some(address) = child::word() {
        let pool = process_pool(2);
        drop(pool.submit(tasks::visit::task(&address, 7)));
        // It is there before the program ends.
        pool.submit(tasks::visit::task(&address, 8))
            .result()
            .unwrap();
        drop(pool.submit(give::task(Does::Nothing, Does::Exit)).result());
        return;
    }
    let door = Door::new();
    let letting_in = std::thread::scope(|s| {
        let running = s.spawn(|| child::run(NAME, door.address()));
        let (eight, seven) = door.guests(2).into_iter().partition(|it| it.name == 8);
        let (eight, seven): (Vec<_>, Vec<_>) = (eight, seven);
        drop(eight);
        let output = running.join().unwrap();
        (output, seven)
    });
    let (output, guests) = letting_in;
    assert_eq!(
        output.status.code(),
        Some(EXIT_CODE),
        "{}",
        child::told(&output)
    );
    for guest in guests {
        assert!(guest.sees_its_end(), "a worker is left");
    }
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_shutdown_deadlock
// P20
// Differs: only the call fails whose worker died.
#[test]
fn a_worker_that_dies_after_shutdown_hangs_nothing() {
    ends(|| {
        let pool = process_pool(1);
        let door = Door::new();
        let visit = pool.submit(tasks::visit::task(door.address(), 0));
        let guest = door.guest();
        let behind = pool.submit(tasks::add::task(3, 4));
        pool.shutdown_with(AT_ONCE);
        signal(guest.pid, Signal::KILL);
        pool.shutdown();
        assert_eq!(died(visit.result()).pid(), guest.pid);
        assert_eq!(behind.result().unwrap(), 7);
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_shutdown_deadlock_pickle
// P21
#[test]
fn what_cannot_be_encoded_is_told_after_shutdown_too() {
    ends(|| {
        let pool = process_pool(1);
        let door = Door::new();
        let visit = pool.submit(tasks::visit::task(door.address(), 7));
        let guest = door.guest();
        let bad = pool.submit(take::task(Unruly::when_encoded(Does::Refuse)));
        pool.shutdown_with(AT_ONCE);
        drop(guest);
        assert_coding(bad.result(), "encoded");
        assert_eq!(visit.result().unwrap(), 7);
        pool.shutdown();
        assert_eq!(pool.stats().workers.len(), 0);
    });
}

#[task]
fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_crash_big_data
// P18
// Differs: only the call fails that crashes; the large ones are sent again to others.
#[test]
fn a_crash_while_large_arguments_are_on_their_way_hangs_nothing() {
    const N_BYTES: usize = 10 << 20;
    ends(|| {
        let pool = process_pool(2);
        let bytes = vec![7; N_BYTES];
        for _ in 0..3 {
            let large: Vec<_> = (0..4).map(|_| pool.submit(length::task(&bytes))).collect();
            let crash = pool.submit(act::task(Does::Crash));
            let more: Vec<_> = (0..4).map(|_| pool.submit(length::task(&bytes))).collect();
            assert!(is_of(&died(crash.result()), Does::Crash));
            for call in large.into_iter().chain(more) {
                assert_eq!(call.result().unwrap(), N_BYTES as u64);
            }
        }
    });
}

// CPython: test_deadlock.py ExecutorDeadlockTest.test_gh105829_should_not_deadlock_if_wakeup_pipe_full
// P06
// The wake-ups are the pool's own, and are made to pile up by a worker that takes nothing.
#[test]
fn submissions_do_not_block_although_nobody_takes_them() {
    const N_CALLS: u64 = 10_000;
    ends(|| {
        let pool = process_pool(1);
        let door = Door::new();
        let visit = pool.submit(tasks::visit::task(door.address(), 7));
        let guest = door.guest();
        let calls: Vec<_> = (0..N_CALLS)
            .map(|n| pool.submit(tasks::add::task(n, 1)))
            .collect();
        assert!(!visit.done() && !calls.iter().any(cf_core::Future::done));
        drop(guest);
        for (n, call) in (0..N_CALLS).zip(calls) {
            assert_eq!(call.result().unwrap(), n + 1);
        }
    });
}
