//! What travels with a task: the current span of the submitter, and what propagators carry.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_core::{ClosureExecutor, Error, Future, InlineExecutor, Promise, add_propagator};
use tracing::{
    Dispatch, Event, Metadata, Subscriber, dispatcher, info_span,
    span::{Attributes, Id, Record},
};
use tracing_core::span::Current;

use crate::{
    gate::ends,
    threads::{Plain, queued},
};

/// Knows the current span of each thread, and how many handles on spans there are.
#[derive(Default)]
struct Spans {
    kinds: Mutex<Vec<&'static Metadata<'static>>>,
    n_handles: Arc<AtomicUsize>,
}

thread_local!(static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) });

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.n_handles.fetch_add(1, Ordering::Relaxed);
        let mut kinds = self.kinds.lock().unwrap();
        kinds.push(attributes.metadata());
        Id::from_u64(kinds.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        ENTERED.with(|entered| entered.borrow_mut().push(id.clone()));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with(|entered| {
            let mut entered = entered.borrow_mut();
            let place = entered.iter().rposition(|it| it == id);
            entered.remove(place.expect("a span is left that was not entered"));
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.n_handles.fetch_add(1, Ordering::Relaxed);
        id.clone()
    }

    fn try_close(&self, _: Id) -> bool {
        self.n_handles.fetch_sub(1, Ordering::Relaxed);
        false
    }

    fn current_span(&self) -> Current {
        ENTERED.with(|entered| match entered.borrow().last() {
            None => Current::none(),
            Some(id) => {
                let place = usize::try_from(id.into_u64()).unwrap() - 1;
                Current::new(id.clone(), self.kinds.lock().unwrap()[place])
            }
        })
    }
}

/// The name of the current span.
fn current() -> Option<&'static str> {
    tracing::Span::current().metadata().map(Metadata::name)
}

fn n_entered() -> usize {
    ENTERED.with(|entered| entered.borrow().len())
}

fn with_spans<R>(f: impl FnOnce() -> R) -> R {
    dispatcher::with_default(&Dispatch::new(Spans::default()), f)
}

/// Runs the task on another thread, which has the same subscriber.
fn run_elsewhere(task: cf_core::Task) {
    let dispatch = dispatcher::get_default(Dispatch::clone);
    let thread = thread::spawn(move || {
        dispatcher::with_default(&dispatch, || task.run(&Plain));
        n_entered()
    });
    assert_eq!(thread.join().unwrap(), 0);
}

#[test]
fn the_submitters_span_is_the_tasks_span_on_another_thread() {
    with_spans(|| {
        let (task, future) = info_span!("submitting").in_scope(|| queued(current));
        assert_eq!(current(), None);
        run_elsewhere(task);
        assert_eq!(future.result().unwrap(), Some("submitting"));
    });
}

#[test]
fn without_a_span_the_task_has_none() {
    with_spans(|| {
        let (task, future) = queued(current);
        run_elsewhere(task);
        assert_eq!(future.result().unwrap(), None);
        assert_eq!(InlineExecutor.spawn(current).result().unwrap(), None);
    });
}

#[test]
fn an_inline_task_is_in_its_submitters_span() {
    with_spans(|| {
        let future = info_span!("outer").in_scope(|| InlineExecutor.spawn(current));
        assert_eq!(future.result().unwrap(), Some("outer"));
    });
}

#[test]
fn the_span_is_left_when_the_task_panics() {
    with_spans(|| {
        let (task, future) = info_span!("submitting").in_scope(|| queued(|| panic!("no luck")));
        task.run(&Plain);
        assert!(matches!(
            Future::<()>::result(future),
            Err(Error::Panicked(_))
        ));
        assert_eq!((current(), n_entered()), (None, 0));
    });
}

#[test]
fn a_task_that_runs_on_top_of_another_is_in_its_own_span() {
    with_spans(|| {
        let (inner, inner_span) = info_span!("inner").in_scope(|| queued(current));
        let (bare, no_span) = queued(|| (current(), n_entered()));
        let (outer, outer_spans) = info_span!("outer").in_scope(|| {
            queued(|| {
                let before = current();
                inner.run(&Plain);
                let between = current();
                bare.run(&Plain);
                (before, between, current(), n_entered())
            })
        });
        outer.run(&Plain);
        assert_eq!(inner_span.result().unwrap(), Some("inner"));
        assert_eq!(no_span.result().unwrap(), (None, 0));
        let outer = Some("outer");
        assert_eq!(outer_spans.result().unwrap(), (outer, outer, outer, 1));
        assert_eq!(n_entered(), 0);
    });
}

#[test]
fn three_tasks_on_top_of_each_other_keep_their_spans_apart() {
    with_spans(|| {
        let (top, top_span) = info_span!("top").in_scope(|| queued(|| (current(), n_entered())));
        let (middle, middle_span) = queued(move || {
            top.run(&Plain);
            (current(), n_entered())
        });
        let (bottom, bottom_span) = info_span!("bottom").in_scope(|| {
            queued(move || {
                middle.run(&Plain);
                (current(), n_entered())
            })
        });
        bottom.run(&Plain);
        assert_eq!(top_span.result().unwrap(), (Some("top"), 1));
        assert_eq!(middle_span.result().unwrap(), (None, 0));
        assert_eq!(bottom_span.result().unwrap(), (Some("bottom"), 1));
    });
}

