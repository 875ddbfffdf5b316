//! `wrap_future` and what crosses with it: values, failures and cancellations, both ways, over executors.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::Poll,
    thread,
};

use aio_bridge::{AioFuture, Error, create_task, future, wrap_future};
use cf_core::{Callable, ClosureExecutor, InlineExecutor, Promise, Timeout, checkpoint, fallible};
use cf_pool::ThreadPoolExecutor;

use crate::{
    loops::{
        LONG, block_on, ends, held, many_threads, on_each_loop, on_one_thread, one_thread,
        poll_once,
    },
    reports::reports_of,
};

fn pool() -> ThreadPoolExecutor {
    ThreadPoolExecutor::new(1).unwrap()
}

/// Runs the callable on every executor, wraps its future, and hands that to `check`.
fn on_each_executor<C>(callable: C, check: impl Fn(AioFuture<C::Output>))
where
    C: Callable + Clone + 'static,
    C::Output: Send + 'static,
{
    check(wrap_future(InlineExecutor::new().spawn(callable.clone())));
    check(wrap_future(pool().spawn(callable)));
}

/// A call that notes that it ran.
fn noting() -> (impl FnOnce() + Send + 'static, Arc<AtomicBool>) {
    let has_run = Arc::new(AtomicBool::new(false));
    let there = Arc::clone(&has_run);
    (move || there.store(true, Ordering::SeqCst), has_run)
}

// B11
#[test]
fn a_wrap_gives_what_the_call_gave() {
    on_each_executor(
        || 6 * 7,
        |future| {
            assert_eq!(on_one_thread(future).unwrap(), 42);
        },
    );
}

// B11
#[test]
fn a_wrap_follows_its_source() {
    on_each_loop(|| async {
        let (promise, blocking) = Promise::new();
        let mut wrap = wrap_future(blocking);
        assert!(!wrap.done() && poll_once(&mut wrap).is_pending());
        let thread = thread::spawn(move || promise.set_result(7).unwrap());
        assert_eq!((&mut wrap).await.unwrap(), 7);
        assert!(wrap.done());
        thread.join().unwrap();
    });
}

// B12
#[test]
fn an_awaitable_future_is_given_back_unchanged() {
    on_one_thread(async {
        let (promise, future) = future();
        let canceller = future.canceller();
        let id = future.add_done_callback(|_| panic!("it was removed"));
        let wrap = wrap_future(future);
        assert!(wrap.remove_done_callback(id));
        promise.set_result(7).unwrap();
        assert!(canceller.done());
        assert_eq!(wrap.await.unwrap(), 7);
    });
}

// B12
#[test]
fn a_task_is_given_back_unchanged() {
    on_one_thread(async {
        let task = create_task(async { 7 });
        let id = task.id();
        let wrap = wrap_future(task);
        assert_eq!(wrap.id(), id);
        assert_eq!(wrap.await.unwrap(), 7);
    });
}

// B12
#[test]
fn a_shared_awaitable_future_is_given_back_unchanged() {
    on_one_thread(async {
        let (promise, future) = future();
        let shared = future.shared();
        let id = shared.add_done_callback(|_| panic!("it was removed"));
        let wrap = wrap_future(shared);
        assert!(wrap.remove_done_callback(id));
        promise.set_result(7).unwrap();
        assert_eq!(wrap.await.unwrap(), 7);
    });
}

// B13
#[test]
fn no_loop_is_needed_to_wrap_nor_to_await() {
    ends(|| {
        on_each_executor(
            || 7,
            |future| {
                assert_eq!(futures::executor::block_on(future).unwrap(), 7);
            },
        );
    });
}

// B14: at once, where Python needs one pass of the loop.
#[test]
fn the_wrap_of_a_done_future_is_done_at_once() {
    let mut wrap = wrap_future(InlineExecutor::new().spawn(|| 7));
    assert!(wrap.done());
    assert!(matches!(poll_once(&mut wrap), Poll::Ready(Ok(7))));
}

