//! `AioFuture`: its states, what its questions answer in each of them, and what awaiting it gives.

use std::{
    fmt::Error as NoInk,
    hash::{BuildHasher, RandomState},
    io,
    sync::Arc,
    task::Poll,
    thread,
};

use aio_bridge::{AioFuture, AioPromise, Error, future, wrap_future};
use cf_core::{Promise, checkpoint, fallible};
use cf_pool::ThreadPoolExecutor;

use crate::loops::{ends, held, many_threads, on_each_loop, on_one_thread, one_thread, poll_once};

type End = fn(AioPromise<u32>, &AioFuture<u32>);

/// Every way in which a future ends.
const ENDS: [End; 4] = [
    |promise, _| promise.set_result(7).unwrap(),
    |promise, _| promise.set_exception(NoInk).unwrap(),
    |promise, _| drop(promise),
    |_promise, future| assert!(future.cancel()),
];

/// One whose work runs, on no thread in particular.
fn running() -> (Promise<u32>, AioFuture<u32>) {
    let (promise, future) = Promise::new();
    assert!(promise.set_running_or_notify_cancel());
    (promise, wrap_future(future))
}

fn cancelled() -> AioFuture<u32> {
    let (_promise, future) = future();
    assert!(future.cancel());
    future
}

fn is_no_ink(error: &Error) -> bool {
    error.downcast_ref::<NoInk>().is_some()
}

// AF01
#[test]
fn a_new_future_is_neither_done_nor_cancelled() {
    let (_promise, future) = future::<u32>();
    assert!(!future.done() && !future.cancelled());
}

// AF01
#[test]
fn one_whose_work_runs_is_pending_like_any_other() {
    let (_promise, mut future) = running();
    assert!(!future.done() && !future.cancelled());
    assert!(matches!(future.result(), Err(Error::InvalidState)));
    assert!(poll_once(&mut future).is_pending());
}

// AF01
#[test]
fn every_end_makes_it_done_and_only_a_cancellation_cancelled() {
    for (n, end) in ENDS.iter().enumerate() {
        let (promise, future) = future();
        end(promise, &future);
        assert!(future.done());
        assert_eq!(future.cancelled(), n == 3);
    }
}

// AF02
#[test]
fn the_result_of_a_pending_future_is_an_invalid_state_and_no_wait() {
    let (promise, mut future) = future();
    for _ in 0..2 {
        assert!(matches!(future.result(), Err(Error::InvalidState)));
    }
    promise.set_result(7).unwrap();
    assert_eq!(future.result().unwrap(), 7);
}

// AF02
#[test]
fn the_exception_of_a_pending_future_is_an_invalid_state_and_no_wait() {
    let (promise, mut future) = future();
    for _ in 0..2 {
        assert!(matches!(future.exception(), Err(Error::InvalidState)));
    }
    promise.set_result(7).unwrap();
    assert!(matches!(future.exception(), Ok(None)));
}

#[test]
fn the_result_is_handed_out_once() {
    let (promise, mut future) = future();
    promise.set_result(7).unwrap();
    assert_eq!(future.result().unwrap(), 7);
    assert!(matches!(future.result(), Err(Error::InvalidState)));
    assert!(future.done() && !future.cancelled());
}

#[test]
fn the_result_of_a_failed_future_is_its_error() {
    let (promise, mut future) = future::<u32>();
    promise.set_exception(NoInk).unwrap();
    assert!(is_no_ink(&future.result().unwrap_err()));
}

#[test]
fn the_exception_is_asked_for_without_taking_the_result() {
    let (promise, mut future) = future();
    promise.set_result(7).unwrap();
    assert!(future.exception().unwrap().is_none());
    assert_eq!(future.result().unwrap(), 7);
}

// AF25
#[test]
fn the_exception_is_the_same_one_however_often_it_is_asked_for() {
    let (promise, mut future) = future::<u32>();
    promise.set_exception(io::Error::other("disk")).unwrap();
    let [first, second] = [(); 2].map(|()| future.exception().unwrap().unwrap());
    let last = future.result().unwrap_err();
    let inner = |error: &Error| std::ptr::from_ref(error.downcast_ref::<io::Error>().unwrap());
    assert!(inner(&first) == inner(&second) && inner(&first) == inner(&last));
}

