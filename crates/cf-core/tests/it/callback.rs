//! Done callbacks: when they run, on which thread, in which order, and what becomes of one that panics.

use std::{
    panic::{self, panic_any},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use cf_core::{Error, Executor, Future, InlineExecutor, Promise};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::gate::LONG;

/// What was reported on this thread while `f` ran: level and text of each event of ours.
pub(crate) fn reports_of(f: impl FnOnce()) -> Vec<String> {
    let reports = Reports::default();
    tracing::subscriber::with_default(reports.clone(), f);
    reports.0.lock().unwrap().clone()
}

#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<String>>>);

impl Subscriber for Reports {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "concurrent_futures"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Text(String);

        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }

        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Notes of what happened, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Notes {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn all(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

/// Ends a future in some way, on this thread.
type End = fn(Promise<u32>, &Future<u32>);

const ENDS: [End; 4] = [
    |promise, _| promise.set_result(7).unwrap(),
    |promise, _| promise.set_exception("disk").unwrap(),
    |_, future| assert!(future.cancel()),
    |promise, _| drop(promise),
];

/// A future that can be reached from its own callbacks.
fn reachable<T: Send + 'static>() -> (Promise<T>, Arc<Future<T>>) {
    let (promise, future) = Promise::new();
    (promise, Arc::new(future))
}

// F16: test_done_callback_with_result
#[test]
fn callbacks_run_once_each_in_the_order_in_which_they_were_added() {
    let notes = Notes::default();
    let (promise, future) = Promise::new();
    for what in ["a", "b", "a"] {
        let notes = notes.clone();
        future.add_done_callback(move |_| notes.note(what));
    }
    assert_eq!(notes.all(), [""; 0]);
    promise.set_result(7).unwrap();
    assert_eq!(notes.all(), ["a", "b", "a"]);
    assert_eq!(future.result().unwrap(), 7);
    assert_eq!(notes.all(), ["a", "b", "a"]);
}

// F16
#[test]
fn the_same_callback_added_twice_runs_twice() {
    let notes = Notes::default();
    let callback = {
        let notes = notes.clone();
        move |_: &cf_core::Done<'_, u32>| notes.note("called")
    };
    let (promise, future) = Promise::new();
    future.add_done_callback(callback.clone());
    future.add_done_callback(callback);
    promise.set_result(7).unwrap();
    assert_eq!(notes.all(), ["called", "called"]);
}

// F17: test_done_callback_with_result, test_done_callback_with_exception, test_done_callback_with_cancel
#[test]
fn a_callback_finds_the_future_ended() {
    for end in ENDS {
        let (promise, future) = reachable();
        let (sender, receiver) = mpsc::channel();
        let own = Arc::clone(&future);
        future.add_done_callback(move |done| {
            assert!(own.done() && !own.running());
            assert_eq!(own.cancelled(), done.cancelled());
            let canceller = own.canceller();
            assert!(canceller.done() && canceller.cancelled() == done.cancelled());
            own.wait();
            assert!(own.wait_timeout(Duration::ZERO));
            let error = own.exception().map(|error| error.to_string());
            assert_eq!(error, done.exception().map(ToString::to_string));
            sender.send(()).unwrap();
        });
        end(promise, &future);
        receiver.try_recv().unwrap();
    }
}

// F18
#[test]
fn callbacks_run_on_the_thread_that_ends_the_future() {
    let (promise, future) = Promise::new();
    let (sender, receiver) = mpsc::channel();
    future.add_done_callback(move |_| sender.send(thread::current().id()).unwrap());
    let writer = thread::spawn(move || {
        promise.set_result(7).unwrap();
        thread::current().id()
    });
    assert_eq!(writer.join().unwrap(), receiver.recv().unwrap());
}

// F19: test_done_callback_raises
#[test]
fn a_panicking_callback_is_reported_and_the_others_run() {
    let notes = Notes::default();
    let reports = reports_of(|| {
        let (promise, future) = Promise::new();
        let (before, after) = (notes.clone(), notes.clone());
        future.add_done_callback(move |_| before.note("before"));
        future.add_done_callback(|_| panic!("doh"));
        future.add_done_callback(move |_| after.note("after"));
        promise.set_result(7).unwrap();
        assert_eq!(future.result().unwrap(), 7);
    });
    assert_eq!(notes.all(), ["before", "after"]);
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].starts_with("ERROR ") && reports[0].contains("panic in done callback"));
    assert!(reports[0].contains("doh (at ") && reports[0].contains("callback.rs"));
}

