//! Failures that nobody looked at: one `tracing` event each, and none for anything else.

use std::{fmt::Error as NoInk, sync::mpsc};

use aio_bridge::{
    AioFuture, AioPromise, create_task, fallible, future, gather, run_in_executor, shield,
    wrap_future,
};
use cf_core::{ClosureExecutor, InlineExecutor, Promise};
use cf_pool::ThreadPoolExecutor;

use crate::{
    loops::{LONG, on_one_thread, poll_once},
    reports::{Reports, reports_of},
};

const UNSEEN: &str = "future exception was never retrieved";

fn failed() -> AioFuture<u32> {
    let (promise, future) = future();
    promise.set_exception(NoInk).unwrap();
    future
}

/// A failure of a call, from an executor that needs no thread.
fn failed_call() -> AioFuture<u32> {
    run_in_executor(
        &InlineExecutor::new(),
        cf_core::fallible(|| Err::<u32, _>(NoInk)),
    )
}

/// Fails the test unless there is exactly one report, of an error, with this text.
#[track_caller]
fn is_reported_once(reports: &[String], text: &str) {
    let [report] = reports else {
        panic!("not one report: {reports:?}");
    };
    assert!(
        report.starts_with("ERROR") && report.contains(text),
        "{report}"
    );
}

#[track_caller]
fn is_silent(f: impl FnOnce()) {
    assert_eq!(reports_of(f), [""; 0]);
}

// AF17
#[test]
fn a_failure_that_nobody_looked_at_is_reported_once_when_it_is_dropped() {
    let reports = reports_of(|| {
        let future = failed();
        assert!(future.done() && !future.cancelled());
        drop(future);
    });
    is_reported_once(&reports, UNSEEN);
    assert!(reports[0].contains(&NoInk.to_string()), "{reports:?}");
}

// AF17
#[test]
fn a_future_that_fails_is_silent_for_as_long_as_it_is_kept() {
    let mut kept = None;
    is_silent(|| kept = Some(failed()));
    is_silent(|| drop(kept.as_mut().map(AioFuture::result)));
}

// AF17
#[test]
fn asking_for_the_result_is_a_look() {
    is_silent(|| drop(failed().result()));
}

// AF17
#[test]
fn asking_for_the_exception_is_a_look() {
    is_silent(|| drop(failed().exception()));
}

// AF17
#[test]
fn a_peek_is_a_look() {
    is_silent(|| assert!(failed().peek(|_| ()).is_some()));
}

// AF17
#[test]
fn awaiting_it_is_a_look() {
    is_silent(|| drop(on_one_thread(failed())));
}

// AF17
#[test]
fn asking_while_it_is_pending_is_no_look() {
    let reports = reports_of(|| {
        let (promise, mut future) = future::<u32>();
        assert!(future.result().is_err() && future.exception().is_err());
        assert!(poll_once(&mut future).is_pending() && future.peek(|_| ()).is_none());
        promise.set_exception(NoInk).unwrap();
    });
    is_reported_once(&reports, UNSEEN);
}

// AF17
#[test]
fn a_value_that_nobody_looked_at_is_silent() {
    is_silent(|| {
        let (promise, future) = future();
        promise.set_result(7).unwrap();
        drop(future);
    });
}

// AF17
#[test]
fn a_cancelled_future_is_silent() {
    is_silent(|| {
        let (_promise, future) = future::<u32>();
        assert!(future.cancel());
    });
}

// AF17: a cancel that comes too late is no look here, and the failure is told.
#[test]
fn a_failure_is_reported_also_after_a_refused_cancel() {
    let reports = reports_of(|| assert!(!failed().cancel()));
    is_reported_once(&reports, UNSEEN);
}

// AF17
#[test]
fn a_pending_future_that_is_dropped_is_silent_whatever_becomes_of_it() {
    is_silent(|| {
        let (promise, future) = future::<u32>();
        drop(future);
        promise.set_exception(NoInk).unwrap_err();
    });
}

