//! Blocking calls inside a loop: refused on pending futures where this crate drives, as ever elsewhere.

use std::pin::pin;

use aio_bridge::{
    Error, call_soon_threadsafe, create_local_task, create_task, guarded, run,
    run_coroutine_threadsafe, to_thread, wrap_future,
};
use cf_core::{
    BlockingGuard, ClosureExecutor, Future, InlineExecutor, Promise, ReturnWhen, Timeout,
    as_completed, as_completed_timeout, fallible, is_blocking_refused, wait, wait_timeout,
};
use cf_pool::{Shutdown, ThreadPoolExecutor};
use tokio::{runtime::Handle, task::LocalSet};

use crate::{
    held::{Held, caught, on_loop, with_held},
    loops::{LONG, ends, many_threads, one_thread, poll_once},
};

fn is_refusal<R>(outcome: &Result<R, Error>) -> bool {
    matches!(outcome, Err(Error::EventLoopBlocked))
}

/// Makes a call that would block for ever; gives whether it was refused.
type Call = fn(Future<u32>) -> bool;

/// Every call on futures that blocks.
const CALLS: [(&str, Call); 9] = [
    ("result", |future| is_refusal(&future.result())),
    ("result_timeout", |mut future| {
        is_refusal(&future.result_timeout(LONG).unwrap())
    }),
    ("exception", |future| {
        is_refusal(&caught(|| future.exception()))
    }),
    ("exception_timeout", |future| {
        is_refusal(&caught(|| future.exception_timeout(LONG)))
    }),
    ("wait", |future| is_refusal(&caught(|| future.wait()))),
    ("shared result", |future| {
        is_refusal(&future.shared().result())
    }),
    ("wait for a set", |future| {
        let all = ReturnWhen::AllCompleted;
        is_refusal(&caught(|| wait([&future], all).done.len()))
            && is_refusal(&caught(|| wait_timeout([&future], LONG, all).done.len()))
    }),
    ("as_completed", |future| {
        is_refusal(&caught(|| as_completed([future]).count()))
    }),
    ("as_completed_timeout", |future| {
        is_refusal(&caught(|| as_completed_timeout([future], LONG).count()))
    }),
];

fn assert_all_refused() {
    assert!(is_blocking_refused());
    for (name, call) in CALLS {
        let (_promise, pending) = Promise::new();
        assert!(call(pending), "{name} is not refused");
    }
}

// B35: deviates, refused instead of a frozen loop
#[test]
fn every_blocking_call_is_refused_in_what_run_runs() {
    on_loop(async || {
        assert_all_refused();
        tokio::task::yield_now().await;
        assert_all_refused();
    });
}

// B35
#[test]
fn every_blocking_call_is_refused_in_a_task_on_every_runtime() {
    ends(|| {
        for runtime in [one_thread(), many_threads()] {
            runtime.block_on(async {
                create_task(async { assert_all_refused() }).await.unwrap();
            });
        }
    });
}

#[test]
fn every_blocking_call_is_refused_in_a_local_task() {
    ends(|| {
        let runtime = one_thread();
        let local = LocalSet::new();
        runtime.block_on(local.run_until(async {
            create_local_task(async { assert_all_refused() })
                .await
                .unwrap();
        }));
    });
}

#[test]
fn every_blocking_call_is_refused_in_a_coroutine_from_another_thread() {
    on_loop(async || {
        let there = run_coroutine_threadsafe(async { assert_all_refused() }, &Handle::current());
        wrap_future(there).await.unwrap();
    });
}

#[test]
fn every_blocking_call_is_refused_in_a_guarded_coroutine_whoever_drives_it() {
    ends(|| {
        let guarded_here = guarded(async { assert_all_refused() });
        futures::executor::block_on(guarded_here);
        let runtime = many_threads();
        let there = runtime.spawn(guarded(async { assert_all_refused() }));
        runtime.block_on(there).unwrap();
    });
}

#[test]
fn in_what_is_driven_by_others_and_not_guarded_blocking_calls_block() {
    ends(|| {
        let runtime = many_threads();
        let there = runtime.spawn(async {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            let value = pool.submit(|| 7).result();
            let scoped = pool.scope(|scope| scope.submit(|| 8).result());
            pool.shutdown();
            (value, scoped)
        });
        let (value, scoped) = runtime.block_on(there).unwrap();
        assert_eq!((value.unwrap(), scoped.unwrap()), (7, 8));
    });
}

#[test]
fn the_guard_ends_with_the_poll() {
    ends(|| {
        let runtime = one_thread();
        runtime.block_on(async {
            let mut coroutine = pin!(guarded(std::future::pending::<()>()));
            assert!(poll_once(&mut coroutine).is_pending());
            assert!(!is_blocking_refused());
            create_task(async { assert!(is_blocking_refused()) })
                .await
                .unwrap();
            assert!(!is_blocking_refused());
        });
    });
}

#[test]
fn the_guard_ends_when_a_guarded_coroutine_panics() {
    let mut coroutine = pin!(guarded(async {
        std::panic::panic_any(Error::TimedOut(Timeout::default()))
    }));
    let unwound = caught(|| poll_once(&mut coroutine).is_ready());
    assert!(matches!(unwound, Err(Error::TimedOut(_))));
    assert!(!is_blocking_refused());
}

#[test]
fn a_call_on_the_loop_is_guarded() {
    on_loop(async || {
        let (tell, told) = aio_bridge::future();
        call_soon_threadsafe(&Handle::current(), move || {
            tell.set_result(is_blocking_refused()).unwrap();
        });
        assert!(told.await.unwrap());
    });
}

