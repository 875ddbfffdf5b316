//! Which threads the handles may go to, what they may be caught in, and how large they are.

use std::{
    error::Error as StdError,
    panic::{RefUnwindSafe, UnwindSafe},
};

use cf_core::bridge::{Awaited, AwaitedCanceller, Completions, Observer, SharedAwaited};
use cf_core::{
    AsCompleted, AsCompletedTimeout, BoxError, BrokenExecutor, Canceller, Context, Deadlock,
    DoneAndNotDone, Error, Exception, Fallible, Future, InlineExecutor, InvalidState, Panic,
    PanicLocation, Promise, Reason, Rejected, ReturnWhen, SharedFuture, TimedOut, Timeout,
    WorkerDied, WorkerExit,
};

fn is_send_and_sync<T: Send + Sync + Unpin>() {}

fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

fn is_static_error<T: StdError + Send + Sync + 'static>() {}

/// A value that may be sent but not shared.
type OnlySend = std::cell::Cell<u32>;

#[test]
fn handles_go_to_any_thread_and_may_be_shared_by_threads() {
    is_send_and_sync::<Future<OnlySend>>();
    is_send_and_sync::<Promise<OnlySend>>();
    is_send_and_sync::<SharedFuture<u32>>();
    is_send_and_sync::<Canceller>();
    is_send_and_sync::<InlineExecutor>();
}

#[test]
fn awaitable_handles_go_to_any_thread_and_may_be_shared_by_threads() {
    is_send_and_sync::<Awaited<OnlySend>>();
    is_send_and_sync::<SharedAwaited<u32>>();
    is_send_and_sync::<Observer<OnlySend>>();
    is_send_and_sync::<Completions>();
    is_send_and_sync::<AwaitedCanceller>();
    is_unwind_safe::<Awaited<OnlySend>>();
    is_unwind_safe::<SharedAwaited<u32>>();
    is_unwind_safe::<AwaitedCanceller>();
}

#[test]
fn sets_of_futures_go_to_any_thread() {
    is_send_and_sync::<DoneAndNotDone<Future<OnlySend>>>();
    is_send_and_sync::<AsCompleted<Future<OnlySend>>>();
    is_send_and_sync::<AsCompletedTimeout<Future<OnlySend>>>();
    is_send_and_sync::<ReturnWhen>();
}

#[test]
fn errors_go_to_any_thread() {
    is_send_and_sync::<Error>();
    is_send_and_sync::<Exception>();
    is_send_and_sync::<Panic>();
    is_send_and_sync::<PanicLocation>();
    is_send_and_sync::<Timeout>();
    is_send_and_sync::<WorkerDied>();
    is_send_and_sync::<WorkerExit>();
    is_send_and_sync::<Reason>();
    is_send_and_sync::<BoxError>();
    is_send_and_sync::<Rejected<fn()>>();
    is_send_and_sync::<Fallible<fn()>>();
}

#[test]
fn the_context_of_a_task_goes_with_it() {
    fn is_send<T: Send + Unpin>() {}

    is_send::<Context>();
}

#[test]
fn handles_may_be_used_after_a_caught_panic() {
    is_unwind_safe::<Future<OnlySend>>();
    is_unwind_safe::<Promise<OnlySend>>();
    is_unwind_safe::<SharedFuture<u32>>();
    is_unwind_safe::<Canceller>();
    is_unwind_safe::<InlineExecutor>();
}

// F39: each is an error like any other, and can be boxed, sent and passed on with `?`.
#[test]
fn all_errors_are_errors() {
    is_static_error::<Error>();
    is_static_error::<Exception>();
    is_static_error::<TimedOut>();
    is_static_error::<InvalidState<Vec<u8>>>();
    is_static_error::<BrokenExecutor>();
    is_static_error::<Deadlock>();
    is_static_error::<WorkerDied>();
    is_static_error::<Rejected<fn()>>();
}

#[test]
fn a_future_is_as_large_as_two_words() {
    let two_words = 2 * size_of::<usize>();
    assert_eq!(size_of::<Future<[u64; 100]>>(), two_words);
    assert_eq!(size_of::<Option<Future<[u64; 100]>>>(), two_words);
    assert_eq!(size_of::<Canceller>(), two_words);
}

#[test]
fn the_other_handles_are_as_large_as_one_word() {
    assert_eq!(size_of::<Promise<[u64; 100]>>(), size_of::<usize>());
    assert_eq!(size_of::<SharedFuture<[u64; 100]>>(), size_of::<usize>());
    assert_eq!(size_of::<InlineExecutor>(), 0);
}

#[test]
fn an_error_is_as_large_as_two_words_at_most() {
    let two_words = 2 * size_of::<usize>();
    assert!(size_of::<Error>() <= two_words);
    assert!(size_of::<Result<(), Error>>() <= two_words);
    assert!(size_of::<Result<u64, Error>>() <= two_words);
    assert_eq!(size_of::<Panic>(), size_of::<usize>());
    assert_eq!(size_of::<Exception>(), size_of::<usize>());
    assert_eq!(size_of::<Timeout>(), size_of::<usize>());
    assert_eq!(size_of::<WorkerDied>(), size_of::<usize>());
}
