//! `test_future.py`: a future by itself, in each of its states.

use std::{
    sync::{Arc, Barrier, Mutex},
    thread,
    time::Duration,
};

use cf_core::{Done, Error, Future, Promise};

use crate::reports;

/// A future in each state in which CPython looks at one, and its promise, so that it stays there.
struct States {
    pending: (Promise<u32>, Future<u32>),
    running: (Promise<u32>, Future<u32>),
    cancelled: (Promise<u32>, Future<u32>),
    /// Cancelled, and its worker has seen it.
    notified: (Promise<u32>, Future<u32>),
    raised: Future<u32>,
    panicked: Future<u32>,
    succeeded: Future<u32>,
}

impl States {
    fn new() -> Self {
        let running = Promise::new();
        assert!(running.0.set_running_or_notify_cancel());
        let cancelled = Promise::new();
        assert!(cancelled.1.cancel());
        let notified = Promise::new();
        assert!(notified.1.cancel() && !notified.0.set_running_or_notify_cancel());
        Self {
            pending: Promise::new(),
            running,
            cancelled,
            notified,
            raised: raised(),
            panicked: panicked(),
            succeeded: succeeded(42),
        }
    }

    /// All of them: pending, running, cancelled, notified, raised, panicked, succeeded.
    fn all(&self) -> [&Future<u32>; 7] {
        [
            &self.pending.1,
            &self.running.1,
            &self.cancelled.1,
            &self.notified.1,
            &self.raised,
            &self.panicked,
            &self.succeeded,
        ]
    }

    fn all_mut(&mut self) -> [&mut Future<u32>; 7] {
        [
            &mut self.pending.1,
            &mut self.running.1,
            &mut self.cancelled.1,
            &mut self.notified.1,
            &mut self.raised,
            &mut self.panicked,
            &mut self.succeeded,
        ]
    }
}

fn raised() -> Future<u32> {
    let (promise, future) = Promise::new();
    promise.set_exception("out of paper").unwrap();
    future
}

fn panicked() -> Future<u32> {
    let (promise, future) = Promise::new();
    let outcome = promise.run(|| -> Result<u32, Error> { panic!("jammed") });
    promise.set_exception(outcome.unwrap_err()).unwrap();
    future
}

fn succeeded(value: u32) -> Future<u32> {
    let (promise, future) = Promise::new();
    promise.set_result(value).unwrap();
    future
}

/// What a callback saw: value or error, and whether it was cancelled.
type Seen = Arc<Mutex<Option<(Result<u32, String>, bool)>>>;

