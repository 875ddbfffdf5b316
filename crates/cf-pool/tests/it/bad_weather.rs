//! Absurd settings and user code that fails where it hurts: contained, reported, and the pool goes on.

use std::{
    any::Any,
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use cf_core::{Error, Future, ReturnWhen, as_completed_timeout, fallible, wait_timeout};
use cf_pool::ThreadPoolExecutor;

use crate::gate::{Gate, LONG, ends};

/// Panics when it is dropped, unless the thread unwinds already.
#[derive(Debug)]
struct Bomb(Arc<AtomicUsize>);

impl Bomb {
    fn new() -> (Self, Arc<AtomicUsize>) {
        let n_drops = Arc::new(AtomicUsize::new(0));
        (Self(Arc::clone(&n_drops)), n_drops)
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        assert!(std::thread::panicking(), "in a drop");
    }
}

/// The pool still has its one worker, and that worker works.
fn assert_alive(pool: &ThreadPoolExecutor) {
    for n in 0..10 {
        let mut future = pool.submit(move || n);
        assert_eq!(
            future
                .result_timeout(LONG)
                .expect("the pool is dead")
                .unwrap(),
            n
        );
    }
    assert_eq!(pool.stats().threads, 1);
}

// E23
#[test]
fn a_pool_without_workers_is_refused() {
    let error = ThreadPoolExecutor::new(0).unwrap_err();
    assert_eq!(error.to_string(), "max_workers must be greater than 0");
}

#[test]
fn a_queue_without_room_is_refused() {
    let error = ThreadPoolExecutor::builder()
        .queue_capacity(0)
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "queue_capacity must be greater than 0");
}

#[test]
fn a_name_that_no_thread_can_have_is_refused() {
    let error = ThreadPoolExecutor::builder()
        .thread_name_prefix("a\0b")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("NUL"));
}

#[test]
fn an_enormous_number_of_workers_is_only_a_bound() {
    for n_workers in [1 << 20, usize::MAX - 1, usize::MAX] {
        let pool = ThreadPoolExecutor::new(n_workers).unwrap();
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
        assert_eq!(pool.stats().threads, 1);
    }
}

#[test]
fn a_stack_that_cannot_be_had_is_refused_by_build() {
    for n_bytes in [1 << 45, 1 << 62, usize::MAX / 2, usize::MAX - 1, usize::MAX] {
        let error = ThreadPoolExecutor::builder()
            .stack_size(n_bytes)
            .build()
            .unwrap_err();
        assert!(error.to_string().contains(&n_bytes.to_string()), "{error}");
    }
}

#[test]
fn a_stack_too_small_is_made_large_enough() {
    for n_bytes in [0, 1, 4095, 16 << 10] {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .stack_size(n_bytes)
            .build()
            .unwrap();
        assert_eq!(pool.submit(|| 7).result().unwrap(), 7);
        let inner = pool.clone();
        let nested = pool.submit(move || inner.submit(|| 8).result().unwrap());
        assert_eq!(nested.result().unwrap(), 8);
        // The hook that reports a panic, with its backtrace, runs on this stack too.
        let failed = pool.submit(move || -> u32 { panic!("on {n_bytes} bytes") });
        assert!(matches!(failed.result(), Err(Error::Panicked(_))));
    }
}

#[test]
fn huge_numbers_of_other_kinds_saturate() {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(2)
        .idle_timeout(Duration::MAX)
        .queue_capacity(usize::MAX)
        .compensate(usize::MAX)
        .build()
        .unwrap();
    let mut future = pool.submit(|| 7);
    assert_eq!(future.result_timeout(Duration::MAX).unwrap().unwrap(), 7);
    let future = pool.submit(|| 8);
    assert!(future.wait_timeout(Duration::MAX));
    assert!(future.exception_timeout(Duration::MAX).unwrap().is_none());
    assert_eq!(
        wait_timeout([&future], Duration::MAX, ReturnWhen::AllCompleted)
            .done
            .len(),
        1
    );
    assert!(as_completed_timeout([&future], Duration::MAX).all(|it| it.is_ok()));
    let results = pool
        .map(|n: u32| n, 0..3)
        .timeout(Duration::MAX)
        .chunk_size(usize::MAX);
    assert_eq!(results.map(Result::unwrap).sum::<u32>(), 3);
}

