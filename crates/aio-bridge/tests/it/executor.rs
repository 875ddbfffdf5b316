//! `run_in_executor` and `submit`: work for any executor from inside a loop.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use aio_bridge::{Error, create_task, run_in_executor, submit};
use cf_core::{
    Callable, ClosureExecutor, Executor, Future, InlineExecutor, Reason, Rejected, fallible,
};
use cf_pool::{Shutdown, ThreadPoolExecutor};
use tracing::info_span;

use crate::{
    held::{Held, on_loop, with_held, with_pool},
    loops::{LONG, ends, poll_once},
    spans::{entered, with_spans},
};

// B01: test_run_in_executor
#[test]
fn work_is_submitted_at_the_call_and_runs_before_anybody_awaits() {
    with_pool(1, async |pool| {
        let (tell, told) = mpsc::channel();
        let unpolled = run_in_executor(pool, move || tell.send(7).unwrap());
        assert_eq!(told.recv_timeout(LONG), Ok(7));
        unpolled.await.unwrap();
    });
}

// B01
#[test]
fn work_that_was_detached_runs_though_nobody_awaits() {
    with_held(Held::new, async |held| {
        let (tell, told) = mpsc::channel();
        run_in_executor(&held.pool, move || tell.send(7).unwrap()).detach();
        held.gate.open();
        assert_eq!(told.recv_timeout(LONG), Ok(7));
    });
}

// B02
#[test]
fn arguments_are_what_the_closure_took_along() {
    with_pool(1, async |pool| {
        let (text, n) = (String::from("ab"), 2);
        let repeated = run_in_executor(pool, move || text.repeat(n));
        assert_eq!(repeated.await.unwrap(), "abab");
    });
}

#[test]
fn work_runs_on_the_executors_thread_and_not_on_the_loops() {
    with_pool(1, async |pool| {
        let here = thread::current().id();
        let there = run_in_executor(pool, || thread::current().id());
        assert_ne!(there.await.unwrap(), here);
    });
}

#[test]
fn the_loop_goes_on_while_work_runs() {
    with_held(Held::new, async |held| {
        let gate = held.gate.clone();
        let work = run_in_executor(&held.pool, || 7);
        // Only a loop that is not blocked comes to open the gate.
        let opener = create_task(async move { gate.open() });
        assert_eq!(work.await.unwrap(), 7);
        opener.await.unwrap();
    });
}

#[test]
fn a_fallible_callables_error_is_the_futures() {
    with_pool(1, async |pool| {
        let failed = run_in_executor(pool, fallible(|| "x".parse::<u32>()));
        let error = failed.await.unwrap_err();
        assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    });
}

#[test]
fn a_panic_is_the_futures_failure() {
    with_pool(1, async |pool| {
        let panicked = run_in_executor(pool, || -> u32 { panic!("no luck") });
        let error = panicked.await.unwrap_err();
        assert!(matches!(error, Error::Panicked(_)) && error.to_string().contains("no luck"));
    });
}

// B05: test_close
#[test]
fn a_shut_down_pool_gives_a_future_that_has_failed_already() {
    with_pool(1, async |pool| {
        pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: false,
        });
        let mut refused = run_in_executor(pool, || 7);
        assert!(refused.done());
        let error = refused.result().unwrap_err();
        assert!(matches!(error, Error::Rejected(Reason::Shutdown)));
        assert_eq!(
            error.to_string(),
            "cannot schedule new futures after shutdown"
        );
    });
}

// B05
#[test]
fn submit_to_a_shut_down_pool_gives_a_future_that_has_failed() {
    with_pool(1, async |pool| {
        pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: false,
        });
        let refused = submit(pool, || 7).await.await;
        assert!(matches!(refused, Err(Error::Rejected(Reason::Shutdown))));
    });
}

#[test]
fn what_is_queued_when_the_pool_is_shut_down_with_cancellation_is_cancelled() {
    with_held(Held::new, async |held| {
        let queued = run_in_executor(&held.pool, || 7);
        held.pool.shutdown_with(Shutdown {
            wait: false,
            cancel_futures: true,
        });
        assert!(queued.cancelled());
        assert!(matches!(queued.await, Err(Error::Cancelled)));
    });
}