#[test]
fn a_peek_shows_the_outcome_once_it_is_there_and_leaves_it() {
    let (promise, mut future) = future();
    assert!(future.peek(|_| ()).is_none());
    promise.set_result("tea".to_owned()).unwrap();
    for _ in 0..2 {
        assert_eq!(future.peek(|it| it.unwrap().len()), Some(3));
    }
    assert_eq!(future.result().unwrap(), "tea");
}

#[test]
fn a_peek_that_panics_leaves_the_outcome() {
    let (promise, mut future) = future();
    promise.set_result(7).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        future.peek(|_| panic!("no ink"));
    }));
    assert!(caught.is_err());
    assert_eq!(future.result().unwrap(), 7);
}

// AF03
#[test]
fn a_cancel_is_true_the_first_time_only() {
    let (_promise, future) = future::<u32>();
    assert!(future.cancel());
    for _ in 0..2 {
        assert!(!future.cancel());
    }
    assert!(future.cancelled());
}

// AF03
#[test]
fn what_has_ended_is_not_cancelled_any_more() {
    for end in &ENDS[..3] {
        let (promise, mut future) = future();
        end(promise, &future);
        assert!(!future.cancel() && !future.cancelled());
        assert!(!matches!(future.result(), Err(Error::Cancelled)));
    }
}

// AF03
#[test]
fn a_cancel_after_that_of_the_blocking_side_is_false() {
    let (_promise, blocking) = Promise::<u32>::new();
    let canceller = blocking.canceller();
    let future = wrap_future(blocking);
    assert!(canceller.cancel());
    assert!(!future.cancel() && future.cancelled());
}

// AF04: a cancellation carries no message.
#[test]
fn a_cancellation_has_always_the_same_text() {
    let error = cancelled().result().unwrap_err();
    assert_eq!(error.to_string(), "the future was cancelled");
}

// AF05
#[test]
fn a_cancelled_future_says_so_wherever_it_is_asked() {
    let mut future = cancelled();
    for _ in 0..2 {
        assert!(matches!(future.result(), Err(Error::Cancelled)));
        assert!(matches!(future.exception(), Err(Error::Cancelled)));
        assert!(matches!(
            poll_once(&mut future),
            Poll::Ready(Err(Error::Cancelled))
        ));
        let seen = future.peek(|outcome| matches!(outcome, Err(Error::Cancelled)));
        assert_eq!(seen, Some(true));
    }
}

