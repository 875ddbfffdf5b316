//! One at a time: awaited, made a task, limited in time, protected, run.

use std::time::Duration;

use aio_bridge::{Runner, TaskGroup, create_task, run, shield, wait_for};

use super::{
    AWAITABLE, AWAITABLES, BLOCKING, COROUTINE, COROUTINES, FUTURE, FUTURES, LATE, NO_FUTURES,
    TASK, off_loop, on_loop,
};
use crate::matrix::{
    bench::{LONG, SHORT, passes},
    fate::Fate,
    row::Row,
};

const WRAP: &str = "aio_bridge::wrap_future";
const INTO: &str = "into_future()";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = awaited();
    rows.append(&mut tasks());
    rows.append(&mut limited());
    rows.append(&mut shielded());
    rows.append(&mut run_to_the_end());
    rows
}

fn awaited() -> Vec<Row> {
    let once =
        "Await it once and clone the value:\n`let value = x.await;`\n`(value.clone(), value)`";
    vec![
        Row::new("await", "", "x.await")
            .fails(
                BLOCKING,
                "await_of_a_blocking_future",
                "",
                "`let x = aio_bridge::wrap_future(x);`\n`x.await`",
            )
            .rows("M01")
            .runs(
                AWAITABLES,
                "ok: 42",
                on_loop!([Future Task Coroutine Awaitable] |x, bench| bench.release_for(x).await),
                "As it is: `x.await`.",
            ),
        Row::new("await_twice", "", "(x.await, x.await)")
            .fails(
                BLOCKING,
                "await_of_a_blocking_future",
                "",
                "`let x = aio_bridge::wrap_future(x).shared();`\n`(x.clone().await, x.await)`",
            )
            .rows("M01")
            .fails(
                FUTURE,
                "await_twice_of_a_future",
                "",
                "`let x = x.shared();`\n`(x.clone().await, x.await)`",
            )
            .rows("M22")
            .fails(
                TASK,
                "await_twice_of_a_task",
                "",
                "Await it once and clone the value:\n`let value = x.await?;`\n`(value.clone(), value)`",
            )
            .rows("M22")
            .fails(
                COROUTINE,
                "await_twice_of_a_coroutine",
                "",
                once,
            )
            .rows("M22")
            .fails(
                AWAITABLE,
                "await_twice_of_an_awaitable",
                "",
                once,
            )
            .rows("M22"),
        Row::new("ensure_future", "", "shield(x).await")
            .fails(
                BLOCKING,
                "shield_of_a_blocking_future",
                WRAP,
                "`wrap_future(x)` is that future, on any loop:\n`aio_bridge::wrap_future(x).await`",
            )
            .rows("M04")
            .runs(
                AWAITABLES,
                "ok: 42",
                on_loop!([Future Task Coroutine Awaitable] |x, bench| bench.release_for(shield(x)).await),
                "There is no `ensure_future`: `gather` and `shield` take a future or task as it is,\n\
                 and make anything else a task.",
            ),
    ]
}

fn tasks() -> Vec<Row> {
    vec![
        Row::new("create_task", "", "create_task(x).await")
            .fails(
                BLOCKING,
                "create_task_of_a_blocking_future",
                WRAP,
                "It runs already, it only has to be awaited:\n`aio_bridge::wrap_future(x).await`",
            )
            .rows("M05")
            .runs(
                COROUTINES,
                "ok: 42",
                on_loop!([Future Task Coroutine] |x, bench| bench.release_for(create_task(x)).await),
                "Every std future is a coroutine, also a future or task of `aio_bridge`.\n\
                 Its `Result` is a value; with `fallible` it is the task's own.",
            )
            .fails(
                AWAITABLE,
                "create_task_of_an_awaitable",
                INTO,
                "`create_task(x.into_future()).await`",
            ),
        Row::new(
            "taskgroup",
            "",
            "TaskGroup::scope(|group| async move { group.create_task(x)?.await }).await",
        )
        .fails(
            BLOCKING,
            "group_of_a_blocking_future",
            WRAP,
            "`TaskGroup::scope(|group| async move { group.create_task(wrap_future(x))?.await }).await`",
        )
        .rows("M05")
        .runs(
            AWAITABLES,
            "ok: 42",
            on_loop!([Future Task Coroutine Awaitable] |x, bench| {
                let scope = TaskGroup::scope(|group| async move { group.create_task(x)?.await });
                bench.release_for(scope).await
            }),
            "A group takes every awaitable, and its failure is the member's.",
        ),
    ]
}