#[test]
fn a_broken_pool_fails_what_it_is_given() {
    ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .initializer(|| Err::<(), _>("no luck"))
            .build()
            .unwrap();
        let outcomes = aio_bridge::run(async {
            let first = run_in_executor(&pool, || 7).await;
            let second = submit(&pool, || 8).await.await;
            [first, second]
        });
        for outcome in outcomes.unwrap() {
            assert!(matches!(outcome, Err(Error::BrokenExecutor(_))));
        }
    });
}

// B07: test_call_coroutine
#[test]
fn a_coroutine_that_a_callable_makes_is_a_value_that_nobody_has_awaited() {
    with_pool(1, async |pool| {
        let coroutine = run_in_executor(pool, || async { 7 }).await.unwrap();
        assert_eq!(coroutine.await, 7);
    });
}

// B10: deviates, every submission carries the span, and not that of to_thread only.
#[test]
fn the_submitters_span_goes_along() {
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let spans = with_spans(|| {
            aio_bridge::run(async {
                let work = info_span!("asking").in_scope(|| run_in_executor(&pool, entered));
                work.await
            })
        });
        assert_eq!(spans.unwrap().unwrap(), ["asking"]);
    });
}

#[test]
fn an_inline_executor_has_run_it_at_the_call() {
    on_loop(async || {
        let here = thread::current().id();
        let mut future = run_in_executor(&InlineExecutor, || thread::current().id());
        assert!(future.done());
        assert_eq!(future.result().unwrap(), here);
        let submitted = submit(&InlineExecutor, || 7).await;
        assert!(submitted.done());
        assert_eq!(submitted.await.unwrap(), 7);
    });
}

#[test]
fn an_executor_behind_a_reference_to_the_trait_will_do() {
    with_pool(1, async |pool| {
        let seven: fn() -> u32 = || 7;
        let any: &dyn Executor<fn() -> u32> = pool;
        assert_eq!(run_in_executor(any, seven).await.unwrap(), 7);
        assert_eq!(submit(any, seven).await.await.unwrap(), 7);
    });
}

#[test]
fn run_in_executor_goes_past_the_bound_of_a_full_queue() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let futures: Vec<_> = (0..10)
                .map(|n| run_in_executor(&held.pool, move || n))
                .collect();
            held.gate.open();
            for (n, future) in futures.into_iter().enumerate() {
                assert_eq!(future.await.unwrap(), n);
            }
        },
    );
}

#[test]
fn submit_does_not_wait_where_there_is_room() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let mut submitted = pin!(submit(&held.pool, || 7));
            assert!(poll_once(&mut submitted).is_ready());
        },
    );
}

#[test]
fn submit_does_nothing_before_it_is_awaited() {
    with_pool(1, async |pool| {
        drop(submit(pool, || unreachable!()));
        assert_eq!(pool.stats().threads, 0);
    });
}

#[test]
fn submit_waits_for_room() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let queued = submit(&held.pool, || 1).await;
            let mut waiting = pin!(submit(&held.pool, || 2));
            assert!(poll_once(&mut waiting).is_pending());
            held.gate.open();
            assert_eq!(waiting.await.await.unwrap(), 2);
            assert_eq!(queued.await.unwrap(), 1);
        },
    );
}

#[test]
fn cancelling_what_is_queued_makes_room() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let queued = submit(&held.pool, || 1).await;
            let mut waiting = pin!(submit(&held.pool, || 2));
            assert!(poll_once(&mut waiting).is_pending());
            assert!(queued.cancel());
            let second = waiting.await;
            held.gate.open();
            assert_eq!(second.await.unwrap(), 2);
        },
    );
}