// AF05
#[test]
fn running_work_that_is_cancelled_is_cancelled_for_its_reader_at_once() {
    let (promise, mut future) = running();
    assert!(future.cancel() && future.done() && future.cancelled());
    assert!(matches!(future.result(), Err(Error::Cancelled)));
    assert!(matches!(
        poll_once(&mut future),
        Poll::Ready(Err(Error::Cancelled))
    ));
    promise.set_result(7).unwrap();
    assert!(future.cancelled() && !future.cancel());
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

#[test]
fn every_end_wakes_a_task_that_awaits_it() {
    on_each_loop(|| async {
        for (n, end) in ENDS.iter().enumerate() {
            let (promise, future) = future();
            let canceller = future.canceller();
            let (tell, told) = tokio::sync::oneshot::channel();
            let task = tokio::spawn(async move {
                let mut future = future;
                let first = poll_once(&mut future).is_pending();
                tell.send(first).unwrap();
                future.await
            });
            assert!(told.await.unwrap());
            if n == 3 {
                assert!(canceller.cancel());
            } else {
                end(promise, &cancelled());
            }
            let outcome = task.await.unwrap();
            assert!(match n {
                0 => matches!(outcome, Ok(7)),
                1 => is_no_ink(&outcome.unwrap_err()),
                2 => matches!(outcome, Err(Error::BrokenPromise)),
                _ => matches!(outcome, Err(Error::Cancelled)),
            });
        }
    });
}

#[test]
fn awaited_again_after_the_outcome_it_is_an_invalid_state_and_no_panic() {
    for end in &ENDS[..3] {
        let (promise, mut future) = future();
        end(promise, &future);
        assert!(poll_once(&mut future).is_ready());
        for _ in 0..2 {
            assert!(matches!(
                poll_once(&mut future),
                Poll::Ready(Err(Error::InvalidState))
            ));
        }
    }
}

// AF15
#[test]
fn awaiting_a_done_future_does_not_yield() {
    on_one_thread(async {
        let (promise, future) = future();
        promise.set_result(7).unwrap();
        let other = tokio::spawn(async {});
        assert_eq!(future.await.unwrap(), 7);
        assert!(!other.is_finished());
        other.await.unwrap();
    });
}

#[test]
fn an_await_that_is_given_up_can_be_taken_up_again() {
    on_each_loop(|| async {
        let (promise, mut future) = future();
        tokio::select! {
            biased;
            _ = &mut future => unreachable!("it is pending"),
            () = tokio::task::yield_now() => {}
        }
        assert!(!future.cancelled());
        promise.set_result(7).unwrap();
        assert_eq!((&mut future).await.unwrap(), 7);
    });
}

// AF18
#[test]
fn it_is_made_without_a_loop_and_awaited_on_any() {
    ends(|| {
        type BlockOn = fn(AioFuture<u32>) -> Result<u32, Error>;
        let loops: [BlockOn; 5] = [
            |it| futures::executor::block_on(it),
            |it| smol::block_on(it),
            |it| one_thread().block_on(it),
            |it| many_threads().block_on(it),
            |it| aio_bridge::run(it).unwrap(),
        ];
        for block_on in loops {
            let (promise, future) = future();
            let thread = thread::spawn(move || promise.set_result(7).unwrap());
            assert_eq!(block_on(future).unwrap(), 7);
            thread.join().unwrap();
        }
    });
}

// AF18
#[test]
fn an_await_begun_on_one_loop_goes_on_on_another() {
    ends(|| {
        let (promise, mut future) = future();
        one_thread().block_on(async { assert!(poll_once(&mut future).is_pending()) });
        let thread = thread::spawn(move || promise.set_result(7).unwrap());
        assert_eq!(smol::block_on(&mut future).unwrap(), 7);
        thread.join().unwrap();
    });
}

// AF19
#[test]
fn a_result_set_by_another_thread_wakes_the_loop() {
    on_one_thread(async {
        let (promise, mut future) = future();
        assert!(poll_once(&mut future).is_pending());
        let task = tokio::spawn(future);
        tokio::task::yield_now().await;
        let thread = thread::spawn(move || promise.set_result(7).unwrap());
        assert_eq!(task.await.unwrap().unwrap(), 7);
        thread.join().unwrap();
    });
}

// AF24
#[test]
fn its_debug_text_names_the_state() {
    let text_after = |end: End| {
        let (promise, mut future) = future();
        end(promise, &future);
        let text = format!("{future:?}");
        drop(future.exception());
        text
    };
    assert_eq!(text_after(ENDS[0]), "<AioFuture finished: u32>");
    assert_eq!(text_after(ENDS[1]), "<AioFuture failed: exception>");
    assert_eq!(text_after(ENDS[2]), "<AioFuture failed: error>");
    assert_eq!(text_after(ENDS[3]), "<AioFuture cancelled>");
    let (_promise, pending) = future::<u32>();
    assert_eq!(format!("{pending:?}"), "<AioFuture pending>");
}

// AF24
#[test]
fn the_debug_text_of_given_up_work_says_cancelled() {
    let (_promise, future) = running();
    assert_eq!(format!("{future:?}"), "<AioFuture running>");
    assert!(future.cancel());
    assert_eq!(format!("{future:?}"), "<AioFuture cancelled>");
}

// AF24
#[test]
fn the_debug_text_leaves_the_name_of_the_value_as_it_is() {
    #[derive(Debug)]
    struct AwaitedOrder;
    let (promise, mut future) = future();
    promise.set_result(AwaitedOrder).unwrap();
    assert!(format!("{future:?}").ends_with("AwaitedOrder>"));
    future.result().unwrap();
}

#[test]
fn a_canceller_cancels_it_while_it_is_awaited() {
    on_each_loop(|| async {
        let (promise, future) = future::<u32>();
        let canceller = future.canceller();
        assert!(!canceller.done() && !canceller.cancelled());
        let task = tokio::spawn(future);
        tokio::task::yield_now().await;
        let elsewhere = canceller.clone();
        assert!(thread::spawn(move || elsewhere.cancel()).join().unwrap());
        assert!(matches!(task.await.unwrap(), Err(Error::Cancelled)));
        assert!(canceller.done() && canceller.cancelled() && !canceller.cancel());
        assert!(promise.is_cancelled());
    });
}

#[test]
fn a_canceller_keeps_nothing_from_being_cancelled_by_a_drop() {
    let (promise, future) = future::<u32>();
    let canceller = future.canceller();
    drop(future);
    assert!(promise.is_cancelled() && canceller.cancelled() && !canceller.cancel());
}

#[test]
fn a_future_is_equal_to_itself_only_and_hashes_so() {
    let (_promise, one) = future::<u32>();
    let (_other_promise, other) = future::<u32>();
    assert!(one == one && one != other);
    let hasher = RandomState::new();
    assert_eq!(hasher.hash_one(&one), hasher.hash_one(&one));
    assert_ne!(hasher.hash_one(&one), hasher.hash_one(&other));
}

#[test]
fn dropped_it_asks_running_work_to_stop() {
    let (promise, future) = running();
    drop(future);
    assert!(matches!(promise.run(checkpoint), Err(Error::Cancelled)));
}

#[test]
fn dropped_with_an_unread_value_it_drops_the_value() {
    let (promise, future) = future();
    let value = Arc::new(());
    promise.set_result(Arc::clone(&value)).unwrap();
    drop(future);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn detached_work_runs_to_its_end() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (gate, running) = held(&pool, move || tell.send(checkpoint().is_ok()).unwrap());
    wrap_future(running).detach();
    gate.open();
    assert_eq!(told.recv(), Ok(true));
}

#[test]
fn detached_work_that_has_not_started_is_done_all_the_same() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (gate, busy) = held(&pool, || ());
    wrap_future(pool.submit(move || tell.send(7).unwrap())).detach();
    gate.open();
    assert_eq!(told.recv(), Ok(7));
    busy.result().unwrap();
}

