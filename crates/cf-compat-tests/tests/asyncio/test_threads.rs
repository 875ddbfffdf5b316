//! test_asyncio/test_threads.py: `to_thread`.

use std::{
    cell::Cell,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
    },
};

use aio_bridge::{Error, gather, to_thread};
use cf_core::{add_propagator, fallible};

use crate::clock::on_loop;

// CPython: test_threads.py ToThreadTests.test_to_thread
// B08
// Differs: the call starts before it is awaited.
#[test]
fn a_call_gives_its_value() {
    on_loop(async { assert_eq!(to_thread(|| 40 + 2).await.unwrap(), 42) });
}

// CPython: test_threads.py ToThreadTests.test_to_thread_exception
// B09
#[test]
fn a_call_that_fails_gives_its_failure() {
    on_loop(async {
        let failed = to_thread(fallible(|| Err::<(), _>("test"))).await;
        assert_eq!(failed.unwrap_err().to_string(), "test");
        let panicked = to_thread(|| -> u32 { panic!("test") }).await;
        assert!(matches!(panicked, Err(Error::Panicked(_))));
    });
}

// CPython: test_threads.py ToThreadTests.test_to_thread_once
// B08
#[test]
fn a_call_is_made_once() {
    on_loop(async {
        let n_calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&n_calls);
        let call = to_thread(move || counted.fetch_add(1, Ordering::SeqCst));
        assert_eq!(call.await.unwrap(), 0);
        assert_eq!(n_calls.load(Ordering::SeqCst), 1);
    });
}

// S16: the article says 1 to 10.
#[test]
fn ten_calls_give_what_their_arguments_make_them() {
    on_loop(async {
        let calls = (0..10).map(|n| to_thread(move || n));
        assert_eq!(gather(calls).await.unwrap(), (0..10).collect::<Vec<_>>());
    });
}

// CPython: test_threads.py ToThreadTests.test_to_thread_concurrent
// B09
#[test]
fn ten_calls_that_are_gathered_are_all_made() {
    on_loop(async {
        let n_calls = Arc::new(AtomicUsize::new(0));
        let calls = [(); 10].map(|()| {
            let n_calls = Arc::clone(&n_calls);
            to_thread(move || n_calls.fetch_add(1, Ordering::SeqCst))
        });
        let mut before = gather(calls).await.unwrap();
        before.sort_unstable();
        assert_eq!(before, (0..10).collect::<Vec<_>>());
        assert_eq!(n_calls.load(Ordering::SeqCst), 10);
    });
}

// CPython: test_threads.py ToThreadTests.test_to_thread_args_kwargs
// B09
// Differs: a closure takes its arguments along, whatever their names.
#[test]
fn a_call_has_the_arguments_that_its_closure_took_along() {
    on_loop(async {
        let something = "kwarg".to_owned();
        let call = to_thread(move || format!("{} {something}", "positional"));
        assert_eq!(call.await.unwrap(), "positional kwarg");
    });
}

thread_local!(static TEST_CTX: Cell<&'static str> = const { Cell::new("") });

/// Carries [`TEST_CTX`] along, where it is set; it stays for the life of the process.
fn carry_test_ctx() {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| {
        add_propagator(|| {
            let carried = TEST_CTX.get();
            (!carried.is_empty()).then(|| -> cf_core::Restore {
                Box::new(move |task| {
                    let previous = TEST_CTX.replace(carried);
                    task();
                    TEST_CTX.set(previous);
                })
            })
        });
    });
}

// CPython: test_threads.py ToThreadTests.test_to_thread_contextvars
// B10
// Differs: there are no context variables; what a propagator captures is carried, as it is at the call.
#[test]
fn a_call_sees_what_a_propagator_carries() {
    on_loop(async {
        carry_test_ctx();
        TEST_CTX.set("parrot");
        let call = to_thread(|| TEST_CTX.replace("changed in the thread"));
        TEST_CTX.set("");
        assert_eq!(call.await.unwrap(), "parrot");
        assert_eq!(TEST_CTX.get(), "");
    });
}
