//! The blocking functions: `wait` and `as_completed` of `cf_core`.

use aio_bridge::to_thread;
use cf_core::{
    DoneAndNotDone, Future, ReturnWhen, as_completed, as_completed_timeout, wait, wait_timeout,
};

use super::{AWAITABLE, BLOCKING, COROUTINE, FUTURE, REFUSED, TASK, on_loop};
use crate::matrix::{bench::SHORT, row::Row};

const THREADSAFE: &str = "aio_bridge::run_coroutine_threadsafe";
const ALL_COMPLETED: ReturnWhen = ReturnWhen::AllCompleted;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = waits();
    rows.append(&mut completed());
    rows
}

fn waits() -> Vec<Row> {
    let all = ("wait", "AllCompleted");
    let in_time = ("wait_timeout", "time, AllCompleted");
    vec![
        not_waited_for(
            Row::new(
                "cf_wait",
                "",
                "cf_core::wait([x], AllCompleted), on the loop",
            ),
            "cf_wait",
            all,
        )
        .runs(
            BLOCKING,
            (REFUSED, "ok: done=1 pending=0"),
            on_loop!([Blocking] |x, _| wait([x], ALL_COMPLETED)),
            "On the loop: `aio_bridge::wait([wrap_future(x)], AllCompleted).await`\n\
             In a thread: `to_thread(move || cf_core::wait([x], AllCompleted)).await`",
        )
        .rows("B33, B35"),
        not_waited_for(
            Row::new(
                "cf_wait_timeout",
                "",
                "cf_core::wait_timeout([x], SHORT, AllCompleted), on the loop",
            ),
            "cf_wait_timeout",
            in_time,
        )
        .runs(
            BLOCKING,
            (REFUSED, "ok: done=1 pending=0"),
            on_loop!([Blocking] |x, _| wait_timeout([x], SHORT, ALL_COMPLETED)),
            "On the loop: `aio_bridge::wait_timeout([wrap_future(x)], time, AllCompleted).await`\n\
             In a thread: `to_thread(move || cf_core::wait_timeout([x], time, AllCompleted)).await`",
        )
        .rows("B35"),
        not_waited_for(
            Row::new(
                "cf_wait_thread",
                "",
                "to_thread(move || cf_core::wait([x], AllCompleted)).await",
            ),
            "cf_wait_in_a_thread",
            all,
        )
        .runs(
            BLOCKING,
            "ok: done=1 pending=0",
            on_loop!([Blocking] |x, bench| {
                let waits = to_thread(move || -> DoneAndNotDone<Future<u32>> {
                    wait([x], ALL_COMPLETED)
                });
                bench.release_for(waits).await
            }),
            "As in Python; without a thread:\n`aio_bridge::wait([wrap_future(x)], AllCompleted).await`",
        ),
    ]
}

fn not_waited_for(row: Row, case: &str, call: (&str, &str)) -> Row {
    refused(row, case, "M16", |set| {
        let (function, rest) = call;
        format!("{function}([{set}], {rest})")
    })
}

fn completed() -> Vec<Row> {
    vec![
        not_completed(
            Row::new(
                "cf_as_completed",
                "",
                "for f in cf_core::as_completed([x]) { f.result() }",
            ),
            "cf_as_completed",
            ("as_completed", ""),
        )
        .runs(
            BLOCKING,
            (REFUSED, "ok: [42]"),
            on_loop!(
                [Blocking] | x,
                _ | as_completed([x]).map(Future::result).collect::<Vec<_>>()
            ),
            "On the loop: `aio_bridge::as_completed([wrap_future(x)])`\n\
             In a thread: as it is.",
        )
        .rows("B33, B35"),
        not_completed(
            Row::new(
                "cf_as_completed_call",
                "",
                "cf_core::as_completed([x]), without iterating",
            ),
            "cf_as_completed",
            ("as_completed", ""),
        )
        .runs(
            BLOCKING,
            "ok: AsCompleted { left: 1 }",
            on_loop!([Blocking] | x, _ | format!("{:?}", as_completed([x]))),
            "As in Python: only a step blocks.",
        ),
        not_completed(
            Row::new(
                "cf_as_completed_timeout",
                "",
                "cf_core::as_completed_timeout([x], SHORT).collect::<Result<Vec<_>, _>>()",
            ),
            "cf_as_completed_timeout",
            ("as_completed_timeout", ", time"),
        )
        .runs(
            BLOCKING,
            (REFUSED, "ok: 1 yielded"),
            on_loop!(
                [Blocking] | x,
                _ | {
                    let yielded: Result<Vec<_>, _> = as_completed_timeout([x], SHORT).collect();
                    yielded.map(|futures| format!("{} yielded", futures.len()))
                }
            ),
            "On the loop: `aio_bridge::as_completed_timeout([wrap_future(x)], time)`\n\
             In a thread: as it is.",
        )
        .rows("B35"),
    ]
}

fn not_completed(row: Row, case: &str, call: (&str, &str)) -> Row {
    refused(row, case, "M17", |set| {
        let (function, rest) = call;
        format!("{function}([{set}]{rest})")
    })
}

/// What no blocking call takes. The call on what is in its set is the same on the loop and in a thread.
fn refused(row: Row, case: &str, rows: &'static str, call: impl Fn(&str) -> String) -> Row {
    let is_awaited = case.starts_with("cf_wait");
    [
        (FUTURE, "a_future", "x", "x"),
        (TASK, "a_task", "x", "x"),
        (COROUTINE, "a_coroutine", "create_task(x)", "x"),
        (
            AWAITABLE,
            "an_awaitable",
            "create_task(x.into_future())",
            "x.into_future()",
        ),
    ]
    .into_iter()
    .fold(row, |row, (form, of, on_the_loop, coroutine)| {
        let await_ = if is_awaited { ".await" } else { "" };
        let on_the_loop = call(on_the_loop) + await_;
        let in_a_thread = call(&format!("run_coroutine_threadsafe({coroutine}, &handle)"));
        let fix = format!(
            "On the loop: `aio_bridge::{on_the_loop}`\nIn a thread: `cf_core::{in_a_thread}`"
        );
        row.fails(form, format!("{case}_of_{of}"), THREADSAFE, fix)
            .rows(rows)
    })
}
