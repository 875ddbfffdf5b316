//! Whatever becomes of who awaits, nothing outlives it: no callable, value, waker, task or thread.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use aio_bridge::{
    AioFuture, Close, Error, create_task, future, gather, run, run_in_executor, shield, timeout,
    wait_for, wrap_future,
};
use cf_core::Promise;
use cf_pool::ThreadPoolExecutor;
use tokio::runtime::Handle;

use crate::{
    held::{Held, on_loop, with_held},
    loops::{Gate, LONG, ends},
};

/// Counts how many of its marks there are.
#[derive(Clone)]
struct Census(Arc<()>);

impl Census {
    fn new() -> Self {
        Self(Arc::new(()))
    }

    fn mark(&self) -> Self {
        self.clone()
    }

    fn n_marks(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// What work has come to when its reader goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Queued,
    Running,
    Done,
}

const STAGES: [Stage; 3] = [Stage::Queued, Stage::Running, Stage::Done];

/// How the reader goes.
#[derive(Clone, Copy, Debug)]
enum Going {
    Drop,
    Cancel,
    CancelAndWait,
    Timeout,
    WaitFor,
    Select,
    TaskCancelled,
    ShieldDropped,
    GatherDropped,
    CallbackAdded,
    Detach,
}

const GOINGS: [Going; 11] = [
    Going::Drop,
    Going::Cancel,
    Going::CancelAndWait,
    Going::Timeout,
    Going::WaitFor,
    Going::Select,
    Going::TaskCancelled,
    Going::ShieldDropped,
    Going::GatherDropped,
    Going::CallbackAdded,
    Going::Detach,
];

/// Counts its wakers.
struct Bell;

impl Wake for Bell {
    fn wake(self: Arc<Self>) {}
}

async fn go(going: Going, mut call: AioFuture<Census>, census: &Census, gate: &Gate) {
    let brief = Duration::from_millis(1);
    match going {
        Going::Drop => drop(call),
        Going::Cancel => {
            call.cancel();
            drop(call.await);
        }
        Going::CancelAndWait => {
            gate.open();
            drop(call.cancel_and_wait().await);
        }
        Going::Timeout => drop(timeout(brief, call).await),
        Going::WaitFor => drop(wait_for(async { drop(call.await) }, brief).await),
        Going::Select => {
            tokio::select! {
                biased;
                outcome = call => drop(outcome),
                // time: the call takes longer, or has ended
                () = tokio::time::sleep(brief) => {}
            }
        }
        Going::TaskCancelled => {
            let mark = census.mark();
            let task = create_task(async move {
                let _mark = mark;
                call.await
            });
            tokio::task::yield_now().await;
            task.cancel();
            drop(task.await);
        }
        Going::ShieldDropped => {
            let mut shielded = shield(call);
            let bell = Waker::from(Arc::new(Bell));
            let _ = Pin::new(&mut shielded).poll(&mut Context::from_waker(&bell));
        }
        Going::GatherDropped => {
            let mut all = gather([call]);
            let bell = Waker::from(Arc::new(Bell));
            let _ = Pin::new(&mut all).poll(&mut Context::from_waker(&bell));
        }
        Going::CallbackAdded => {
            let mark = census.mark();
            call.add_done_callback(move |_| drop(mark));
            tokio::task::yield_now().await;
            drop(call.result());
        }
        Going::Detach => call.detach(),
    }
}

/// Brings a call to its stage, has its reader go, lets the work end; gives what is left then.
fn n_left(stage: Stage, going: Going) -> usize {
    ends(move || {
        let census = Census::new();
        let (inner, pool) = (census.mark(), ThreadPoolExecutor::new(1).unwrap());
        let outer = pool.clone();
        run(async move {
            let census = &inner;
            let gate = Gate::new();
            let (its_gate, started) = (gate.clone(), Gate::new());
            let its_started = started.clone();
            let (holding, held) = (Gate::new(), Gate::new());
            if stage == Stage::Queued {
                let (its_holding, its_gate, its_held) =
                    (holding.clone(), gate.clone(), held.clone());
                run_in_executor(&pool, move || {
                    its_held.open();
                    its_gate.pass();
                    drop(its_holding);
                })
                .detach();
                held.pass();
            }
            let mark = census.mark();
            let call = run_in_executor(&pool, move || {
                its_started.open();
                its_gate.pass();
                mark
            });
            match stage {
                Stage::Queued => {}
                Stage::Running => started.pass(),
                Stage::Done => {
                    gate.open();
                    while !call.done() {
                        tokio::task::yield_now().await;
                    }
                }
            }
            go(going, call, census, &gate).await;
            gate.open();
            pool.close().await;
        })
        .unwrap();
        drop(outer);
        census.n_marks()
    })
}

fn assert_nothing_left(goings: &[Going]) {
    for stage in STAGES {
        for going in goings {
            let n_left = n_left(stage, *going);
            assert_eq!(n_left, 0, "{stage:?}, {going:?}");
        }
    }
}

#[test]
fn nothing_is_left_of_work_whose_reader_was_dropped_or_cancelled() {
    assert_nothing_left(&GOINGS[..3]);
}

#[test]
fn nothing_is_left_of_work_whose_reader_was_timed_out_or_not_selected() {
    assert_nothing_left(&GOINGS[3..6]);
}

#[test]
fn nothing_is_left_of_work_whose_reader_was_part_of_a_combinator_that_went() {
    assert_nothing_left(&GOINGS[6..9]);
}

#[test]
fn nothing_is_left_of_work_that_was_looked_at_by_a_callback_or_let_go() {
    assert_nothing_left(&GOINGS[9..]);
}

/// Polls once with a waker that is counted, and lets go of the future; gives how many wakers are left.
fn n_wakers_left<F: Future + Unpin>(mut future: F, let_go: impl FnOnce(F)) -> usize {
    let bell = Arc::new(Bell);
    let waker = Waker::from(Arc::clone(&bell));
    let polled = Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&bell), 2);
    let_go(future);
    Arc::strong_count(&bell) - 1
}

