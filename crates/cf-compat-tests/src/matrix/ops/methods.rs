//! Methods: what each type can be asked, and what it has not.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use cf_core::Done;

use super::{AWAITABLE, BLOCKING, COROUTINE, FUTURE, FUTURES, NOT_THERE, REFUSED, TASK, on_loop};
use crate::matrix::{
    bench::{Bench, SHORT, passes},
    kind::{Form, Kind},
    row::Row,
};

/// Blocking futures, awaitable ones and tasks.
const HANDLES: &[Form] = &[Form::Blocking, Form::Future, Form::Task];
const WAIT_FOR: &str = "aio_bridge::wait_for";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = read();
    rows.append(&mut cancelled());
    rows.append(&mut asked());
    rows.append(&mut called_back());
    rows.append(&mut not_there());
    rows
}

/// What a type that is not ours has not; `{x}` in the text is what can be made a task or run.
fn no_method(row: Row, fix: &str) -> Row {
    let call = row.op.trim_end_matches("_twice");
    let (coroutine, awaitable) = (
        format!("{call}_of_a_coroutine"),
        format!("{call}_of_an_awaitable"),
    );
    row.fails(COROUTINE, coroutine, "", fix.replace("{x}", "x"))
        .fails(
            AWAITABLE,
            awaitable,
            "",
            fix.replace("{x}", "x.into_future()"),
        )
}

fn read() -> Vec<Row> {
    let on_the_loop = "On the loop: `aio_bridge::wrap_future(x).await`\nIn a thread: as it is.";
    let limited = "On the loop: `wait_for(wrap_future(x), time).await`\nIn a thread: as it is.";
    let at_once = "It answers at once, as in Python; to wait: `x.await`";
    let awaited = "It gives its value by awaiting: `x.await`";
    vec![
        no_method(Row::new("result", "M18", "x.result()"), awaited)
            .runs(
                BLOCKING,
                (REFUSED, "ok: 42"),
                on_loop!([Blocking] | x, _ | x.result()),
                on_the_loop,
            )
            .rows("B33, B35")
            .runs(
                FUTURES,
                (NOT_THERE, "ok: 42"),
                on_loop!([Future Task] |x, _| {
                    let mut x = x;
                    x.result()
                }),
                at_once,
            ),
        no_method(
            Row::new("result_timeout", "M18, M23", "x.result_timeout(SHORT)"),
            "`wait_for(x, time).await`",
        )
        .runs(
            BLOCKING,
            (REFUSED, "ok: 42"),
            on_loop!(
                [Blocking] | x,
                _ | {
                    let mut x = x;
                    x.result_timeout(SHORT)
                }
            ),
            limited,
        )
        .rows("B35")
        .fails(
            FUTURE,
            "result_timeout_of_a_future",
            WAIT_FOR,
            "`wait_for(x, time).await`",
        )
        .fails(
            TASK,
            "result_timeout_of_a_task",
            WAIT_FOR,
            "`wait_for(x, time).await`",
        ),
        no_method(
            Row::new("exception", "M18", "x.exception()"),
            "If it can fail, its failure is in what it gives: `x.await`",
        )
        .runs(
            BLOCKING,
            (REFUSED, "ok: None"),
            on_loop!([Blocking] | x, _ | x.exception()),
            "On the loop: `aio_bridge::wrap_future(x).await.err()`\nIn a thread: as it is.",
        )
        .rows("B33, B35")
        .runs(
            FUTURES,
            (NOT_THERE, "ok: None"),
            on_loop!([Future Task] |x, _| {
                let mut x = x;
                x.exception()
            }),
            "It answers at once, as in Python; to wait: `x.await.err()`",
        ),
        no_method(
            Row::new(
                "exception_timeout",
                "M18, M23",
                "x.exception_timeout(SHORT)",
            ),
            "If it can fail, its failure is in what it gives: `wait_for(x, time).await`",
        )
        .runs(
            BLOCKING,
            (REFUSED, "ok: None"),
            on_loop!([Blocking] | x, _ | x.exception_timeout(SHORT)),
            "On the loop: `wait_for(wrap_future(x), time).await?.err()`\nIn a thread: as it is.",
        )
        .rows("B35")
        .fails(
            FUTURE,
            "exception_timeout_of_a_future",
            WAIT_FOR,
            "`wait_for(x, time).await?.err()`",
        )
        .fails(
            TASK,
            "exception_timeout_of_a_task",
            WAIT_FOR,
            "`wait_for(x, time).await?.err()`",
        ),
    ]
}