fn limited() -> Vec<Row> {
    let wrapped = "`wait_for(aio_bridge::wrap_future(x), time).await`";
    vec![
        Row::new("wait_for", "", "wait_for(x, LONG).await")
            .fails(BLOCKING, "wait_for_of_a_blocking_future", WRAP, wrapped)
            .rows("M06")
            .runs(
                FUTURES,
                "ok: 42",
                on_loop!([Future Task] |x, bench| bench.release_for(wait_for(x, LONG)).await),
                "The outer error is the limit's, the inner one that of `x`: `wait_for(x, time).await??`.",
            )
            .runs(
                NO_FUTURES,
                "ok: 42",
                on_loop!([Coroutine Awaitable] |x, bench| bench.release_for(wait_for(x, LONG)).await),
                "The error is the limit's: `wait_for(x, time).await?`.",
            ),
        Row::new("wait_for_0", "", "wait_for(x, Duration::ZERO).await")
            .fails(BLOCKING, "wait_for_of_a_blocking_future", WRAP, wrapped)
            .rows("M06")
            .runs(
                AWAITABLES,
                (LATE, "ok: 42"),
                on_loop!([Future Task Coroutine Awaitable] |x, _| wait_for(x, Duration::ZERO).await),
                "As in Python: what has ended gives its value, a coroutine does not begin.",
            ),
        Row::new(
            "wait_for_short",
            "",
            "wait_for(x, SHORT).await, and what became of x",
        )
        .fails(BLOCKING, "wait_for_of_a_blocking_future", WRAP, wrapped)
            .rows("M06")
        .runs(
            FUTURES,
            (
                "ok: TimedOut(timed out), x.done()=true x.cancelled()=true",
                "ok: 42, x.done()=true x.cancelled()=false",
            ),
            on_loop!([Future Task] |x, _| {
                let fate = Fate::default();
                x.add_done_callback(fate.noted());
                let outcome = wait_for(x, SHORT).await;
                passes().await;
                match outcome {
                    Ok(value) => value.map(|value| format!("{value}, {fate}")),
                    Err(late) => Ok(format!("TimedOut({late}), {fate}")),
                }
            }),
            "What is late is cancelled, and is over when the error comes.\n\
             To leave it running, protect it: `wait_for(shield(x), time)`.",
        )
        .runs(
            NO_FUTURES,
            LATE,
            on_loop!([Coroutine Awaitable] |x, _| wait_for(x, SHORT).await),
            "What is late is dropped at its await.",
        ),
    ]
}

fn shielded() -> Vec<Row> {
    vec![
        Row::new("shield", "", "shield(x).await")
            .fails(
                BLOCKING,
                "shield_of_a_blocking_future",
                WRAP,
                "`shield(aio_bridge::wrap_future(x)).await`",
            )
            .rows("M04")
            .runs(
                AWAITABLES,
                "ok: 42",
                on_loop!([Future Task Coroutine Awaitable] |x, bench| bench.release_for(shield(x)).await),
                "As in Python.",
            ),
        Row::new(
            "shield_cancel",
            "",
            "shield(x).cancel(), and what became of x",
        )
        .fails(
            BLOCKING,
            "shield_of_a_blocking_future",
            WRAP,
            "`shield(aio_bridge::wrap_future(x)).cancel()`",
        )
        .rows("M04")
        .runs(
            FUTURES,
            (
                "ok: cancel()=true, x.done()=false x.cancelled()=false",
                "ok: cancel()=false, x.done()=true x.cancelled()=false",
            ),
            on_loop!([Future Task] |x, _| {
                let fate = Fate::default();
                x.add_done_callback(fate.noted());
                let cancelled = shield(x).cancel();
                passes().await;
                format!("cancel()={cancelled}, {fate}")
            }),
            "As in Python: what is inside goes on.",
        )
        .runs(
            NO_FUTURES,
            "ok: cancel()=true",
            on_loop!([Coroutine Awaitable] |x, _| {
                let cancelled = shield(x).cancel();
                passes().await;
                format!("cancel()={cancelled}")
            }),
            "What is inside goes on as a task; at the end of the loop it is cancelled, and nothing is left to warn of.",
        ),
    ]
}

fn run_to_the_end() -> Vec<Row> {
    let wrapped =
        |run: &str| format!("`{run}(aio_bridge::wrap_future(x))`\nOr without a loop: `x.result()`");
    let into = |run: &str| format!("`{run}(x.into_future())`");
    vec![
        Row::new("run_until_complete", "", "runner.run(x)")
            .fails(
                BLOCKING,
                "runner_run_of_a_blocking_future",
                WRAP,
                wrapped("runner.run"),
            )
            .rows("M04")
            .runs(
                COROUTINES,
                "ok: 42",
                off_loop!([Future Task Coroutine] |x, bench, runner| {
                    bench.release_beside(|| runner.run(x))
                }),
                "As in Python.",
            )
            .fails(
                AWAITABLE,
                "runner_run_of_an_awaitable",
                INTO,
                into("runner.run"),
            ),
        Row::new("asyncio_run", "", "aio_bridge::run(x)")
            .fails(
                BLOCKING,
                "run_of_a_blocking_future",
                WRAP,
                wrapped("aio_bridge::run"),
            )
            .rows("M05")
            .runs(
                COROUTINES,
                "ok: 42",
                off_loop!([Future Task Coroutine] |x, bench, _| bench.release_beside(|| run(x))),
                "Every std future is a coroutine, and a future belongs to no loop.\n\
                 A task ends only while its own loop runs.",
            )
            .fails(
                AWAITABLE,
                "run_of_an_awaitable",
                INTO,
                into("aio_bridge::run"),
            ),
        Row::new("asyncio_runner", "", "Runner::new()?.run(x)")
            .fails(
                BLOCKING,
                "runner_run_of_a_blocking_future",
                WRAP,
                wrapped("Runner::new()?.run"),
            )
            .rows("M05")
            .runs(
                COROUTINES,
                "ok: 42",
                off_loop!([Future Task Coroutine] |x, bench, _| {
                    bench.release_beside(|| Runner::new().and_then(|mut runner| runner.run(x)))
                }),
                "Every std future is a coroutine, and a future belongs to no loop.\n\
                 A task ends only while its own loop runs.",
            )
            .fails(
                AWAITABLE,
                "runner_run_of_an_awaitable",
                INTO,
                into("Runner::new()?.run"),
            ),
    ]
}