#[test]
fn an_idle_timeout_of_zero_only_makes_it_slow() {
    let pool = ThreadPoolExecutor::builder()
        .max_workers(2)
        .idle_timeout(Duration::ZERO)
        .build()
        .unwrap();
    let values = pool.map(|n: u32| n, 0..500).map(Result::unwrap);
    assert_eq!(values.sum::<u32>(), 124_750);
}

#[test]
fn a_pool_survives_thousands_of_panics() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    for _ in 0..1000 {
        drop(pool.submit(|| -> u32 { panic::resume_unwind(Box::new(7)) }));
    }
    assert_alive(&pool);
    assert_eq!(pool.stats().failed, 1000);
}

#[test]
fn a_value_whose_drop_panics_harms_nobody() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (bomb, n_drops) = Bomb::new();
    let gate = Gate::new();
    let its_gate = gate.clone();
    // Nobody holds the future any more, so the worker drops the value.
    drop(pool.submit(move || {
        its_gate.pass();
        bomb
    }));
    gate.open();
    assert_alive(&pool);
    assert_eq!(n_drops.load(Ordering::SeqCst), 1);
}

#[test]
fn a_value_that_came_too_late_and_whose_drop_panics_harms_nobody() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (bomb, n_drops) = Bomb::new();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    let derived = pool
        .submit(move || {
            its_running.open();
            its_gate.pass();
            bomb
        })
        .map(|bomb| bomb);
    running.pass();
    assert!(derived.cancel());
    gate.open();
    assert_alive(&pool);
    assert_eq!(n_drops.load(Ordering::SeqCst), 1);
}

#[test]
fn a_payload_whose_drop_panics_harms_nobody() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (bomb, n_drops) = Bomb::new();
    let detached = pool.submit(move || {
        let payload: Box<dyn Any + Send> = Box::new(bomb);
        panic::resume_unwind(payload)
    });
    drop::<Future<()>>(detached);
    assert_alive(&pool);
    assert_eq!(n_drops.load(Ordering::SeqCst), 1);
    let (bomb, n_drops) = Bomb::new();
    let failed: Future<()> = pool.submit(move || panic::resume_unwind(Box::new(bomb)));
    assert!(matches!(failed.result(), Err(Error::Panicked(_))));
    assert_eq!(n_drops.load(Ordering::SeqCst), 1);
    assert_alive(&pool);
}

#[test]
fn a_callable_whose_drop_panics_harms_nobody() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let gate = Gate::new();
    let its_gate = gate.clone();
    drop(pool.submit(move || its_gate.pass()));
    let (bomb, n_drops) = Bomb::new();
    let cancelled = pool.submit(move || drop(bomb));
    assert!(cancelled.cancel());
    assert_eq!(n_drops.load(Ordering::SeqCst), 1);
    gate.open();
    assert_alive(&pool);
}

#[test]
fn a_callable_that_drops_its_captures_at_its_end_and_panics_there_has_failed() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (bomb, _) = Bomb::new();
    let failed = pool.submit(move || {
        let _bomb = bomb;
        7
    });
    assert!(matches!(failed.result(), Err(Error::Panicked(_))));
    assert_alive(&pool);
}

#[test]
fn callables_whose_drop_panics_do_not_keep_a_shutdown_from_cancelling_the_others() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (gate, running) = (Gate::new(), Gate::new());
    let (its_gate, its_running) = (gate.clone(), running.clone());
    drop(pool.submit(move || {
        its_running.open();
        its_gate.pass();
    }));
    running.pass();
    let futures: Vec<_> = (0..10)
        .map(|_| {
            let (bomb, _) = Bomb::new();
            pool.submit(move || drop(bomb))
        })
        .collect();
    pool.shutdown_with(cf_pool::Shutdown {
        wait: false,
        cancel_futures: true,
    });
    assert!(futures.iter().all(Future::cancelled));
    gate.open();
}