#[test]
fn no_waker_is_left_in_a_promise_whose_future_was_dropped() {
    let (_promise, pending) = future::<u32>();
    assert_eq!(n_wakers_left(pending, drop), 0);
    let (promise, future) = Promise::<u32>::new();
    assert!(promise.set_running_or_notify_cancel());
    assert_eq!(n_wakers_left(wrap_future(future), drop), 0);
}

#[test]
fn no_waker_is_left_in_a_promise_whose_future_was_cancelled_or_detached() {
    let (_promise, pending) = future::<u32>();
    assert_eq!(n_wakers_left(pending, |it| assert!(it.cancel())), 0);
    let (_promise, pending) = future::<u32>();
    assert_eq!(n_wakers_left(pending, AioFuture::detach), 0);
}

#[test]
fn no_waker_is_left_in_a_shared_future_of_which_one_clone_was_dropped() {
    let (_promise, pending) = future::<u32>();
    let shared = pending.shared();
    assert_eq!(n_wakers_left(shared.clone(), drop), 0);
    drop(shared);
}

#[test]
fn a_future_polled_by_many_wakers_keeps_the_last_one_only() {
    let (_promise, mut pending) = future::<u32>();
    let bell = Arc::new(Bell);
    for _ in 0..100 {
        let waker = Waker::from(Arc::new(Bell));
        let _ = pin!(&mut pending).poll(&mut Context::from_waker(&waker));
    }
    let waker = Waker::from(Arc::clone(&bell));
    let _ = pin!(&mut pending).poll(&mut Context::from_waker(&waker));
    drop(waker);
    assert_eq!(Arc::strong_count(&bell), 2);
    drop(pending);
    assert_eq!(Arc::strong_count(&bell), 1);
}