fn cancelled() -> Vec<Row> {
    let as_a_task = "Dropping it cancels it: `drop(x)`\nAs a task it is cancelled where it runs: `create_task({x}).cancel()`";
    vec![
        no_method(Row::new("cancel", "", "x.cancel()"), as_a_task).runs(
            HANDLES,
            (|kind| match kind {
                Kind::TaskPending => "ok: true (cancelled() at once false, soon true)",
                Kind::CfThreadRunning | Kind::CfProcessRunning => CANNOT_BE_CANCELLED,
                _ if kind.is_done() => CANNOT_BE_CANCELLED,
                _ => "ok: true (cancelled() at once true, soon true)",
            }) as fn(Kind) -> &'static str,
            on_loop!([Blocking Future Task] |x, _| {
                let accepted = x.cancel();
                let at_once = x.cancelled();
                passes().await;
                format!(
                    "{accepted} (cancelled() at once {at_once}, soon {})",
                    x.cancelled()
                )
            }),
            "As in Python: what runs in a pool goes on; `request_cancel` asks it to stop.",
        )
        .rows("M19"),
        no_method(
            Row::new("cancel_twice", "", "(x.cancel(), x.cancel())"),
            "Dropping it cancels it. As a task:\n`let x = create_task({x});`\n`(x.cancel(), x.cancel())`",
        )
        .runs(
            HANDLES,
            (|kind| match kind {
                Kind::CfThreadQueued | Kind::CfFromRct | Kind::TaskPending => "ok: true, true",
                _ if kind.is_done() || kind.form() == Form::Blocking => "ok: false, false",
                _ => "ok: true, false",
            }) as fn(Kind) -> &'static str,
            on_loop!([Blocking Future Task] |x, _| format!("{}, {}", x.cancel(), x.cancel())),
            "As in Python.",
        )
        .rows("M19"),
    ]
}

const CANNOT_BE_CANCELLED: &str = "ok: false (cancelled() at once false, soon false)";

fn asked() -> Vec<Row> {
    let running = "The blocking future tells, before it is wrapped: `future.running()`";
    vec![
        no_method(
            Row::new("done", "M23", "x.done()"),
            "It has no state before it is a task:\n`create_task({x}).done()`",
        ).runs(
            HANDLES,
            ("returns false", "returns true"),
            on_loop!([Blocking Future Task] |x, _| x.done()),
            "As in Python.",
        ),
        no_method(
            Row::new("cancelled", "M23", "x.cancelled()"),
            "It has no state before it is a task:\n`create_task({x}).cancelled()`",
        ).runs(
            HANDLES,
            "returns false",
            on_loop!([Blocking Future Task] |x, _| x.cancelled()),
            "As in Python.",
        ),
        no_method(
            Row::new("running", "M23", "x.running()"),
            "It runs while somebody awaits it; a task that is not done runs, or waits for its turn:\n`create_task({x}).done()`",
        )
        .runs(
            BLOCKING,
            (|kind| match kind {
                Kind::CfThreadRunning | Kind::CfProcessRunning => "returns true",
                _ => "returns false",
            }) as fn(Kind) -> &'static str,
            on_loop!([Blocking] | x, _ | x.running()),
            "As in Python.",
        )
        .fails(
            FUTURE,
            "running_of_a_future",
            "aio_bridge::wrap_future",
            running,
        )
        .fails(
            TASK,
            "running_of_a_task",
            "aio_bridge::wrap_future",
            "A task that is not done runs, or waits for its turn: `x.done()`",
        ),
    ]
}

