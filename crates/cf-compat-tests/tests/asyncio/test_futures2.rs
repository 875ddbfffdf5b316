//! test_asyncio/test_futures2.py: what repeats itself must not grow.

use std::error::Error as StdError;

use aio_bridge::{create_task, future};

use crate::clock::{paused, turn};

// CPython: test_futures2.py FutureTests.test_future_traceback
// AF25
// Differs: an error carries no traceback; it is one and the same, with the same causes, however often it is awaited.
#[test]
fn an_exception_does_not_grow_by_being_awaited() {
    paused(async {
        let (promise, future) = future::<u32>();
        let shared = future.shared();
        promise
            .set_exception(std::io::Error::other("disk"))
            .unwrap();
        let first = shared.clone().await.unwrap_err();
        for _ in 0..5 {
            let again = shared.clone().await.unwrap_err();
            assert!(again.is_same(&first));
            assert_eq!(format!("{again:?}"), format!("{first:?}"));
            assert_eq!(again.source().is_some(), first.source().is_some());
        }
    });
}

// CPython: test_futures2.py FutureReprTests.test_recursive_repr_for_pending_tasks
// AF24
// Differs: the text has neither callbacks nor values, so there is nothing that could repeat.
#[test]
fn the_debug_text_of_what_refers_to_itself_is_short() {
    paused(async {
        let (promise, future) = future::<u32>();
        let shared = future.shared();
        let (own, awaited) = (shared.clone(), shared.clone());
        shared.add_done_callback(move |_| drop(own));
        let task = create_task(awaited);
        turn().await;
        assert!(format!("{shared:?}").len() < 100, "{shared:?}");
        assert!(format!("{task:?}").len() < 100, "{task:?}");
        promise.set_result(7).unwrap();
        assert_eq!(task.await.unwrap().unwrap(), 7);
    });
}