#[test]
fn a_future_that_loses_a_thousand_selects_keeps_nothing_of_them() {
    with_held(Held::new, async |held| {
        let mut call = run_in_executor(&held.pool, || 7);
        for _ in 0..1000 {
            tokio::select! {
                biased;
                _ = &mut call => unreachable!(),
                () = tokio::task::yield_now() => {}
            }
        }
        held.gate.open();
        assert_eq!(call.await.unwrap(), 7);
    });
}

#[test]
fn a_task_leaves_nothing_of_its_coroutine_however_it_ends() {
    on_loop(async || {
        let census = Census::new();
        let (one, two, three, four) = (census.mark(), census.mark(), census.mark(), census.mark());
        drop(create_task(async move { one }).await);
        assert!(
            create_task(async move { [two].map(|_| panic!("no luck")) })
                .await
                .is_err()
        );
        let pending = create_task(async move {
            let _kept = three;
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
        pending.cancel();
        assert!(pending.await.is_err());
        let unstarted = create_task(async move { four });
        unstarted.cancel();
        assert!(unstarted.await.is_err());
        assert_eq!(census.n_marks(), 0);
    });
}

#[test]
fn a_value_that_nobody_takes_is_dropped_with_the_last_handle() {
    on_loop(async || {
        let census = Census::new();
        let mark = census.mark();
        let task = create_task(async move { mark });
        tokio::task::yield_now().await;
        assert!(task.done());
        assert_eq!(census.n_marks(), 1);
        drop(task);
        assert_eq!(census.n_marks(), 0);
    });
}

#[test]
fn a_loop_that_ends_leaves_nothing_of_its_tasks() {
    let census = Census::new();
    let inner = census.mark();
    on_loop(async move || {
        for _ in 0..100 {
            let mark = inner.mark();
            drop(create_task(async move {
                let _mark = mark;
                std::future::pending::<()>().await;
            }));
        }
        tokio::task::yield_now().await;
        assert_eq!(inner.n_marks(), 101);
    });
    assert_eq!(census.n_marks(), 0);
}

#[test]
fn racing_cancels_and_ends_leave_nothing() {
    ends(|| {
        let census = Census::new();
        let n_values = AtomicUsize::new(0);
        let pool = ThreadPoolExecutor::new(2).unwrap();
        run(async {
            for n in 0..2000 {
                let mark = census.mark();
                let call = run_in_executor(&pool, move || mark);
                if n % 3 == 0 {
                    tokio::task::yield_now().await;
                }
                let was_cancelled = call.cancel();
                match call.await {
                    Ok(_) => {
                        assert!(!was_cancelled);
                        n_values.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => assert!(was_cancelled && matches!(error, Error::Cancelled)),
                }
            }
        })
        .unwrap();
        pool.shutdown();
        assert_eq!(census.n_marks(), 0);
    });
}

#[test]
fn the_runtime_has_no_task_left_of_what_was_cancelled_timed_out_or_looked_at() {
    on_loop(async || {
        let brief = Duration::from_millis(1);
        let endless = || create_task(std::future::pending::<()>());
        let cancelled = endless();
        cancelled.cancel();
        drop(cancelled.await);
        drop(timeout(brief, endless()).await);
        drop(wait_for(endless(), brief).await);
        drop(gather([endless(), endless()]));
        let (promise, pending) = future::<u32>();
        pending.add_done_callback(|_| ());
        drop(pending);
        drop(promise);
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn the_wakers_of_a_thousand_waiting_tasks_are_gone_when_they_are() {
    on_loop(async || {
        let (promise, pending) = future::<u32>();
        let shared = pending.shared();
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let shared = shared.clone();
                create_task(async move { shared.await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        for task in &tasks {
            task.cancel();
        }
        let mut n_cancelled = 0;
        for task in tasks {
            n_cancelled += usize::from(task.await.is_err());
        }
        assert_eq!(n_cancelled, 1000);
        // The first request reached the source they have in common.
        assert!(promise.is_cancelled());
        assert!(tokio::time::timeout(LONG, shared).await.unwrap().is_err());
    });
}
