//! `to_thread`: a call on the default executor, with the caller's context.

use std::{
    cell::Cell,
    sync::{Arc, Barrier, Once, mpsc},
    thread,
};

use aio_bridge::{Error, create_task, fallible, run, to_thread};
use cf_core::add_propagator;
use tracing::{Instrument, info_span};

use crate::{
    held::on_loop,
    loops::{Gate, LONG, ends},
    spans::{entered, with_spans},
};

// B08: deviates, asyncio's starts when it is awaited.
#[test]
fn a_call_starts_before_it_is_awaited() {
    on_loop(async || {
        let (tell, told) = mpsc::channel();
        let unpolled = to_thread(move || tell.send(7).unwrap());
        assert_eq!(told.recv_timeout(LONG), Ok(7));
        unpolled.await.unwrap();
    });
}

// B08: test_to_thread_once
#[test]
fn a_call_runs_once() {
    on_loop(async || {
        let (tell, told) = mpsc::channel();
        to_thread(move || tell.send(7).unwrap()).await.unwrap();
        assert_eq!(told.iter().collect::<Vec<_>>(), [7]);
    });
}

// B09: test_to_thread_args_kwargs
#[test]
fn arguments_are_what_the_closure_took_along() {
    on_loop(async || {
        let (text, n) = (String::from("ab"), 2);
        assert_eq!(to_thread(move || text.repeat(n)).await.unwrap(), "abab");
    });
}

// B09: test_to_thread_exception
#[test]
fn the_callables_failure_is_the_calls() {
    on_loop(async || {
        let raised = to_thread(cf_core::fallible(|| "x".parse::<u32>())).await;
        let error = raised.unwrap_err();
        assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
        let panicked = to_thread(|| -> u32 { panic!("no luck") }).await;
        assert!(matches!(panicked, Err(Error::Panicked(_))));
    });
}

// B09: test_to_thread_concurrent
#[test]
fn calls_run_at_the_same_time() {
    on_loop(async || {
        let meeting = Arc::new(Barrier::new(4));
        let calls = [(); 4].map(|()| {
            let meeting = Arc::clone(&meeting);
            to_thread(move || meeting.wait().is_leader())
        });
        let mut n_leaders = 0;
        for call in calls {
            n_leaders += usize::from(call.await.unwrap());
        }
        assert_eq!(n_leaders, 1);
    });
}

#[test]
fn the_loop_goes_on_while_a_call_runs() {
    on_loop(async || {
        let gate = Gate::new();
        let its_gate = gate.clone();
        let call = to_thread(move || {
            its_gate.pass();
            7
        });
        let opener = create_task(async move { gate.open() });
        assert_eq!(call.await.unwrap(), 7);
        opener.await.unwrap();
    });
}

// B10
#[test]
fn the_callers_span_is_the_calls_span() {
    ends(|| {
        let spans = with_spans(|| {
            run(async {
                let call = info_span!("asking").in_scope(|| to_thread(entered));
                (call.await.unwrap(), entered())
            })
        });
        assert_eq!(spans.unwrap(), (vec!["asking"], vec![]));
    });
}

// B10: deviates as B08 does, the context is that of the call and not that of the first await.
#[test]
fn the_span_is_that_of_the_call_and_not_that_of_the_await() {
    ends(|| {
        let spans = with_spans(|| {
            run(async {
                let call = info_span!("asking").in_scope(|| to_thread(entered));
                call.instrument(info_span!("awaiting")).await
            })
        });
        assert_eq!(spans.unwrap().unwrap(), ["asking"]);
    });
}

thread_local!(static TENANT: Cell<u32> = const { Cell::new(0) });

/// It stays for the life of the process, and carries nothing where no tenant is set.
fn add_tenant_propagator() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| {
        add_propagator(|| {
            let tenant = TENANT.get();
            (tenant != 0).then(|| -> cf_core::Restore {
                Box::new(move |task| {
                    let previous = TENANT.replace(tenant);
                    task();
                    TENANT.set(previous);
                })
            })
        });
    });
}

// B10: test_to_thread_contextvars
#[test]
fn what_propagators_carry_is_in_place_in_the_thread() {
    on_loop(async || {
        add_tenant_propagator();
        TENANT.set(7);
        let call = to_thread(|| TENANT.get());
        TENANT.set(0);
        assert_eq!(call.await.unwrap(), 7);
        assert_eq!(to_thread(|| TENANT.get()).await.unwrap(), 0);
    });
}

// B10
#[test]
fn what_the_thread_changes_in_its_context_is_not_seen_outside() {
    on_loop(async || {
        add_tenant_propagator();
        TENANT.set(7);
        to_thread(|| TENANT.set(8)).await.unwrap();
        assert_eq!(TENANT.get(), 7);
        assert_eq!(to_thread(|| TENANT.get()).await.unwrap(), 7);
    });
}

#[test]
fn a_task_that_makes_the_call_may_end_before_it() {
    on_loop(async || {
        let (tell, told) = mpsc::channel();
        let gate = Gate::new();
        let its_gate = gate.clone();
        let caller = create_task(fallible(async move {
            to_thread(move || {
                its_gate.pass();
                tell.send(thread::current().id()).unwrap();
            })
            .detach();
            Ok::<_, Error>(())
        }));
        caller.await.unwrap();
        gate.open();
        assert_ne!(told.recv_timeout(LONG).unwrap(), thread::current().id());
    });
}
