//! Many at a time: waited for in a set, taken as they end, gathered.

use std::time::Duration;

use aio_bridge::{ReturnWhen, as_completed, gather, wait, wait_timeout};

use super::{AWAITABLE, AWAITABLES, BLOCKING, COROUTINE, FUTURE, FUTURES, TASK, off_loop, on_loop};
use crate::matrix::{bench::SHORT, row::Row};

const WRAP: &str = "aio_bridge::wrap_future";
const TASKS: &str = "aio_bridge::create_task";
const WAIT_FOR: &str = "aio_bridge::wait_for";
const ALL_COMPLETED: ReturnWhen = ReturnWhen::AllCompleted;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = waits();
    rows.push(bare());
    rows.append(&mut completed());
    rows.append(&mut gathered());
    rows
}

fn waits() -> Vec<Row> {
    let all = ("wait", "AllCompleted");
    let in_time = ("wait_timeout", "time, AllCompleted");
    let not_awaited = "For a user it is a warning of rustc's when compiling, `unused_must_use`,\n\
                       and an error only where warnings are errors, as in the case that is pinned:\n\
                       `wait([x], AllCompleted).await`";
    vec![
        refused(
            Row::new("wait_not_awaited", "M07", "wait([x], AllCompleted);"),
            "",
            all,
        )
        .fails(FUTURE, "wait_not_awaited_of_a_future", "", not_awaited)
        .fails(TASK, "wait_not_awaited_of_a_task", "", not_awaited),
        refused(
            Row::new("wait", "", "wait([x], AllCompleted).await"),
            "M08, M09, M11",
            all,
        )
        .runs(
            FUTURES,
            "ok: done=1 pending=0",
            on_loop!([Future Task] |x, bench| bench.release_for(wait([x], ALL_COMPLETED)).await),
            "As in Python, and whatever thread completes it wakes the loop.",
        ),
        refused(
            Row::new(
                "wait_busy",
                "",
                "wait([x], AllCompleted).await, while the loop has a timer",
            ),
            "M09",
            all,
        )
        .runs(
            FUTURES,
            "ok: done=1 pending=0",
            on_loop!([Future Task] |x, bench| {
                let ticking = tokio::spawn(async {
                    let mut timer = tokio::time::interval(Duration::from_millis(1));
                    loop {
                        timer.tick().await;
                    }
                });
                let sets = bench.release_for(wait([x], ALL_COMPLETED)).await;
                ticking.abort();
                sets
            }),
            "As in Python; what else the loop does makes no difference.",
        ),
        refused(
            Row::new(
                "wait_timeout",
                "",
                "wait_timeout([x], SHORT, AllCompleted).await",
            ),
            "M09",
            in_time,
        )
        .runs(
            FUTURES,
            ("ok: done=0 pending=1", "ok: done=1 pending=0"),
            on_loop!([Future Task] |x, _| wait_timeout([x], SHORT, ALL_COMPLETED).await),
            "As in Python: nothing is cancelled. Passed as `[&mut x]` it can be used afterwards.",
        ),
        refused(
            Row::new("wait_debug", "", "wait([x], AllCompleted).await"),
            "M10",
            all,
        )
        .runs(
            FUTURES,
            "ok: done=1 pending=0",
            on_loop!([Future Task] |x, bench| bench.release_for(wait([x], ALL_COMPLETED)).await),
            "There is no debug mode: what it finds does not compile.",
        ),
    ]
}

/// What no set takes; some rows are about blocking futures only.
fn refused(row: Row, of_blocking: &'static str, call: (&str, &str)) -> Row {
    let (function, rest) = call;
    let of = |set: &str| format!("{function}([{set}], {rest})");
    row.fails(
        BLOCKING,
        format!("{function}_of_a_blocking_future"),
        WRAP,
        format!(
            "`{}.await`\nOr in a thread: `cf_core::{}`",
            of("aio_bridge::wrap_future(x)"),
            of("x")
        ),
    )
    .rows(of_blocking)
    .fails(
        COROUTINE,
        format!("{function}_of_a_coroutine"),
        TASKS,
        format!("`{}.await`", of("create_task(x)")),
    )
    .fails(
        AWAITABLE,
        format!("{function}_of_an_awaitable"),
        TASKS,
        format!("`{}.await`", of("create_task(x.into_future())")),
    )
}

fn bare() -> Row {
    Row::new("wait_bare", "AT19", "wait(x, AllCompleted).await")
        .fails(
            BLOCKING,
            "wait_bare_of_a_blocking_future",
            WRAP,
            "One by itself is awaited: `aio_bridge::wrap_future(x).await`\n\
             In a set: `wait([wrap_future(x)], AllCompleted).await`",
        )
        .fails(
            FUTURE,
            "wait_bare_of_a_future",
            WAIT_FOR,
            "One by itself is awaited: `x.await`\nIn a set: `wait([x], AllCompleted).await`",
        )
        .fails(
            TASK,
            "wait_bare_of_a_task",
            WAIT_FOR,
            "One by itself is awaited: `x.await`\nIn a set: `wait([x], AllCompleted).await`",
        )
        .fails(
            COROUTINE,
            "wait_bare_of_a_coroutine",
            TASKS,
            "One by itself is awaited: `x.await`\nIn a set: `wait([create_task(x)], AllCompleted).await`",
        )
        .fails(
            AWAITABLE,
            "wait_bare_of_an_awaitable",
            TASKS,
            "One by itself is awaited: `x.await`\n\
             In a set: `wait([create_task(x.into_future())], AllCompleted).await`",
        )
}