#[test]
fn the_span_lives_as_long_as_its_task_and_no_longer() {
    let n_handles = Arc::new(AtomicUsize::new(0));
    let spans = Spans {
        n_handles: Arc::clone(&n_handles),
        ..Spans::default()
    };
    dispatcher::with_default(&Dispatch::new(spans), || {
        let (task, future) = info_span!("span").in_scope(|| queued(|| 7));
        assert!(n_handles.load(Ordering::Relaxed) > 0);
        task.run(&Plain);
        assert_eq!(n_handles.load(Ordering::Relaxed), 0);
        let (task, cancelled) = info_span!("span").in_scope(|| queued(|| 7));
        assert!(cancelled.cancel());
        assert_eq!(n_handles.load(Ordering::Relaxed), 0);
        drop(task);
        assert_eq!(future.result().unwrap(), 7);
    });
}

thread_local! {
    static TENANT: Cell<u32> = const { Cell::new(0) };
    static USER: Cell<u32> = const { Cell::new(0) };
    static TRACE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    /// What the third propagator is to do to this thread's tasks: 1 does not call them, 2 panics, 3 calls them twice.
    static MISCHIEF: Cell<u8> = const { Cell::new(0) };
}

/// Propagators stay for the life of the program, so all tests have the same ones.
fn add_propagators() {
    static ADDED: std::sync::Once = std::sync::Once::new();
    ADDED.call_once(|| {
        add_propagator(|| {
            let tenant = TENANT.get();
            (tenant != 0).then(|| -> cf_core::Restore {
                Box::new(move |task| {
                    TRACE.with(|trace| trace.borrow_mut().push("tenant"));
                    let previous = TENANT.replace(tenant);
                    task();
                    TENANT.set(previous);
                    TRACE.with(|trace| trace.borrow_mut().push("tenant gone"));
                })
            })
        });
        add_propagator(|| {
            let user = USER.get();
            (user != 0).then(|| -> cf_core::Restore {
                Box::new(move |task| {
                    TRACE.with(|trace| trace.borrow_mut().push("user"));
                    let previous = USER.replace(user);
                    task();
                    USER.set(previous);
                    TRACE.with(|trace| trace.borrow_mut().push("user gone"));
                })
            })
        });
        add_propagator(|| {
            let mischief = MISCHIEF.get();
            (mischief != 0).then(|| -> cf_core::Restore {
                Box::new(move |task| match mischief {
                    1 => {}
                    2 => panic!("in the propagator"),
                    _ => {
                        task();
                        task();
                    }
                })
            })
        });
    });
}

#[test]
fn what_propagators_carry_is_in_place_while_the_task_runs_elsewhere() {
    add_propagators();
    TENANT.set(7);
    USER.set(8);
    let (task, future) = queued(|| (TENANT.get(), USER.get()));
    TENANT.set(0);
    USER.set(0);
    let thread = thread::spawn(move || {
        task.run(&Plain);
        (TENANT.get(), USER.get(), TRACE.take())
    });
    let order = vec!["tenant", "user", "user gone", "tenant gone"];
    assert_eq!(thread.join().unwrap(), (0, 0, order));
    assert_eq!(future.result().unwrap(), (7, 8));
}

#[test]
fn a_task_that_runs_on_top_of_another_has_its_own_values() {
    add_propagators();
    TENANT.set(1);
    let (inner, inner_saw) = queued(|| TENANT.get());
    TENANT.set(2);
    let (outer, outer_saw) = queued(move || {
        inner.run(&Plain);
        TENANT.get()
    });
    TENANT.set(0);
    outer.run(&Plain);
    assert_eq!(
        (inner_saw.result().unwrap(), outer_saw.result().unwrap()),
        (1, 2)
    );
    assert_eq!(TENANT.get(), 0);
}

#[test]
fn a_propagator_that_calls_the_task_twice_runs_it_once() {
    add_propagators();
    MISCHIEF.set(3);
    let (task, future) = queued(|| 7);
    MISCHIEF.set(0);
    task.run(&Plain);
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn a_propagator_that_does_not_call_the_task_fails_it() {
    add_propagators();
    MISCHIEF.set(1);
    let (task, future) = queued(|| 7);
    MISCHIEF.set(0);
    task.run(&Plain);
    assert!(matches!(future.result(), Err(Error::BrokenPromise)));
}

#[test]
fn a_propagator_that_panics_fails_the_task() {
    add_propagators();
    MISCHIEF.set(2);
    let (task, future) = queued(|| 7);
    MISCHIEF.set(0);
    task.run(&Plain);
    assert!(matches!(future.result(), Err(Error::Panicked(_))));
}

#[test]
fn a_continuation_on_an_executor_has_the_values_of_the_completing_thread() {
    ends(|| {
        add_propagators();
        let (promise, future) = Promise::new();
        TENANT.set(1);
        let there = future.then_on(&InlineExecutor, |_: Result<u32, _>| || TENANT.get());
        thread::spawn(move || {
            TENANT.set(2);
            promise.set_result(7).unwrap();
        })
        .join()
        .unwrap();
        assert_eq!(there.result().unwrap(), 2);
    });
}

#[test]
fn a_propagator_may_add_a_propagator() {
    ends(|| {
        add_propagators();
        add_propagator(|| {
            static ADDED: std::sync::Once = std::sync::Once::new();
            ADDED.call_once(|| add_propagator(|| None));
            None
        });
        assert_eq!(InlineExecutor.spawn(|| 7).result().unwrap(), 7);
    });
}