fn called_back() -> Vec<Row> {
    vec![
        no_method(
            Row::new("add_done_callback", "", "x.add_done_callback(f)"),
            "`create_task({x}).add_done_callback(f)`",
        )
        .runs(
            HANDLES,
            (|kind| match kind {
                Kind::CfThreadQueued | Kind::CfThreadRunning => {
                    "ok: called on completion, in a thread of the pool"
                }
                Kind::CfProcessRunning => "ok: called on completion, in another thread",
                Kind::CfThreadDone | Kind::CfProcessDone => "ok: called at once, in the loop's thread",
                _ if kind.is_done() => "ok: called on the next pass, in the loop's thread",
                _ => "ok: called on completion, in the loop's thread",
            }) as fn(Kind) -> &'static str,
            on_loop!([Blocking Future Task] |x, bench| {
                let seen = Seen::default();
                x.add_done_callback(seen.callback());
                seen.when(bench).await
            }),
            "As in Python: one of a blocking future runs where that is completed, or here if it was done;\n\
             one of an awaitable future runs on the loop, and never inline.",
        )
        .rows("M20"),
        no_method(
            Row::new(
                "remove_done_callback",
                "M23",
                "x.remove_done_callback(id)",
            ),
            "`let x = create_task({x});`\n`let id = x.add_done_callback(f);`\n`x.remove_done_callback(id)`",
        )
        .fails(
            BLOCKING,
            "remove_done_callback_of_a_blocking_future",
            "aio_bridge::wrap_future",
            "`let x = wrap_future(x);`\n`let id = x.add_done_callback(f);`\n`x.remove_done_callback(id)`",
        )
        .runs(
            FUTURES,
            "returns true",
            on_loop!([Future Task] |x, _| {
                let id = x.add_done_callback(|_| {});
                x.remove_done_callback(id)
            }),
            "By the id that adding gave, because closures cannot be compared.",
        ),
    ]
}

fn not_there() -> Vec<Row> {
    let by_hand = "`let (promise, x) = aio_bridge::future();`\n`promise.set_result(1)`";
    let the_loop =
        "A future belongs to no loop. The one that runs:\n`tokio::runtime::Handle::current()`";
    vec![
        no_method(Row::new("set_result", "M23", "x.set_result(1)"), by_hand)
            .fails(
                BLOCKING,
                "set_result_of_a_blocking_future",
                "Promise::set_result",
                "`let (promise, x) = Promise::new();`\n`promise.set_result(1)`",
            )
            .fails(
                FUTURE,
                "set_result_of_a_future",
                "AioPromise::set_result",
                by_hand,
            )
            .fails(TASK, "set_result_of_a_task", "aio_bridge::future", by_hand),
        no_method(Row::new("get_loop", "M23", "x.get_loop()"), the_loop)
            .fails(
                BLOCKING,
                "get_loop_of_a_blocking_future",
                "aio_bridge::wrap_future",
                the_loop,
            )
            .fails(
                FUTURE,
                "get_loop_of_a_future",
                "tokio::runtime::Handle::current",
                the_loop,
            )
            .fails(
                TASK,
                "get_loop_of_a_task",
                "tokio::runtime::Handle::current",
                the_loop,
            ),
    ]
}

/// Where a callback ran.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<&'static str>>>);

impl Seen {
    fn callback(&self) -> impl FnOnce(&Done<'_, u32>) + Send + 'static {
        let (seen, of_the_loop) = (self.clone(), thread::current().id());
        move |_| {
            let current = thread::current();
            let place = if current.id() == of_the_loop {
                "the loop's thread"
            } else if current.name().is_some_and(|name| name.starts_with("pool")) {
                "a thread of the pool"
            } else {
                "another thread"
            };
            *seen.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        }
    }

    fn place(&self) -> Option<&'static str> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn when(&self, bench: &Bench) -> String {
        if let Some(place) = self.place() {
            return format!("called at once, in {place}");
        }
        passes().await;
        if let Some(place) = self.place() {
            return format!("called on the next pass, in {place}");
        }
        bench.release();
        loop {
            if let Some(place) = self.place() {
                return format!("called on completion, in {place}");
            }
            tokio::task::yield_now().await;
        }
    }
}
