//! The functions that cross, in both directions.

use aio_bridge::{run_coroutine_threadsafe, run_in_executor, to_thread, wrap_future};
use tokio::runtime::Handle;

use super::{
    AWAITABLE, AWAITABLES, BLOCKING, COROUTINE, COROUTINES, FUTURE, FUTURES, NOT_THERE, REFUSED,
    TASK, on_loop,
};
use crate::matrix::{kind::Kind, row::Row};

const WRAP: &str = "aio_bridge::wrap_future";
const TASKS: &str = "aio_bridge::create_task";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![wrapped()];
    rows.append(&mut from_a_thread());
    rows.append(&mut in_an_executor());
    rows
}

fn wrapped() -> Row {
    Row::new("wrap_future", "", "wrap_future(x).await")
        .runs(
            BLOCKING,
            "ok: 42",
            on_loop!(
                [Blocking] | x,
                bench | bench.release_for(wrap_future(x)).await
            ),
            "The bridge: the same cell, no allocation and no thread.",
        )
        .rows("M14")
        .runs(
            FUTURES,
            "ok: 42",
            on_loop!([Future Task] |x, bench| bench.release_for(wrap_future(x)).await),
            "What is awaitable is given back unchanged, as in Python.",
        )
        .fails(
            COROUTINE,
            "wrap_future_of_a_coroutine",
            TASKS,
            "It is awaitable already: `x.await`\nAs a task: `create_task(x).await`",
        )
        .fails(
            AWAITABLE,
            "wrap_future_of_an_awaitable",
            TASKS,
            "It is awaitable already: `x.await`\nAs a task: `create_task(x.into_future()).await`",
        )
}

fn from_a_thread() -> Vec<Row> {
    let wrapped = "In a thread it is waited for as it is: `x.result()`\n\
                   Or: `run_coroutine_threadsafe(wrap_future(x), &handle)`";
    let into = "`run_coroutine_threadsafe(x.into_future(), &handle)`";
    vec![
        Row::new(
            "rct",
            "M15",
            "run_coroutine_threadsafe(x, &handle).result(), in a thread",
        )
        .fails(BLOCKING, "rct_of_a_blocking_future", WRAP, wrapped)
        .runs(
            COROUTINES,
            "ok: 42",
            on_loop!([Future Task Coroutine] |x, bench| {
                let handle = Handle::current();
                let other = to_thread(move || run_coroutine_threadsafe(x, &handle).result());
                bench.release_for(other).await
            }),
            "The bridge: a blocking future for a coroutine, and every std future is one.",
        )
        .fails(AWAITABLE, "rct_of_an_awaitable", "into_future()", into),
        Row::new(
            "rct_same_thread",
            "M15",
            "run_coroutine_threadsafe(x, &handle).result(), on the loop",
        )
        .fails(BLOCKING, "rct_of_a_blocking_future", WRAP, wrapped)
        .runs(
            COROUTINES,
            REFUSED,
            on_loop!([Future Task Coroutine] |x, _| {
                run_coroutine_threadsafe(x, &Handle::current()).result()
            }),
            "On the loop it is awaited: `x.await`",
        )
        .rows("B33")
        .fails(AWAITABLE, "rct_of_an_awaitable", "into_future()", into),
    ]
}

fn in_an_executor() -> Vec<Row> {
    let inside = "`x.await`\nOr in the pool's thread: `run_in_executor(&pool, move || from_thread::run(x)).await`";
    let into_inside = "`x.await`\nOr in the pool's thread:\n\
         `run_in_executor(&pool, move || from_thread::run(x.into_future())).await`";
    vec![
        Row::new(
            "rie_result",
            "",
            "run_in_executor(&pool, move || x.result()).await",
        )
        .runs(
            BLOCKING,
            "ok: 42",
            on_loop!([Blocking] |x, bench| {
                let result = run_in_executor(bench.spare(), move || x.result());
                bench.release_for(result).await
            }),
            "It works, and parks a thread meanwhile; without one:\n`aio_bridge::wrap_future(x).await`",
        )
        .rows("M21")
        .runs(
            FUTURES,
            (NOT_THERE, "ok: 42"),
            on_loop!([Future Task] |x, bench| {
                let mut x = x;
                run_in_executor(bench.spare(), move || x.result()).await
            }),
            "`result` answers at once, in whatever thread; to wait: `x.await`",
        )
        .rows("M21")
        .fails(
            COROUTINE,
            "run_in_executor_result_of_a_coroutine",
            "",
            inside,
        )
        .fails(
            AWAITABLE,
            "run_in_executor_result_of_an_awaitable",
            "",
            into_inside,
        ),
        Row::new("rie_callable", "M21", "run_in_executor(&pool, x).await")
            .fails(
                BLOCKING,
                "run_in_executor_of_a_blocking_future",
                WRAP,
                "It runs already, it only has to be awaited:\n`aio_bridge::wrap_future(x).await`",
            )
            .fails(
                FUTURE,
                "run_in_executor_of_a_future",
                "an awaitable one as it is",
                "`x.await`",
            )
            .fails(
                TASK,
                "run_in_executor_of_a_task",
                "an awaitable one as it is",
                "`x.await`",
            )
            .fails(
                COROUTINE,
                "run_in_executor_of_a_coroutine",
                TASKS,
                inside,
            )
            .fails(
                AWAITABLE,
                "run_in_executor_of_an_awaitable",
                TASKS,
                into_inside,
            ),
        returned(
            Row::new(
                "rie_returns",
                "M21",
                "run_in_executor(&pool, move || x).await",
            ),
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, bench| {
                let back = run_in_executor(bench.spare(), move || x).await;
                back.map(|_x| "x itself, not its value")
            }),
            "run_in_executor(&pool, move || x)",
        ),
        returned(
            Row::new("to_thread_returns", "M21", "to_thread(move || x).await"),
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, _| {
                let back = to_thread(move || x).await;
                back.map(|_x| "x itself, not its value")
            }),
            "to_thread(move || x)",
        ),
    ]
}

/// A future that a function gives stays one.
fn returned(row: Row, run: fn(Kind) -> String, call: &str) -> Row {
    let itself = "ok: x itself, not its value";
    row.runs(
        BLOCKING,
        itself,
        run,
        format!("A future that is a value stays one. What comes out is waited for, in a thread:\n`{call}.await?.result()`"),
    )
    .runs(
        AWAITABLES,
        itself,
        run,
        format!("A future that is a value stays one. What comes out is awaited:\n`{call}.await?.await`"),
    )
}