fn completed() -> Vec<Row> {
    vec![
        not_completed("M12", Row::new(
            "as_completed",
            "",
            "let mut completed = as_completed([x]); while let Some(c) = completed.next().await { c.await }",
        ))
        .runs(
            FUTURES,
            "ok: [42]",
            on_loop!([Future Task] |x, bench| {
                let mut completed = as_completed([x]);
                let mut values = Vec::new();
                while let Some(future) = bench.release_for(completed.next()).await {
                    values.push(future.await);
                }
                values
            }),
            "It gives the futures themselves, as they end: a `Stream`, or step by step with `next`.",
        ),
        not_completed("M12", Row::new(
            "as_completed_when",
            "",
            "as_completed([x])",
        ))
        .runs(
            FUTURES,
            "ok: accepted: AsCompleted { n_left: 1, .. }",
            on_loop!([Future Task] |x, _| format!("accepted: {:?}", as_completed([x]))),
            "What is accepted is good.",
        ),
        not_completed("M12", Row::new(
            "as_completed_noloop",
            "",
            "as_completed([x]), no loop running",
        ))
        .runs(
            FUTURES,
            "ok: AsCompleted { n_left: 1, .. }",
            off_loop!([Future Task] |x, _, _| format!("{:?}", as_completed([x]))),
            "It needs no loop; whatever polls it may do so.",
        ),
        not_completed("M12", Row::new(
            "as_completed_result",
            "",
            "let mut completed = as_completed([x]); while let Some(mut c) = completed.next().await { c.result() }",
        ))
        .runs(
            FUTURES,
            "ok: [42]",
            on_loop!([Future Task] |x, bench| {
                let mut completed = as_completed([x]);
                let mut values = Vec::new();
                while let Some(mut future) = bench.release_for(completed.next()).await {
                    values.push(future.result());
                }
                values
            }),
            "It gives the futures themselves, which are done: `result` answers at once.",
        ),
        not_completed("M13", Row::new(
            "async_as_completed",
            "",
            "let mut completed = as_completed([&mut x]); while let Some(c) = completed.next().await { c.await }",
        ))
        .runs(
            FUTURES,
            "ok: [42] from x itself",
            on_loop!([Future Task] |x, bench| {
                let mut x = x;
                let address = (&raw const x).addr();
                let mut completed = as_completed([&mut x]);
                let mut values = Vec::new();
                while let Some(future) = bench.release_for(completed.next()).await {
                    assert_eq!((&raw const *future).addr(), address, "another future");
                    values.push(future.await);
                }
                let values = crate::matrix::outcome::told(values);
                let values = values.trim_start_matches("ok: ");
                format!("{values} from x itself")
            }),
            "A `Stream` of the futures themselves, as `async for` has it in Python 3.13.",
        )
        .rows("M13"),
    ]
}

/// What is not taken as it ends.
fn not_completed(of_blocking: &'static str, row: Row) -> Row {
    row.fails(
        BLOCKING,
        "as_completed_of_a_blocking_future",
        WRAP,
        "`aio_bridge::as_completed([aio_bridge::wrap_future(x)])`\nOr in a thread: `cf_core::as_completed([x])`",
    )
    .rows(of_blocking)
    .fails(
        COROUTINE,
        "as_completed_of_a_coroutine",
        TASKS,
        "`as_completed([create_task(x)])`",
    )
    .fails(
        AWAITABLE,
        "as_completed_of_an_awaitable",
        TASKS,
        "`as_completed([create_task(x.into_future())])`",
    )
}

fn gathered() -> Vec<Row> {
    let case = "gather_of_a_blocking_future";
    let wrapped = "`gather([aio_bridge::wrap_future(x)]).await`";
    vec![
        Row::new("gather", "", "gather([x]).await")
            .fails(BLOCKING, case, WRAP, wrapped)
            .rows("M04")
            .runs(
                AWAITABLES,
                "ok: [42]",
                on_loop!([Future Task Coroutine Awaitable] |x, bench| {
                    bench.release_for(gather([x])).await
                }),
                "As in Python. Awaitables of several types: `gather!(x, async { true }).await`.",
            ),
        Row::new("gather_dup", "", "gather([x, x]).await")
            .fails(
                BLOCKING,
                case,
                WRAP,
                "`let x = aio_bridge::wrap_future(x).shared();`\n`gather([x.clone(), x]).await`",
            )
            .rows("M04")
            .fails(
                FUTURE,
                "gather_twice_of_a_future",
                "",
                "`let x = x.shared();`\n`gather([x.clone(), x]).await`",
            )
            .fails(
                TASK,
                "gather_twice_of_a_task",
                "",
                "Await it once and clone the value:\n`let value = x.await?;`\n`[value.clone(), value]`",
            )
            .fails(
                COROUTINE,
                "gather_twice_of_a_coroutine",
                "",
                "Await it once and clone the value:\n`let value = x.await;`\n`[value.clone(), value]`",
            )
            .fails(
                AWAITABLE,
                "gather_twice_of_an_awaitable",
                "",
                "Await it once and clone the value:\n`let value = x.await;`\n`[value.clone(), value]`",
            ),
        Row::new(
            "gather_retexc",
            "",
            "gather([x]).return_exceptions().await",
        )
        .fails(
            BLOCKING,
            case,
            WRAP,
            "`gather([aio_bridge::wrap_future(x)]).return_exceptions().await`",
        )
        .rows("M04")
        .runs(
            AWAITABLES,
            "ok: [42]",
            on_loop!([Future Task Coroutine Awaitable] |x, bench| {
                bench.release_for(gather([x]).return_exceptions()).await
            }),
            "As in Python; each place is a `Result`.",
        ),
    ]
}