#[test]
fn a_broken_promise_is_a_failure_like_any_other() {
    let reports = reports_of(|| {
        let (promise, future) = future::<u32>();
        drop(promise);
        drop(future);
    });
    is_reported_once(&reports, UNSEEN);
}

#[test]
fn a_callback_that_sees_the_failure_is_no_look() {
    let reports = reports_of(|| {
        on_one_thread(async {
            let future = failed();
            let (tell, told) = tokio::sync::oneshot::channel();
            future.add_done_callback(|done| tell.send(done.exception().is_some()).unwrap());
            assert!(told.await.unwrap());
        });
    });
    is_reported_once(&reports, UNSEEN);
}

#[test]
fn a_panic_that_nobody_looked_at_is_reported_with_its_text() {
    let reports = reports_of(|| {
        drop(wrap_future(
            InlineExecutor::new().spawn(|| -> u32 { panic!("out of cheese") }),
        ));
    });
    is_reported_once(&reports, UNSEEN);
    assert!(reports[0].contains("out of cheese"), "{reports:?}");
}

/// Ends a future that was let go.
type End = fn(AioPromise<u32>);

#[test]
fn a_detached_future_reports_a_failure_when_it_fails() {
    let ends: [End; 2] = [
        |promise| promise.set_exception(NoInk).unwrap(),
        |promise| drop(promise),
    ];
    for end in ends {
        let (promise, future) = future();
        is_silent(|| future.detach());
        is_reported_once(&reports_of(|| end(promise)), UNSEEN);
    }
}

#[test]
fn a_detached_future_that_succeeds_is_silent() {
    is_silent(|| {
        let (promise, future) = future();
        future.detach();
        promise.set_result(7).unwrap();
    });
}

#[test]
fn a_detached_future_that_is_cancelled_is_silent() {
    is_silent(|| {
        let (_promise, future) = future::<u32>();
        let canceller = future.canceller();
        future.detach();
        assert!(canceller.cancel());
    });
}

#[test]
fn detaching_what_has_failed_reports_it_at_once() {
    is_reported_once(&reports_of(|| failed().detach()), UNSEEN);
}

#[test]
fn detaching_after_a_look_is_silent() {
    is_silent(|| {
        let mut future = failed();
        assert!(future.exception().unwrap().is_some());
        future.detach();
    });
}

// B16
#[test]
fn cancelled_and_then_detached_a_late_failure_is_silent() {
    is_silent(|| {
        let (promise, blocking) = Promise::<u32>::new();
        assert!(promise.set_running_or_notify_cancel());
        let future = wrap_future(blocking);
        assert!(future.cancel());
        future.detach();
        promise.set_exception(NoInk).unwrap();
    });
}

#[test]
fn detached_work_that_fails_on_a_worker_is_reported_there() {
    let reports = Reports::new();
    let on_worker = reports.clone();
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .initializer(move || {
            let guard = tracing::subscriber::set_default(on_worker.clone());
            // The worker's until it ends.
            std::mem::forget(guard);
        })
        .build()
        .unwrap();
    let (tell, told) = mpsc::channel::<()>();
    let work = move || {
        told.recv_timeout(LONG).unwrap();
        Err::<u32, _>(NoInk)
    };
    run_in_executor(&pool, cf_core::fallible(work)).detach();
    tell.send(()).unwrap();
    pool.shutdown();
    is_reported_once(&reports.all(), UNSEEN);
}

// AF17
#[test]
fn a_shared_failure_is_reported_once_with_the_last_clone() {
    let shared = failed().shared();
    let other = shared.clone();
    is_silent(|| drop(shared));
    is_reported_once(&reports_of(|| drop(other)), UNSEEN);
}

// AF17
#[test]
fn one_clone_that_looks_looks_for_all() {
    is_silent(|| {
        let shared = failed().shared();
        let other = shared.clone();
        assert!(on_one_thread(other).is_err());
        drop(shared);
    });
}

#[test]
fn a_look_before_it_was_shared_counts() {
    is_silent(|| {
        let mut future = failed();
        assert!(future.exception().unwrap().is_some());
        drop(future.shared());
    });
}