#[test]
fn a_done_callback_is_guarded() {
    on_loop(async || {
        let (promise, source) = aio_bridge::future();
        let (tell, told) = aio_bridge::future();
        source.add_done_callback(move |_| tell.set_result(is_blocking_refused()).unwrap());
        promise.set_result(7).unwrap();
        assert_eq!(source.await.unwrap(), 7);
        assert!(told.await.unwrap());
    });
}

#[test]
fn the_worker_of_a_call_may_block() {
    on_loop(async || {
        let value = to_thread(fallible(|| {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            pool.submit(|| 7).result()
        }));
        assert_eq!(value.await.unwrap(), 7);
    });
}

#[test]
fn the_drop_of_a_cancelled_tasks_coroutine_is_guarded() {
    struct Asks(Option<aio_bridge::AioPromise<bool>>);

    impl Drop for Asks {
        fn drop(&mut self) {
            let tell = self.0.take().unwrap();
            tell.set_result(is_blocking_refused()).unwrap();
        }
    }

    on_loop(async || {
        let (tell, told) = aio_bridge::future();
        let asks = Asks(Some(tell));
        let task = create_task(async move {
            let _asks = asks;
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
        task.cancel();
        assert!(told.await.unwrap());
    });
}

// B35
#[test]
fn on_a_done_future_every_call_answers() {
    on_loop(async || {
        let done = || InlineExecutor.spawn(|| 7);
        assert_eq!(done().result().unwrap(), 7);
        assert_eq!(done().result_timeout(LONG).unwrap().unwrap(), 7);
        assert!(done().exception().is_none());
        assert!(done().exception_timeout(LONG).unwrap().is_none());
        done().wait();
        assert!(done().wait_timeout(LONG));
        assert_eq!(done().shared().result().unwrap(), 7);
        assert_eq!(wait([done()], ReturnWhen::AllCompleted).done.len(), 1);
        assert_eq!(as_completed([done()]).count(), 1);
        assert_eq!(as_completed_timeout([done()], LONG).count(), 1);
    });
}

#[test]
fn a_refused_future_can_still_be_awaited() {
    with_held(Held::new, async |held| {
        let mut future = held.pool.submit(|| 7);
        assert!(is_refusal(&future.result_timeout(LONG).unwrap()));
        held.gate.open();
        assert_eq!(wrap_future(future).await.unwrap(), 7);
    });
}

#[test]
fn a_refusal_names_wrap_future() {
    on_loop(async || {
        let (_promise, pending) = Promise::<u32>::new();
        let text = pending.result().unwrap_err().to_string();
        assert!(text.contains("aio_bridge::wrap_future"), "{text}");
    });
}

#[test]
fn a_task_that_unwinds_with_a_refusal_has_failed_with_it_and_not_with_a_panic() {
    on_loop(async || {
        let (_promise, pending) = Promise::<u32>::new();
        let task = create_task(async move { pending.wait() });
        assert!(is_refusal(&task.await));
    });
}

#[test]
fn what_run_runs_fails_with_the_refusal_it_unwinds_with() {
    ends(|| {
        let (_promise, pending) = Promise::<u32>::new();
        assert!(is_refusal(&run(async { pending.wait() })));
    });
}

#[test]
fn a_fallible_task_may_pass_the_refusal_on() {
    on_loop(async || {
        let (_promise, pending) = Promise::<u32>::new();
        let task = create_task(aio_bridge::fallible(async move { pending.result() }));
        assert!(is_refusal(&task.await));
    });
}

#[test]
fn the_shutdown_of_a_pool_is_refused_and_does_nothing() {
    with_held(Held::new, async |held| {
        assert!(is_refusal(&caught(|| held.pool.shutdown())));
        held.gate.open();
        let still_open = wrap_future(held.pool.submit(|| 7));
        assert_eq!(still_open.await.unwrap(), 7);
    });
}

#[test]
fn a_shutdown_that_does_not_wait_is_not_refused() {
    with_held(Held::new, async |held| {
        let queued = wrap_future(held.pool.submit(|| 7));
        held.pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: false,
        });
        held.gate.open();
        assert_eq!(queued.await.unwrap(), 7);
    });
}

#[test]
fn a_map_gives_the_refusal_for_what_is_pending() {
    with_held(Held::new, async |held| {
        let mut squares = held.pool.map(|n: u32| n * n, [1, 2]);
        assert!(is_refusal(&squares.next().unwrap()));
    });
}

#[test]
fn a_scope_is_refused() {
    on_loop(async || {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        assert!(is_refusal(&caught(|| pool.scope(|_| 7))));
    });
}

#[test]
fn a_submission_that_would_wait_for_room_has_failed_with_the_refusal() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let queued = held.pool.submit(|| 7);
            let refused = held.pool.submit(|| 8);
            assert!(is_refusal(&refused.result()));
            held.gate.open();
            assert_eq!(wrap_future(queued).await.unwrap(), 7);
        },
    );
}

#[test]
fn a_section_in_block_in_place_may_block() {
    ends(|| {
        let runtime = many_threads();
        let there = runtime.spawn(guarded(async {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            let value = tokio::task::block_in_place(|| {
                let _allow = BlockingGuard::allow();
                let value = pool.submit(|| 7).result();
                pool.shutdown();
                value
            });
            (value, is_blocking_refused())
        }));
        let (value, is_refused) = runtime.block_on(there).unwrap();
        assert!(is_refused);
        assert_eq!(value.unwrap(), 7);
    });
}

#[test]
fn what_spawn_blocking_runs_may_block() {
    on_loop(async || {
        let value = tokio::task::spawn_blocking(|| {
            let pool = ThreadPoolExecutor::new(1).unwrap();
            pool.submit(|| 7).result()
        });
        assert_eq!(value.await.unwrap().unwrap(), 7);
    });
}
