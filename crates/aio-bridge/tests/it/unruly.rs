//! Bodies that panic or block while they are told to end, or are dropped.

use std::sync::{Arc, Mutex};

use aio_bridge::{Error, cancelled, create_task, timeout};
use tokio::sync::oneshot;

use crate::{
    loops::on_each_loop,
    paused::{Notes, ms, paused, settle},
    reports::reports_of,
};

#[test]
fn a_body_that_panics_while_it_is_dropped_is_cancelled_all_the_same_and_reported() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }

    let reports = reports_of(|| {
        paused(async {
            let task = create_task(async {
                let _bomb = Bomb;
                std::future::pending::<()>().await;
            });
            settle().await;
            task.cancel();
            assert!(matches!(task.await, Err(Error::Cancelled)));
        });
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].contains("panic in drop of a coroutine") && reports[0].contains("boom"));
}

#[test]
fn a_body_that_panics_when_it_is_told_has_panicked() {
    paused(async {
        let task = create_task(async {
            cancelled().await;
            panic!("boom");
        });
        settle().await;
        task.cancel();
        assert!(matches!(task.await, Err(Error::Panicked(_))));
    });
}

#[test]
fn a_body_that_blocks_while_it_is_dropped_is_refused() {
    struct Blocks(Option<cf_core::Future<u32>>, Arc<Mutex<Option<Error>>>);
    impl Drop for Blocks {
        fn drop(&mut self) {
            let outcome = self.0.take().unwrap().result();
            *self.1.lock().unwrap() = outcome.err();
        }
    }

    on_each_loop(|| async {
        let (_promise, blocking) = cf_core::Promise::new();
        let seen = Arc::new(Mutex::new(None));
        let blocks = Blocks(Some(blocking), Arc::clone(&seen));
        let (tell, told) = oneshot::channel();
        let task = create_task(async move {
            let _blocks = blocks;
            tell.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        told.await.unwrap();
        task.cancel();
        assert!(matches!(task.await, Err(Error::Cancelled)));
        assert!(matches!(
            *seen.lock().unwrap(),
            Some(Error::EventLoopBlocked)
        ));
    });
}

#[test]
fn a_body_that_has_ended_and_panics_while_it_is_dropped_keeps_its_value() {
    struct Bomb(std::future::Ready<u32>);
    impl Future for Bomb {
        type Output = u32;

        fn poll(
            mut self: std::pin::Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<u32> {
            std::pin::Pin::new(&mut self.0).poll(context)
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }

    let reports = reports_of(|| {
        paused(async {
            assert_eq!(create_task(Bomb(std::future::ready(7))).await.unwrap(), 7);
        });
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
}

#[test]
fn a_block_that_panics_while_a_timeout_drops_it_is_late_all_the_same() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }

    let reports = reports_of(|| {
        paused(async {
            let block = async {
                let _bomb = Bomb;
                std::future::pending::<()>().await;
            };
            assert!(timeout(ms(3), block).await.is_err());
        });
    });
    assert_eq!(reports.len(), 1, "{reports:?}");
}

#[test]
fn a_value_that_nobody_wants_any_more_may_panic_when_it_is_dropped() {
    struct Bomb(Notes);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.note("dropped");
            panic!("boom");
        }
    }

    let notes = Notes::default();
    let inside = notes.clone();
    let reports = reports_of(|| {
        paused(async {
            let task = create_task(async {
                aio_bridge::current_task().unwrap().cancel();
                Bomb(inside)
            });
            assert!(matches!(task.await, Err(Error::Cancelled)));
        });
    });
    assert_eq!((notes.all(), reports.len()), (vec!["dropped"], 1));
}
