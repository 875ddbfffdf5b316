//! What a task knows of who created it: nothing but what its coroutine is wrapped in, or took along.

use std::cell::Cell;

use aio_bridge::{create_task, future, gather};

use crate::clock::{elapse, ms, paused, settle};

tokio::task_local! {
    static CVAR: Cell<&'static str>;
}

// CPython: test_tasks.py BaseTaskTests.test_context_1
// AT14
// Differs: a task begins without the context of its creator; wrapped in one of its own, it changes that one only.
#[test]
fn what_a_task_changes_in_its_context_is_not_seen_outside() {
    paused(CVAR.scope(Cell::new("nope"), async {
        let bare = create_task(async { CVAR.try_with(Cell::get).is_ok() });
        assert!(!bare.await.unwrap());
        let inherited = Cell::new(CVAR.with(Cell::get));
        let task = create_task(CVAR.scope(inherited, async {
            elapse(ms(10)).await;
            assert_eq!(CVAR.with(Cell::get), "nope");
            CVAR.with(|cvar| cvar.set("something else"));
            CVAR.with(Cell::get)
        }));
        assert_eq!(task.await.unwrap(), "something else");
        assert_eq!(CVAR.with(Cell::get), "nope");
    }));
}

// CPython: test_tasks.py BaseTaskTests.test_context_2
// AF09, AT14
// Differs: a callback runs in no context at all.
#[test]
fn a_callback_neither_sees_nor_changes_the_context_of_who_added_it() {
    paused(CVAR.scope(Cell::new("nope"), async {
        let (promise, future) = future();
        let (tell, told) = std::sync::mpsc::channel();
        future.add_done_callback(move |_| {
            tell.send(CVAR.try_with(|cvar| cvar.set("changed")).is_ok())
                .unwrap();
        });
        promise.set_result(()).unwrap();
        settle().await;
        assert_eq!(told.try_recv(), Ok(false));
        assert_eq!(CVAR.with(Cell::get), "nope");
        future.await.unwrap();
    }));
}

// CPython: test_tasks.py BaseTaskTests.test_context_3
// AT14
// Differs: a task begins without the context of its creator; each is wrapped in one of its own.
#[test]
fn a_hundred_tasks_keep_their_own_contexts() {
    tokio::task_local! {
        static NUMBER: Cell<u64>;
    }
    paused(async {
        let tasks = (0..100_u64).map(|nr| {
            create_task(NUMBER.scope(Cell::new(0), async move {
                for n in 0..10 {
                    let expected = n * 100 + nr;
                    NUMBER.with(|number| number.set(expected));
                    elapse(ms(1 + (nr * 7 + n) % 5)).await;
                    assert_eq!(NUMBER.with(Cell::get), expected);
                }
                nr
            }))
        });
        assert_eq!(gather(tasks).await.unwrap(), (0..100).collect::<Vec<_>>());
    });
}

// CPython: test_tasks.py BaseTaskTests.test_context_4
// CPython: test_tasks.py BaseTaskTests.test_context_5
// CPython: test_tasks.py BaseTaskTests.test_context_6
// AT14
// Differs: `create_task` takes no context; the coroutine is wrapped in it.
#[test]
fn a_task_runs_in_the_context_that_it_is_given() {
    paused(async {
        let task = create_task(CVAR.scope(Cell::new("given"), async {
            elapse(ms(10)).await;
            CVAR.with(|cvar| cvar.replace("changed"))
        }));
        assert_eq!(task.await.unwrap(), "given");
        assert!(CVAR.try_with(Cell::get).is_err());
    });
}
