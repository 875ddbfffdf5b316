//! `request_cancel` and `checkpoint`: how a running task is asked to stop, and what becomes of it.

use std::thread;

use cf_core::{
    ClosureExecutor, Error, Future, InlineExecutor, Promise, Timeout, checkpoint, fallible,
};

use crate::{
    gate::{Gate, ends},
    threads::{OnThreads, Plain, queued},
};

/// A task that runs, waits until the gate opens, and then does what `end` says.
fn running(end: impl FnOnce() -> Result<u32, Error> + Send + 'static) -> (Future<u32>, Gate) {
    let (runs, goes_on) = (Gate::new(), Gate::new());
    let (it_runs, it_goes_on) = (runs.clone(), goes_on.clone());
    let future = OnThreads.spawn(fallible(move || {
        it_runs.open();
        it_goes_on.pass();
        end()
    }));
    runs.pass();
    (future, goes_on)
}

#[test]
fn a_running_task_that_is_asked_ends_as_cancelled_at_its_checkpoint() {
    ends(|| {
        let (future, goes_on) = running(|| checkpoint().map(|()| 7));
        assert!(!future.cancel());
        assert!(future.request_cancel());
        assert!(future.running() && !future.cancelled());
        goes_on.open();
        future.wait();
        assert!(future.cancelled() && !future.running());
        assert!(matches!(future.result(), Err(Error::Cancelled)));
    });
}

#[test]
fn a_task_that_nobody_asks_passes_its_checkpoint() {
    ends(|| {
        let (future, goes_on) = running(|| checkpoint().map(|()| 7));
        goes_on.open();
        assert_eq!(future.result().unwrap(), 7);
    });
}

#[test]
fn a_task_that_is_asked_and_never_looks_keeps_its_value() {
    ends(|| {
        let (future, goes_on) = running(|| Ok(7));
        assert!(future.request_cancel());
        goes_on.open();
        future.wait();
        assert!(!future.cancelled());
        assert_eq!(future.result().unwrap(), 7);
    });
}

#[test]
fn cancelled_returned_without_a_request_is_an_ordinary_exception() {
    let future = InlineExecutor.spawn(fallible(|| Err::<u32, _>(Error::Cancelled)));
    assert!(!future.cancelled());
    let Err(Error::Raised(exception)) = future.result() else {
        panic!("neither cancelled nor anything else")
    };
    assert!(matches!(exception.downcast_ref(), Some(Error::Cancelled)));
}

#[test]
fn another_error_after_a_request_stays_what_it_is() {
    ends(|| {
        let (future, goes_on) = running(|| {
            checkpoint().map_err(|_| Error::TimedOut(Timeout::default()))?;
            Ok(7)
        });
        assert!(future.request_cancel());
        goes_on.open();
        assert!(matches!(future.result(), Err(Error::TimedOut(_))));
    });
}

#[test]
fn a_request_is_as_good_as_a_cancel_while_the_task_is_queued() {
    let (task, future) = queued(|| 7);
    assert!(future.request_cancel());
    assert!(future.cancelled());
    task.run(&Plain);
    assert!(future.cancelled());
    assert!(future.request_cancel());
}

#[test]
fn a_request_comes_too_late_for_one_that_has_ended() {
    let future = InlineExecutor.spawn(|| 7);
    assert!(!future.request_cancel());
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn a_canceller_can_ask_while_result_has_the_handle() {
    ends(|| {
        let (future, goes_on) = running(|| checkpoint().map(|()| 7));
        let canceller = future.canceller();
        let reader = thread::spawn(|| future.result());
        assert!(canceller.request_cancel());
        goes_on.open();
        assert!(matches!(reader.join().unwrap(), Err(Error::Cancelled)));
        assert!(canceller.cancelled());
    });
}

#[test]
fn outside_a_task_a_checkpoint_is_passed() {
    assert!(checkpoint().is_ok());
    let (promise, future) = Promise::<u32>::new();
    future.add_done_callback(|_| assert!(checkpoint().is_ok()));
    assert!(future.request_cancel());
    assert!(promise.is_cancelled());
    assert!(checkpoint().is_ok());
}

#[test]
fn a_request_is_for_the_innermost_task_only() {
    ends(|| {
        let (future, goes_on) = running(|| {
            // Runs on top of the task that is asked, and is not asked itself.
            let inner = InlineExecutor.spawn(fallible(|| checkpoint().map(|()| 7)));
            assert_eq!(inner.result()?, 7);
            checkpoint().map(|()| 8)
        });
        assert!(future.request_cancel());
        goes_on.open();
        assert!(matches!(future.result(), Err(Error::Cancelled)));
    });
}

#[test]
fn one_cancelled_while_another_task_runs_it_does_not_run() {
    let (task, future) = queued(fallible(move || checkpoint().map(|()| 7)));
    let canceller = future.canceller();
    let asking = future.map(|n| n);
    let (outer, outcome) = queued(move || {
        assert!(canceller.request_cancel());
        task.run(&Plain);
    });
    outer.run(&Plain);
    outcome.result().unwrap();
    assert!(asking.cancelled());
}

#[test]
fn callbacks_see_a_task_that_stopped_as_cancelled() {
    ends(|| {
        let (future, goes_on) = running(|| checkpoint().map(|()| 7));
        let (sender, receiver) = std::sync::mpsc::channel();
        future.add_done_callback(move |done| sender.send(done.cancelled()).unwrap());
        assert!(future.request_cancel());
        goes_on.open();
        assert!(receiver.recv().unwrap());
    });
}

#[test]
fn a_request_that_races_with_the_end_loses_nothing() {
    ends(|| {
        for _ in 0..300 {
            let future = OnThreads.spawn(fallible(|| checkpoint().map(|()| 7)));
            let accepted = future.request_cancel();
            match future.result() {
                Ok(value) => assert_eq!(value, 7),
                Err(error) => assert!(accepted && matches!(error, Error::Cancelled)),
            }
        }
    });
}