// F20: test_done_callback_already_successful, test_done_callback_already_failed, test_done_callback_already_cancelled
#[test]
fn a_late_callback_runs_at_once_on_the_thread_that_adds_it() {
    let ended: [fn() -> Future<u32>; 4] = [
        || InlineExecutor::new().submit(|| 7),
        || InlineExecutor::new().submit(|| panic!("boom")),
        || Promise::new().1,
        || {
            let (_promise, future) = Promise::new();
            assert!(future.cancel());
            future
        },
    ];
    for ended in ended {
        let future = ended();
        let (sender, receiver) = mpsc::channel();
        future.add_done_callback(move |done| {
            sender
                .send((thread::current().id(), done.result().ok().copied()))
                .unwrap();
        });
        let here = thread::current().id();
        assert_eq!(receiver.try_recv().unwrap(), (here, future.result().ok()));
    }
}

// F20: as Python's, it runs although the value is gone.
#[test]
fn a_callback_added_after_the_outcome_was_taken_runs_too() {
    let (promise, mut future) = Promise::new();
    promise.set_result(7).unwrap();
    assert_eq!(future.try_result().unwrap().unwrap(), 7);
    let (sender, receiver) = mpsc::channel();
    future.add_done_callback(move |done| {
        let is_gone = matches!(done.result(), Err(Error::InvalidState));
        sender.send(is_gone && !done.cancelled()).unwrap();
    });
    assert!(receiver.try_recv().unwrap());
}

// F20: a callback that comes while others are running joins them.
#[test]
fn a_callback_added_while_callbacks_run_elsewhere_joins_them() {
    let (promise, future) = Promise::new();
    let (inside, is_inside) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    future.add_done_callback(move |_| {
        inside.send(thread::current().id()).unwrap();
        may_go_on.recv_timeout(LONG).unwrap();
    });
    let writer = thread::spawn(move || promise.set_result(7));
    let writer_id = is_inside.recv_timeout(LONG).unwrap();
    let (sender, receiver) = mpsc::channel();
    future.add_done_callback(move |_| sender.send(thread::current().id()).unwrap());
    assert!(receiver.try_recv().is_err());
    go_on.send(()).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(receiver.try_recv().unwrap(), writer_id);
}

// F21: test_done_callback_raises_already_succeeded
#[test]
fn a_late_callback_that_panics_is_reported_and_leaves_the_value() {
    let reports = reports_of(|| {
        let future = InlineExecutor::new().submit(|| 7);
        future.add_done_callback(|_| panic!("doh"));
        assert_eq!(future.result().unwrap(), 7);
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].starts_with("ERROR ") && reports[0].contains("doh"));
}

// F22: what escapes in Python, whatever it is that was thrown.
#[test]
fn no_panic_of_a_callback_escapes() {
    struct Exit;

    let throws: [fn(); 3] = [
        || panic_any(Exit),
        || panic::resume_unwind(Box::new(7)),
        || panic::resume_unwind(Box::new(Error::EventLoopBlocked)),
    ];
    for throw in throws {
        for end in ENDS {
            let notes = Notes::default();
            let later = notes.clone();
            let (promise, future) = Promise::new();
            future.add_done_callback(move |_| throw());
            future.add_done_callback(move |_| later.note("later"));
            end(promise, &future);
            assert_eq!(notes.all(), ["later"]);
            future.add_done_callback(move |_| throw());
            assert!(future.done());
        }
    }
}

// F22
#[test]
fn a_callback_whose_captures_panic_when_dropped_is_contained() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    let notes = Notes::default();
    let reports = reports_of(|| {
        let (promise, future) = Promise::new();
        let (bomb, later) = (Bomb, notes.clone());
        future.add_done_callback(move |_| drop(bomb));
        future.add_done_callback(move |_| later.note("later"));
        promise.set_result(7).unwrap();
    });
    assert_eq!(notes.all(), ["later"]);
    assert_eq!(reports.len(), 1, "{reports:?}");
}

// F22
#[test]
fn a_payload_that_panics_when_dropped_is_contained() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    let reports = reports_of(|| {
        let (promise, future) = Promise::new();
        future.add_done_callback(|_| panic_any(Bomb));
        promise.set_result(7).unwrap();
        assert_eq!(future.result().unwrap(), 7);
    });
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert!(reports[1].contains("drop of a panic payload"));
}