#[test]
fn cancel_and_wait_ends_when_the_work_has() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = held(&pool, fallible(|| checkpoint().map(|()| 7)));
    on_one_thread(async {
        let mut stopped = Box::pin(wrap_future(running).cancel_and_wait());
        assert!(poll_once(&mut stopped).is_pending());
        gate.open();
        assert!(matches!(stopped.await, Err(Error::Cancelled)));
    });
}

#[test]
fn cancel_and_wait_gives_the_value_of_work_that_does_not_stop() {
    let (promise, future) = running();
    on_one_thread(async {
        let mut stopped = Box::pin(future.cancel_and_wait());
        assert!(poll_once(&mut stopped).is_pending());
        promise.set_result(7).unwrap();
        assert_eq!(stopped.await.unwrap(), 7);
    });
}

#[test]
fn cancel_and_wait_of_what_has_not_started_is_cancelled_at_once() {
    let (promise, future) = future::<u32>();
    let mut stopped = Box::pin(future.cancel_and_wait());
    assert!(matches!(
        poll_once(&mut stopped),
        Poll::Ready(Err(Error::Cancelled))
    ));
    assert!(promise.is_cancelled());
}

#[test]
fn cancel_and_wait_also_waits_for_what_a_cancel_left_behind() {
    let (promise, future) = running();
    assert!(future.cancel());
    let mut stopped = Box::pin(future.cancel_and_wait());
    assert!(poll_once(&mut stopped).is_pending());
    promise.set_result(7).unwrap();
    assert!(matches!(poll_once(&mut stopped), Poll::Ready(Ok(7))));
}