/// A callback that notes what it sees.
fn see(seen: &Seen) -> impl FnOnce(&Done<'_, u32>) + Send + 'static {
    let seen = Arc::clone(seen);
    move |done| {
        let outcome = done.result().copied().map_err(Error::to_string);
        *seen.lock().unwrap() = Some((outcome, done.cancelled()));
    }
}

fn cancelled_as_seen() -> Option<(Result<u32, String>, bool)> {
    Some((Err(Error::Cancelled.to_string()), true))
}

// CPython: test_future.py FutureTests.test_done_callback_with_result
// F16, F17
#[test]
fn a_callback_runs_on_a_result_and_reads_it() {
    let (promise, future) = Promise::new();
    let seen = Seen::default();
    future.add_done_callback(see(&seen));
    assert_eq!(*seen.lock().unwrap(), None);
    promise.set_result(5).unwrap();
    assert_eq!(*seen.lock().unwrap(), Some((Ok(5), false)));
}

// CPython: test_future.py FutureTests.test_done_callback_with_exception
// F17
#[test]
fn a_callback_runs_on_a_failure_and_reads_it() {
    let (promise, future) = Promise::new();
    let seen = Seen::default();
    future.add_done_callback(see(&seen));
    promise.set_exception("out of paper").unwrap();
    let expected = (Err("out of paper".to_owned()), false);
    assert_eq!(*seen.lock().unwrap(), Some(expected));
}

// CPython: test_future.py FutureTests.test_done_callback_with_cancel
// F02, F17
#[test]
fn a_callback_runs_on_a_cancel_and_sees_it() {
    let (_promise, future) = Promise::new();
    let seen = Seen::default();
    future.add_done_callback(see(&seen));
    assert!(future.cancel());
    assert_eq!(*seen.lock().unwrap(), cancelled_as_seen());
}

// CPython: test_future.py FutureTests.test_done_callback_raises
// F19
// Differs: what escapes a callback is a panic, and it is reported as a `tracing` event.
#[test]
fn a_callback_that_panics_is_reported_and_the_next_runs() {
    reports::listen();
    let (promise, future) = Promise::new();
    let seen = Seen::default();
    future.add_done_callback(|_| panic!("dropped tray 77"));
    future.add_done_callback(see(&seen));
    promise.set_result(5).unwrap();
    assert_eq!(*seen.lock().unwrap(), Some((Ok(5), false)));
    let reported = reports::with("dropped tray 77");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(reported[0].starts_with("ERROR"), "{reported:?}");
    assert!(reported[0].contains("callback"), "{reported:?}");
}

// CPython: test_future.py FutureTests.test_done_callback_already_successful
// F20
#[test]
fn a_callback_added_after_success_runs_at_once() {
    let seen = Seen::default();
    succeeded(5).add_done_callback(see(&seen));
    assert_eq!(*seen.lock().unwrap(), Some((Ok(5), false)));
}

// CPython: test_future.py FutureTests.test_done_callback_already_failed
// F20
#[test]
fn a_callback_added_after_failure_runs_at_once() {
    let seen = Seen::default();
    raised().add_done_callback(see(&seen));
    let expected = (Err("out of paper".to_owned()), false);
    assert_eq!(*seen.lock().unwrap(), Some(expected));
}

// CPython: test_future.py FutureTests.test_done_callback_already_cancelled
// F20
#[test]
fn a_callback_added_after_a_cancel_runs_at_once() {
    let (_promise, future) = Promise::new();
    assert!(future.cancel());
    let seen = Seen::default();
    future.add_done_callback(see(&seen));
    assert_eq!(*seen.lock().unwrap(), cancelled_as_seen());
}

// CPython: test_future.py FutureTests.test_done_callback_raises_already_succeeded
// F21
#[test]
fn a_late_callback_that_panics_is_reported_and_the_next_runs() {
    reports::listen();
    let future = succeeded(5);
    future.add_done_callback(|_| panic!("dropped tray 78"));
    assert_eq!(reports::with("dropped tray 78").len(), 1);
    let seen = Seen::default();
    future.add_done_callback(see(&seen));
    assert_eq!(*seen.lock().unwrap(), Some((Ok(5), false)));
    assert_eq!(future.result().unwrap(), 5);
}

// CPython: test_future.py FutureTests.test_repr
// F01, F33
// Differs: no address, and of a failure the kind instead of the type.
#[test]
fn debug_shows_the_state_and_never_the_value() {
    let states = States::new();
    assert_eq!(
        states.all().map(|future| format!("{future:?}")),
        [
            "<Future pending>",
            "<Future running>",
            "<Future cancelled>",
            "<Future cancelled>",
            "<Future failed: exception>",
            "<Future failed: panic>",
            "<Future finished: u32>",
        ]
    );
}

// CPython: test_future.py FutureTests.test_cancel
// F02, F03, F04, F05
#[test]
fn cancel_takes_what_is_pending_or_cancelled_and_nothing_else() {
    let states = States::new();
    let taken = states.all().map(Future::cancel);
    assert_eq!(taken, [true, false, true, true, false, false, false]);
    assert_eq!(
        states.all().map(|future| format!("{future:?}")),
        [
            "<Future cancelled>",
            "<Future running>",
            "<Future cancelled>",
            "<Future cancelled>",
            "<Future failed: exception>",
            "<Future failed: panic>",
            "<Future finished: u32>",
        ]
    );
}

// CPython: test_future.py FutureTests.test_cancelled
// F01, F06
#[test]
fn cancelled_is_true_of_a_cancelled_one_only() {
    let told = States::new().all().map(Future::cancelled);
    assert_eq!(told, [false, false, true, true, false, false, false]);
}

// CPython: test_future.py FutureTests.test_done
// F01, F08
#[test]
fn done_is_true_of_all_that_have_ended() {
    let told = States::new().all().map(Future::done);
    assert_eq!(told, [false, false, true, true, true, true, true]);
}

// CPython: test_future.py FutureTests.test_running
// F01, F07
#[test]
fn running_is_true_of_a_running_one_only() {
    let told = States::new().all().map(Future::running);
    assert_eq!(told, [false, true, false, false, false, false, false]);
}

// CPython: test_future.py FutureTests.test_result_with_timeout
// F10, F11, F12
// Differs: that the time ran out is told apart from how the task ended.
#[test]
fn result_with_no_time_gives_what_there_is() {
    let mut states = States::new();
    let outcomes = states
        .all_mut()
        .map(|future| future.result_timeout(Duration::ZERO));
    let [
        pending,
        running,
        cancelled,
        notified,
        raised,
        panicked,
        succeeded,
    ] = outcomes;
    assert!(pending.is_err() && running.is_err());
    assert!(matches!(cancelled, Ok(Err(Error::Cancelled))));
    assert!(matches!(notified, Ok(Err(Error::Cancelled))));
    assert!(matches!(raised, Ok(Err(Error::Raised(_)))));
    assert!(matches!(panicked, Ok(Err(Error::Panicked(_)))));
    assert_eq!(succeeded.unwrap().unwrap(), 42);
}

/// Runs `wait` on a thread of its own while `end` ends the future on this one, perhaps before `wait` has come to wait: in
/// many rounds, it hardly always does.
fn while_waiting<R: Send + 'static>(
    wait: impl FnOnce(Future<u32>) -> R + Send + 'static,
    end: impl FnOnce(Promise<u32>, &cf_core::Canceller),
) -> R {
    let (promise, future) = Promise::new();
    let canceller = future.canceller();
    let ready = Arc::new(Barrier::new(2));
    let is_ready = Arc::clone(&ready);
    let waiting = thread::spawn(move || {
        is_ready.wait();
        wait(future)
    });
    ready.wait();
    end(promise, &canceller);
    waiting.join().unwrap()
}

