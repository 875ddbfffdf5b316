//! Chapter: done callbacks, on which thread they run and what happens when one panics.

use std::sync::mpsc;
use std::thread;

use concurrent_futures::{BoxError, ThreadPoolExecutor};

use crate::gate;
use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Callbacks",
        "`add_done_callback` hands the future a closure that is called once, when the future is done. It sees the \
         outcome by reference, so the result can still be taken.",
        include_str!("callbacks.rs"),
    );
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .thread_name_prefix("cook")
        .build()?;

    page.step(
        "before",
        "Added before the end: runs on the worker",
        "Callbacks run in the order they were added, on the thread that completes the future.",
    );
    let (key, gate) = gate::closed();
    // show: before
    let (tell, told) = mpsc::channel();
    let meal = pool.submit(gate.hold("soup"));
    for n in 1..=2 {
        let tell = tell.clone();
        meal.add_done_callback(move |done| {
            let dish = *done.result().expect("the task does not fail");
            let thread = thread::current().name().unwrap_or("?").to_owned();
            let _ = tell.send((n, dish, thread));
        });
    }
    key.open();
    let (first, second) = (told.recv()?, told.recv()?);
    // end
    page.measured(format!("{first:?}, then {second:?}"));
    page.check(
        (first.0, second.0) == (1, 2),
        "both ran, in the order they were added",
    );
    page.check(
        first.1 == "soup" && first.2.starts_with("cook"),
        "on the pool's thread, with the value",
    );

    page.step(
        "after",
        "Added after the end: runs at once, right here",
        "A callback added to a future that is already done runs before `add_done_callback` returns.",
    );
    // show: after
    let (tell, told) = mpsc::channel();
    meal.wait();
    meal.add_done_callback(move |_done| {
        let _ = tell.send(thread::current().id());
    });
    let ran_on = told.try_recv();
    // end
    page.check(
        ran_on == Ok(thread::current().id()),
        "it had run when the call returned, on this thread",
    );
    page.check(
        meal.result()? == "soup",
        "and the result was still there to be taken",
    );

    page.step(
        "panic",
        "A callback that panics",
        "The panic stays in the callback: the others run, the future keeps its value, the pool goes on. (The \
         usual panic message on stderr is muted in this tour; the library reports it through `tracing`.)",
    );
    let (key, gate) = gate::closed();
    // show: panic
    let (tell, told) = mpsc::channel();
    let future = pool.submit(gate.hold(42));
    future.add_done_callback(|_| panic!("burnt"));
    future.add_done_callback(move |_| tell.send("ran").unwrap_or_default());
    key.open();
    let second = told.recv();
    // end
    page.check(second == Ok("ran"), "the second callback ran");
    page.check(
        future.result()? == 42 && pool.submit(|| 1).result()? == 1,
        "value and worker are unharmed",
    );
    Ok(())
}