// B15
#[test]
fn cancelling_the_wrap_keeps_a_queued_call_from_running() {
    let pool = pool();
    let (call, has_run) = noting();
    let (gate, busy) = held(&pool, || ());
    let queued = pool.submit(call);
    let source = queued.canceller();
    let wrap = wrap_future(queued);
    assert!(wrap.cancel());
    assert!(source.cancelled(), "at once, not one pass later");
    gate.open();
    busy.result().unwrap();
    pool.shutdown();
    assert!(!has_run.load(Ordering::SeqCst));
}

// B15: dropping does as well, which is how a timeout and a select cancel.
#[test]
fn dropping_the_wrap_keeps_a_queued_call_from_running() {
    let pool = pool();
    let (call, has_run) = noting();
    let (gate, busy) = held(&pool, || ());
    drop(wrap_future(pool.submit(call)));
    gate.open();
    busy.result().unwrap();
    pool.shutdown();
    assert!(!has_run.load(Ordering::SeqCst));
}

// B15
#[test]
fn a_select_that_goes_another_way_keeps_a_queued_call_from_running() {
    let pool = pool();
    let (call, has_run) = noting();
    let (gate, busy) = held(&pool, || ());
    on_one_thread(async {
        tokio::select! {
            biased;
            _ = wrap_future(pool.submit(call)) => unreachable!("it is queued"),
            () = tokio::task::yield_now() => {}
        }
    });
    gate.open();
    busy.result().unwrap();
    pool.shutdown();
    assert!(!has_run.load(Ordering::SeqCst));
}

// B15
#[test]
fn cancelling_the_task_that_awaits_the_wrap_keeps_a_queued_call_from_running() {
    let pool = pool();
    let (call, has_run) = noting();
    let (gate, busy) = held(&pool, || ());
    let wrap = wrap_future(pool.submit(call));
    on_one_thread(async {
        let mut task = create_task(async move { wrap.await.is_ok() });
        tokio::task::yield_now().await;
        assert!(task.cancel());
        assert!(matches!((&mut task).await, Err(Error::Cancelled)));
    });
    gate.open();
    busy.result().unwrap();
    pool.shutdown();
    assert!(!has_run.load(Ordering::SeqCst));
}

// B16
#[test]
fn a_running_call_whose_wrap_is_cancelled_goes_on_to_its_end() {
    let pool = pool();
    let (call, has_run) = noting();
    let (gate, running) = held(&pool, call);
    let wrap = wrap_future(running);
    assert!(wrap.cancel() && wrap.cancelled());
    assert!(matches!(on_one_thread(wrap), Err(Error::Cancelled)));
    assert!(!has_run.load(Ordering::SeqCst));
    gate.open();
    pool.shutdown();
    assert!(has_run.load(Ordering::SeqCst));
}

// B16
#[test]
fn a_running_call_whose_wrap_is_dropped_goes_on_and_the_drop_does_not_wait() {
    let pool = pool();
    let (call, has_run) = noting();
    let (gate, running) = held(&pool, call);
    drop(wrap_future(running));
    assert!(!has_run.load(Ordering::SeqCst));
    gate.open();
    pool.shutdown();
    assert!(has_run.load(Ordering::SeqCst));
}

// B16
#[test]
fn a_running_call_whose_wrap_is_cancelled_is_asked_to_stop() {
    let pool = pool();
    let (tell, told) = mpsc::channel();
    let (gate, running) = held(&pool, move || tell.send(checkpoint().is_err()).unwrap());
    assert!(wrap_future(running).cancel());
    gate.open();
    assert_eq!(told.recv_timeout(LONG), Ok(true));
}

// B16
#[test]
fn a_late_value_is_dropped() {
    let pool = pool();
    let value = Arc::new(());
    let there = Arc::clone(&value);
    let (gate, running) = held(&pool, move || there);
    let wrap = wrap_future(running);
    assert!(wrap.cancel());
    gate.open();
    drop(wrap);
    pool.shutdown();
    assert_eq!(Arc::strong_count(&value), 1);
}