// CPython: test_future.py FutureTests.test_result_with_success
// F09
#[test]
fn a_waiting_result_wakes_with_the_value() {
    for _ in 0..50 {
        let outcome = while_waiting(Future::result, |promise, _| promise.set_result(42).unwrap());
        assert_eq!(outcome.unwrap(), 42);
    }
}

// CPython: test_future.py FutureTests.test_result_with_cancel
// F02, F12
#[test]
fn a_waiting_result_wakes_with_the_cancel() {
    for _ in 0..50 {
        let outcome = while_waiting(Future::result, |_promise, it| assert!(it.cancel()));
        assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
    }
}

// CPython: test_future.py FutureTests.test_exception_with_timeout
// F12, F14
// Differs: of a cancelled future it gives the cancel as an error, and raises nothing.
#[test]
fn exception_with_no_time_gives_what_there_is() {
    let states = States::new();
    let errors = states
        .all()
        .map(|future| future.exception_timeout(Duration::ZERO));
    let [
        pending,
        running,
        cancelled,
        notified,
        raised,
        panicked,
        succeeded,
    ] = errors;
    assert!(pending.is_err() && running.is_err());
    assert!(matches!(cancelled, Ok(Some(Error::Cancelled))));
    assert!(matches!(notified, Ok(Some(Error::Cancelled))));
    assert_eq!(raised.unwrap().unwrap().to_string(), "out of paper");
    assert!(matches!(panicked, Ok(Some(Error::Panicked(_)))));
    assert!(matches!(succeeded, Ok(None)));
}

// CPython: test_future.py FutureTests.test_exception_with_success
// F15
#[test]
fn a_waiting_exception_wakes_with_the_failure() {
    for _ in 0..50 {
        let error = while_waiting(
            |future| future.exception(),
            |promise, _| promise.set_exception("out of paper").unwrap(),
        );
        assert_eq!(error.unwrap().to_string(), "out of paper");
    }
}

// What these say of a future by itself holds of the futures of every executor.
rules! {
    // F02, F05, F06, T20
    fn a_queued_call_can_be_cancelled_and_never_runs: threads, processes, rayon, bounded;
    // F03
    fn a_running_call_cannot_be_cancelled: threads, processes, rayon, bounded;
    // F04
    fn an_ended_call_cannot_be_cancelled: threads, processes, rayon, inline, bounded;
    // F01, F07, F08
    fn the_states_follow_each_other: threads, processes, rayon, bounded;
    // F12, F32
    fn a_cancel_ends_every_wait: threads, processes, rayon, bounded;
    // F03
    fn a_call_that_is_asked_to_stop_ends_at_its_checkpoint: threads, processes, rayon, bounded;
    // F17
    fn a_callback_sees_the_end: threads, processes, rayon, inline, bounded;
    // F16
    fn callbacks_run_once_and_in_order: threads, processes, rayon, inline, bounded;
    // F20
    fn a_late_callback_runs_at_once: threads, processes, rayon, inline, bounded;
    // F19, F22, T16
    fn a_callback_that_panics_hurts_nobody: threads, processes, rayon, inline, bounded;
    // F23, T19
    fn a_callback_may_submit: threads, processes, rayon, inline, bounded;
}