// F23: in Python the nested one runs before its siblings.
#[test]
fn a_callback_added_by_a_callback_runs_after_its_siblings() {
    let notes = Notes::default();
    let (promise, future) = reachable();
    let (own, outer) = (Arc::clone(&future), notes.clone());
    future.add_done_callback(move |_| {
        let nested = outer.clone();
        own.add_done_callback(move |done| {
            assert_eq!(done.result().unwrap(), &7);
            nested.note("nested");
        });
        outer.note("outer");
    });
    let sibling = notes.clone();
    future.add_done_callback(move |_| sibling.note("sibling"));
    promise.set_result(7).unwrap();
    assert_eq!(notes.all(), ["outer", "sibling", "nested"]);
}

// F23
#[test]
fn a_late_callback_may_add_another() {
    let notes = Notes::default();
    let (promise, future) = reachable();
    promise.set_result(7).unwrap();
    let (own, outer) = (Arc::clone(&future), notes.clone());
    future.add_done_callback(move |_| {
        let nested = outer.clone();
        own.add_done_callback(move |_| nested.note("nested"));
        outer.note("outer");
    });
    assert_eq!(notes.all(), ["outer", "nested"]);
    assert_eq!(future.peek(|outcome| *outcome.unwrap()), Some(7));
}

// F23
#[test]
fn a_callback_may_call_its_own_future() {
    let (promise, future) = reachable();
    let (own, (sender, receiver)) = (Arc::clone(&future), mpsc::channel());
    future.add_done_callback(move |_| {
        let answers = (
            own.cancel(),
            own.request_cancel(),
            own.exception().is_none(),
        );
        // The value is lent to the callbacks already.
        let peeked = own.peek(|outcome| outcome.is_ok());
        sender.send((answers, peeked, format!("{own:?}"))).unwrap();
    });
    promise.set_result(7).unwrap();
    let (answers, peeked, _) = receiver.try_recv().unwrap();
    assert_eq!((answers, peeked), ((false, false, true), None));
}

// F23
#[test]
fn a_callback_may_cancel_what_is_cancelled_again() {
    let (_promise, future) = reachable::<u32>();
    let (own, (sender, receiver)) = (Arc::clone(&future), mpsc::channel());
    future.add_done_callback(move |_| sender.send(own.cancel()).unwrap());
    assert!(future.cancel());
    assert!(receiver.try_recv().unwrap());
}

// F24: in Python the waiting thread may be first.
#[test]
fn callbacks_run_before_the_value_is_handed_out() {
    let (promise, future) = Promise::new();
    let canceller = future.canceller();
    let (inside, is_inside) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let has_run = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&has_run);
    future.add_done_callback(move |_| {
        inside.send(()).unwrap();
        may_go_on.recv_timeout(LONG).unwrap();
        flag.store(true, Ordering::Relaxed);
    });
    let flag = Arc::clone(&has_run);
    let both_here = Arc::new(Barrier::new(2));
    let here = Arc::clone(&both_here);
    let reader = thread::spawn(move || {
        here.wait();
        let value = future.result().unwrap();
        (value, flag.load(Ordering::Relaxed))
    });
    both_here.wait();
    let writer = thread::spawn(move || promise.set_result(7));
    is_inside.recv_timeout(LONG).unwrap();
    assert!(!canceller.done() && !canceller.cancel());
    go_on.send(()).unwrap();
    assert_eq!(reader.join().unwrap(), (7, true));
    writer.join().unwrap().unwrap();
}

#[test]
fn callbacks_of_a_dropped_future_run() {
    let notes = Notes::default();
    let (promise, future) = Promise::new();
    let called = notes.clone();
    future.add_done_callback(move |_| called.note("called"));
    drop(future);
    promise.set_result(7).unwrap();
    assert_eq!(notes.all(), ["called"]);
}

#[test]
fn what_a_callback_captured_is_dropped_once_it_has_run() {
    let captured = Arc::new(());
    let (promise, future) = Promise::new();
    let kept = Arc::clone(&captured);
    future.add_done_callback(move |_| drop(kept));
    assert_eq!(Arc::strong_count(&captured), 2);
    promise.set_result(7).unwrap();
    assert_eq!(Arc::strong_count(&captured), 1);
    assert_eq!(future.result().unwrap(), 7);
}