#[test]
fn submit_dropped_while_it_waits_has_submitted_nothing() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let queued = submit(&held.pool, || 1).await;
            {
                let mut waiting = pin!(submit(&held.pool, || unreachable!()));
                assert!(poll_once(&mut waiting).is_pending());
            }
            held.gate.open();
            queued.await.unwrap();
            assert_eq!(submit(&held.pool, || 2).await.await.unwrap(), 2);
            assert_eq!(held.pool.stats().failed, 0);
        },
    );
}

#[test]
fn one_that_stops_waiting_does_not_keep_the_room_from_the_next() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let queued = submit(&held.pool, || 1).await;
            let mut next = pin!(submit(&held.pool, || 3));
            {
                let mut first = pin!(submit(&held.pool, || 2));
                assert!(poll_once(&mut first).is_pending());
                assert!(poll_once(&mut next).is_pending());
            }
            held.gate.open();
            assert_eq!(next.await.await.unwrap(), 3);
            queued.await.unwrap();
        },
    );
}

#[test]
fn a_shutdown_ends_the_wait_for_room() {
    with_held(
        || Held::bounded(1),
        async |held| {
            let queued = submit(&held.pool, || 1).await;
            let mut waiting = pin!(submit(&held.pool, || 2));
            assert!(poll_once(&mut waiting).is_pending());
            held.pool.shutdown_with(Shutdown {
                wait: false,
                cancel_futures: false,
            });
            let refused = waiting.await.await;
            assert!(matches!(refused, Err(Error::Rejected(Reason::Shutdown))));
            held.gate.open();
            assert_eq!(queued.await.unwrap(), 1);
        },
    );
}

#[test]
fn however_many_submit_no_more_are_accepted_than_there_is_room_for() {
    const N_WORKERS: i64 = 2;
    const CAPACITY: i64 = 3;
    ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(2)
            .queue_capacity(3)
            .build()
            .unwrap();
        let counts = Arc::new((AtomicI64::new(0), AtomicI64::new(0)));
        let inner = pool.clone();
        aio_bridge::run(async move {
            let submitters = [(); 4].map(|()| {
                let (pool, counts) = (inner.clone(), Arc::clone(&counts));
                create_task(async move {
                    for n in 0..500 {
                        let started = Arc::clone(&counts);
                        let work = move || {
                            started.1.fetch_add(1, Ordering::SeqCst);
                            n
                        };
                        let future = submit(&pool, work).await;
                        // In this order: what starts in between only makes the difference smaller.
                        let n_accepted = counts.0.fetch_add(1, Ordering::SeqCst) + 1;
                        let n_unstarted = n_accepted - counts.1.load(Ordering::SeqCst);
                        assert!(n_unstarted <= CAPACITY + N_WORKERS, "{n_unstarted} wait");
                        if n % 8 == 0 {
                            assert_eq!(future.await.unwrap(), n);
                        } else {
                            future.detach();
                        }
                    }
                })
            });
            for submitter in submitters {
                submitter.await.unwrap();
            }
        })
        .unwrap();
        pool.shutdown();
        assert_eq!(pool.stats().completed, 2000);
    });
}

/// Refuses so many times, and cannot tell when it will not.
struct Picky(AtomicUsize);

impl ClosureExecutor for Picky {
    fn spawn<C: Callable + 'static>(&self, callable: C) -> Future<C::Output> {
        InlineExecutor.spawn(callable)
    }

    fn try_spawn<C: Callable + 'static>(
        &self,
        callable: C,
    ) -> Result<Future<C::Output>, Rejected<C>> {
        let n_left = self.0.load(Ordering::SeqCst);
        if n_left == 0 {
            return Ok(self.spawn(callable));
        }
        self.0.store(n_left - 1, Ordering::SeqCst);
        Err(Rejected {
            callable,
            reason: Reason::Full,
        })
    }
}

#[test]
fn an_executor_that_cannot_tell_of_room_is_asked_again_after_the_loops_other_tasks() {
    on_loop(async || {
        let other = create_task(async {});
        let submitted = submit(&Picky(AtomicUsize::new(3)), || 7).await;
        assert!(other.done());
        assert_eq!(submitted.await.unwrap(), 7);
    });
}