#[test]
fn an_error_whose_drop_panics_harms_nobody() {
    #[derive(Debug)]
    struct Explosive(#[expect(dead_code, reason = "it is there to be dropped")] Bomb);
    impl std::fmt::Display for Explosive {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("explosive")
        }
    }
    impl std::error::Error for Explosive {}
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (bomb, n_drops) = Bomb::new();
    let gate = Gate::new();
    let its_gate = gate.clone();
    drop(pool.submit(fallible(move || {
        its_gate.pass();
        Err::<(), _>(Explosive(bomb))
    })));
    gate.open();
    assert_alive(&pool);
    assert_eq!(n_drops.load(Ordering::SeqCst), 1);
}

#[test]
fn a_callback_that_panics_or_whose_drop_panics_harms_nobody() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let (bomb, n_drops) = Bomb::new();
    let (sender, receiver) = mpsc::channel();
    let gate = Gate::new();
    let its_gate = gate.clone();
    let future = pool.submit(move || its_gate.pass());
    future.add_done_callback(|_| panic!("in a callback"));
    future.add_done_callback(move |_| drop(bomb));
    future.add_done_callback(move |_| sender.send(()).unwrap());
    gate.open();
    receiver.recv_timeout(LONG).unwrap();
    assert!(future.result().is_ok());
    assert_alive(&pool);
    assert_eq!(n_drops.load(Ordering::SeqCst), 1);
}

#[test]
fn a_continuation_that_panics_fails_its_own_future_only() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let gate = Gate::new();
    let its_gate = gate.clone();
    let failed = pool
        .submit(move || its_gate.pass())
        .map(|()| -> u32 { panic!("in a continuation") });
    gate.open();
    assert!(matches!(failed.result(), Err(Error::Panicked(_))));
    assert_alive(&pool);
}

// E11
#[test]
fn an_input_iterator_that_panics_later_unwinds_the_step_and_no_more() {
    let pool = ThreadPoolExecutor::new(1).unwrap();
    let input = (0..10).inspect(|n| assert_ne!(*n, 5, "input"));
    let mut results = pool.map(|n: u32| n, input).buffer_size(1);
    for n in 0..5 {
        assert_eq!(results.next().unwrap().unwrap(), n);
    }
    assert!(panic::catch_unwind(panic::AssertUnwindSafe(|| results.next())).is_err());
    drop(results);
    assert_alive(&pool);
}

// T08
#[test]
fn an_initializer_whose_payload_panics_when_dropped_breaks_the_pool_and_no_more() {
    ends(|| {
        let (bomb, n_drops) = Bomb::new();
        let bomb = std::sync::Mutex::new(Some(bomb));
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .initializer(move || {
                if let Some(bomb) = bomb.lock().unwrap().take() {
                    panic::resume_unwind(Box::new(bomb));
                }
            })
            .build()
            .unwrap();
        assert!(matches!(
            pool.submit(|| 7).result(),
            Err(Error::BrokenExecutor(_))
        ));
        drop(pool);
        assert!(n_drops.load(Ordering::SeqCst) <= 1);
    });
}

#[test]
fn a_thread_local_that_panics_when_dropped_does_not_hang_the_pool() {
    // The panic of a thread-local's drop aborts; one that only uses the pool is fine.
    struct AtExit(ThreadPoolExecutor);
    impl Drop for AtExit {
        fn drop(&mut self) {
            assert!(self.0.submit(|| 7).result().is_err());
        }
    }
    thread_local!(static AT_EXIT: std::cell::RefCell<Option<AtExit>> = const { std::cell::RefCell::new(None) });
    ends(|| {
        let pool = ThreadPoolExecutor::new(1).unwrap();
        let inner = pool.clone();
        pool.submit(move || AT_EXIT.set(Some(AtExit(inner))))
            .result()
            .unwrap();
        pool.shutdown();
    });
}