// B16
#[test]
fn a_late_exception_is_dropped_in_silence() {
    let reports = reports_of(|| {
        let (promise, blocking) = Promise::<u32>::new();
        assert!(promise.set_running_or_notify_cancel());
        let wrap = wrap_future(blocking);
        assert!(wrap.cancel());
        promise.set_exception("disk").unwrap();
        drop(wrap);
    });
    assert_eq!(reports, [""; 0]);
}

// B17
#[test]
fn a_source_that_was_set_first_is_not_cancelled_by_its_wrap() {
    let (promise, blocking) = Promise::new();
    let mut wrap = wrap_future(blocking);
    promise.set_result(7).unwrap();
    assert!(!wrap.cancel() && !wrap.cancelled());
    assert_eq!(wrap.result().unwrap(), 7);
}

// B17
#[test]
fn a_set_and_a_cancel_at_the_same_time_have_one_winner() {
    ends(|| {
        for _ in 0..500 {
            let (promise, mut wrap) = future();
            let canceller = wrap.canceller();
            let start = Arc::new(std::sync::Barrier::new(2));
            let started = Arc::clone(&start);
            let thread = thread::spawn(move || {
                started.wait();
                canceller.cancel()
            });
            start.wait();
            let was_set = promise.set_result(7).is_ok();
            let was_cancelled = thread.join().unwrap();
            assert_eq!(wrap.cancelled(), was_cancelled);
            assert!(was_set != was_cancelled);
            assert_eq!(wrap.result().is_ok(), was_set);
        }
    });
}

// B19
#[test]
fn cancelling_the_source_cancels_the_wrap_and_wakes_its_reader() {
    on_each_loop(|| async {
        let (_promise, blocking) = Promise::<u32>::new();
        let source = blocking.canceller();
        let wrap = wrap_future(blocking);
        let task = tokio::spawn(wrap);
        tokio::task::yield_now().await;
        assert!(thread::spawn(move || source.cancel()).join().unwrap());
        assert!(matches!(task.await.unwrap(), Err(Error::Cancelled)));
    });
}

// B19
#[test]
fn a_source_that_its_producer_cancels_cancels_the_wrap() {
    let (promise, blocking) = Promise::<u32>::new();
    let mut wrap = wrap_future(blocking);
    assert!(promise.set_running_or_notify_cancel());
    promise.set_cancelled();
    assert!(wrap.cancelled());
    assert!(matches!(wrap.result(), Err(Error::Cancelled)));
}

// B19
#[test]
fn a_running_call_that_stops_on_request_cancels_the_wrap() {
    let pool = pool();
    let (gate, running) = held(&pool, fallible(checkpoint));
    let source = running.canceller();
    let mut wrap = wrap_future(running);
    assert!(source.request_cancel() && !wrap.done());
    gate.open();
    assert!(matches!(on_one_thread(&mut wrap), Err(Error::Cancelled)));
    assert!(wrap.cancelled());
}

// B21
#[test]
fn a_loop_that_ends_before_the_call_leaves_the_worker_and_the_pool_unharmed() {
    for runtime in [one_thread(), many_threads()] {
        let pool = pool();
        let (tell, told) = mpsc::channel();
        let (gate, running) = held(&pool, move || tell.send(7).unwrap());
        let wrap = wrap_future(running);
        block_on(&runtime, async {
            tokio::spawn(wrap);
            tokio::task::yield_now().await;
        });
        drop(runtime);
        gate.open();
        assert_eq!(told.recv_timeout(LONG), Ok(7));
        assert_eq!(pool.submit(|| 8).result().unwrap(), 8);
    }
}

// B21
#[test]
fn a_wrap_that_outlives_its_loop_is_done_when_the_call_is() {
    let pool = pool();
    let (gate, running) = held(&pool, || 7);
    let mut wrap = wrap_future(running);
    let runtime = one_thread();
    block_on(&runtime, async {
        assert!(poll_once(&mut wrap).is_pending());
    });
    drop(runtime);
    gate.open();
    pool.shutdown();
    assert_eq!(wrap.result().unwrap(), 7);
}