#[test]
fn a_shared_value_and_a_shared_cancellation_are_silent() {
    is_silent(|| {
        let (promise, value) = future();
        promise.set_result(7).unwrap();
        drop(value.shared());
        let (_promise, cancelled) = future::<u32>();
        let cancelled = cancelled.shared();
        assert!(cancelled.cancel());
    });
}

#[test]
fn a_wrap_beside_blocking_clones_leaves_the_failure_to_them() {
    is_silent(|| {
        let blocking = InlineExecutor::new()
            .spawn(cf_core::fallible(|| Err::<u32, _>(NoInk)))
            .shared();
        drop(wrap_future(blocking.clone()));
        assert!(blocking.exception().is_some());
    });
}

// AF17
#[test]
fn what_gather_has_taken_is_silent() {
    is_silent(|| {
        on_one_thread(async {
            assert!(gather([failed(), failed()]).await.is_err());
        });
    });
}

// AF17
#[test]
fn a_task_that_nobody_awaits_reports_its_failure_once() {
    let reports = reports_of(|| {
        on_one_thread(async {
            drop(create_task(fallible(async { Err::<u32, _>(NoInk) })));
            tokio::task::yield_now().await;
        });
    });
    is_reported_once(&reports, "task exception was never retrieved");
}

// AF17
#[test]
fn a_task_that_is_awaited_or_cancelled_is_silent() {
    is_silent(|| {
        on_one_thread(async {
            let failed = create_task(fallible(async { Err::<u32, _>(NoInk) }));
            assert!(failed.await.is_err());
            let cancelled = create_task(std::future::pending::<()>());
            assert!(cancelled.cancel());
            drop(cancelled);
            tokio::task::yield_now().await;
        });
    });
}

// AT44
#[test]
fn a_failure_behind_a_cancelled_shield_is_reported_once() {
    let (promise, future) = future::<u32>();
    is_silent(|| assert!(shield(future).cancel()));
    let reports = reports_of(|| promise.set_exception(NoInk).unwrap());
    is_reported_once(&reports, UNSEEN);
}

// AT44
#[test]
fn a_failure_behind_a_dropped_shield_is_reported_once() {
    let (promise, future) = future::<u32>();
    is_silent(|| drop(shield(future)));
    let reports = reports_of(|| promise.set_exception(NoInk).unwrap());
    is_reported_once(&reports, UNSEEN);
}

// AT44
#[test]
fn a_task_that_fails_behind_a_cancelled_shield_is_reported_once() {
    let reports = reports_of(|| {
        on_one_thread(async {
            let (promise, told) = future::<()>();
            let body = async move {
                told.await.unwrap();
                Err::<u32, _>(NoInk)
            };
            let mut shielded = shield(create_task(fallible(body)));
            tokio::task::yield_now().await;
            assert!(shielded.cancel());
            promise.set_result(()).unwrap();
            tokio::task::yield_now().await;
        });
    });
    is_reported_once(&reports, "task exception was never retrieved");
}

// AT44
#[test]
fn a_failure_that_comes_through_a_shield_is_silent() {
    is_silent(|| {
        on_one_thread(async {
            assert!(shield(failed()).await.is_err());
        });
    });
}

// B26
#[test]
fn an_unobserved_failed_call_is_reported_once() {
    is_reported_once(&reports_of(|| drop(failed_call())), UNSEEN);
}

// B26
#[test]
fn an_unobserved_failure_of_a_bare_submit_is_silent() {
    is_silent(|| drop(InlineExecutor::new().spawn(cf_core::fallible(|| Err::<u32, _>(NoInk)))));
}

// B26
#[test]
fn a_failed_call_that_is_awaited_is_silent() {
    is_silent(|| assert!(on_one_thread(failed_call()).is_err()));
}

// B26
#[test]
fn an_unobserved_failed_call_on_a_pool_is_reported_once_where_it_is_dropped() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let reports = reports_of(|| {
        let future = run_in_executor(&pool, cf_core::fallible(|| Err::<u32, _>(NoInk)));
        pool.shutdown();
        assert!(future.done());
    });
    is_reported_once(&reports, UNSEEN);
}