// B22
#[test]
fn an_exception_crosses_with_its_type() {
    on_each_executor(
        fallible(|| Err::<u32, _>(io::Error::other("disk"))),
        |future| {
            let error = on_one_thread(future).unwrap_err();
            let inner = error.downcast_ref::<io::Error>().unwrap();
            assert_eq!(inner.to_string(), "disk");
        },
    );
}

// B22
#[test]
fn an_exception_on_both_sides_is_the_same_object() {
    let blocking = InlineExecutor::new()
        .spawn(fallible(|| Err::<u32, _>(io::Error::other("disk"))))
        .shared();
    let wrapped = wrap_future(blocking.clone()).result().unwrap_err();
    let source = blocking.result().unwrap_err();
    let inner = |error: &Error| std::ptr::from_ref(error.downcast_ref::<io::Error>().unwrap());
    assert!(inner(&wrapped) == inner(&source));
}

// B22
#[test]
fn both_sides_have_one_error_type() {
    on_each_executor(
        fallible(|| Err::<u32, _>(Error::TimedOut(Timeout::default()))),
        |future| {
            assert!(matches!(on_one_thread(future), Err(Error::TimedOut(_))));
        },
    );
    on_each_executor(fallible(|| Err::<u32, _>(Error::InvalidState)), |future| {
        let mut future = future;
        assert!(matches!(
            on_one_thread(&mut future),
            Err(Error::InvalidState)
        ));
        assert!(matches!(future.exception(), Ok(Some(_))));
    });
}

/// Tells whether the callable itself said that it was cancelled.
fn is_raised_cancellation(error: &Error) -> bool {
    matches!(error, Error::Raised(_))
        && matches!(error.downcast_ref::<Error>(), Some(Error::Cancelled))
}

// B23
#[test]
fn a_call_that_fails_with_a_cancellation_was_not_cancelled() {
    on_each_executor(
        fallible(|| Err::<u32, _>(Error::Cancelled)),
        |mut future| {
            on_one_thread(async {
                let (tell, told) = tokio::sync::oneshot::channel();
                future.add_done_callback(|done| tell.send(done.cancelled()).unwrap());
                assert!(!told.await.unwrap());
            });
            assert!(future.done() && !future.cancelled());
            assert!(is_raised_cancellation(
                &future.exception().unwrap().unwrap()
            ));
            assert!(is_raised_cancellation(&on_one_thread(future).unwrap_err()));
        },
    );
}

// B23: the task fails with it, where Python's is cancelled.
#[test]
fn a_task_that_passes_such_a_failure_on_has_failed_and_is_not_cancelled() {
    on_each_executor(fallible(|| Err::<u32, _>(Error::Cancelled)), |future| {
        on_one_thread(async {
            let mut task = create_task(aio_bridge::fallible(future));
            assert!(is_raised_cancellation(&(&mut task).await.unwrap_err()));
            assert!(task.done() && !task.cancelled());
        });
    });
}

// B25
#[test]
fn a_panic_crosses_with_its_text_and_its_payload() {
    on_each_executor(
        || -> u32 { panic!("out of cheese") },
        |future| {
            let Err(Error::Panicked(panic)) = on_one_thread(future) else {
                unreachable!("it panicked");
            };
            assert_eq!(panic.message(), "out of cheese");
            let again = std::panic::catch_unwind(|| panic.resume()).unwrap_err();
            assert_eq!(again.downcast_ref::<&str>(), Some(&"out of cheese"));
        },
    );
}

#[test]
fn what_the_executor_refuses_is_a_failure_of_the_wrap() {
    let pool = pool();
    pool.shutdown();
    let refused = wrap_future(pool.submit(|| 7));
    assert!(matches!(
        on_one_thread(refused),
        Err(Error::Rejected(cf_core::Reason::Shutdown))
    ));
}

#[test]
fn a_chain_of_futures_is_wrapped_like_any_other() {
    let pool = pool();
    let (gate, running) = held(&pool, || 6);
    let mut wrap = wrap_future(running.map(|n| n * 7));
    assert!(poll_once(&mut wrap).is_pending());
    gate.open();
    assert_eq!(on_one_thread(wrap).unwrap(), 42);
}
