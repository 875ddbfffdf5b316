//! Rules of done callbacks.

use std::sync::{Arc, mpsc};

use cf_core::{Done, Error};

use crate::kit::{
    Door, Subject,
    bench::{Bench, Broken, Verdict, ensure},
    tasks::{add, fall, parse, visit},
};

/// How a call ended, in one letter.
fn end_of(done: &Done<'_, u64>) -> char {
    match done.result() {
        Ok(_) => 'v',
        Err(Error::Raised(_)) => 'e',
        Err(Error::Panicked(_)) => 'p',
        Err(_) => '?',
    }
}

pub(super) fn a_callback_sees_the_end<E: Subject>(bench: &Bench<E>) -> Verdict {
    let calls = [
        ('v', add::task(3, 4)),
        ('e', parse::task("x")),
        ('p', fall::task("here")),
    ];
    for (expected, call) in calls {
        let (tell, told) = mpsc::channel();
        let future = bench.submit(call);
        future.add_done_callback(move |done| tell.send(end_of(done)).unwrap_or(()));
        bench.step("waiting for a callback");
        let seen = told.recv().unwrap_or('-');
        ensure!(
            seen == expected,
            "of v(alue), e(rror) and p(anic), {expected} came as {seen}"
        );
        let is_error = bench.submit(add::task(1, 1)).exception().is_some();
        ensure!(!is_error, "the next call failed");
        ensure!(
            future.exception().is_some() == (expected != 'v'),
            "after its callback, the future is {future:?}"
        );
    }
    Ok(())
}

pub(super) fn callbacks_run_once_and_in_order<E: Subject>(bench: &Bench<E>) -> Verdict {
    let (tell, told) = mpsc::channel();
    let door = Door::new();
    if bench.traits.runs_inline {
        door.open();
    }
    let future = bench.submit(visit::task(door.address(), 7));
    for n in 0..10 {
        let tell = tell.clone();
        future.add_done_callback(move |_| tell.send(n).unwrap_or(()));
    }
    drop(tell);
    door.open();
    bench.value(future, "a call")?;
    bench.step("waiting for callbacks");
    let order: Vec<_> = told.iter().collect();
    ensure!(
        order == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        "callbacks 0 to 9 ran in the order {order:?}"
    );
    Ok(())
}

pub(super) fn a_late_callback_runs_at_once<E: Subject>(bench: &Bench<E>) -> Verdict {
    for call in [add::task(3, 4), parse::task("x"), fall::task("here")] {
        let future = bench.submit(call);
        future.wait();
        let (tell, told) = mpsc::channel();
        let here = std::thread::current().id();
        future.add_done_callback(move |_| tell.send(std::thread::current().id()).unwrap_or(()));
        ensure!(
            told.try_recv() == Ok(here),
            "a callback added to an ended future did not run at once, on the same thread"
        );
    }
    Ok(())
}

pub(super) fn a_callback_that_panics_hurts_nobody<E: Subject>(bench: &Bench<E>) -> Verdict {
    let door = Door::new();
    for n in 0..8 {
        let (tell, told) = mpsc::channel();
        if bench.traits.runs_inline {
            door.open();
        }
        let future = bench.submit(visit::task(door.address(), n));
        future.add_done_callback(|_| panic!("in a callback"));
        future.add_done_callback(move |_| tell.send(()).unwrap_or(()));
        if !bench.traits.runs_inline {
            drop(bench.guest(&door)?);
        }
        bench.step("waiting for the callback after one that panicked");
        ensure!(told.recv().is_ok(), "the next callback did not run");
        let value = bench.value(future, "a call whose callback panicked")?;
        ensure!(value == n, "{n} came as {value}");
    }
    bench.value(
        bench.submit(add::task(3, 4)),
        "the call after such callbacks",
    )?;
    bench.all_workers_are_there()
}

pub(super) fn a_callback_may_submit<E: Subject>(bench: &Bench<E>) -> Verdict {
    let (tell, told) = mpsc::channel();
    // Whoever still holds the executor when all is done would be the one to end it.
    let executor = Arc::downgrade(bench.executor());
    let door = Door::new();
    if bench.traits.runs_inline {
        door.open();
    }
    let outer = bench.submit(visit::task(door.address(), 7));
    outer.add_done_callback(move |_| {
        let inner = executor.upgrade().map(|it| it.submit(add::task(4, 4)));
        let _ = tell.send(inner);
    });
    door.open();
    bench.step("waiting for a callback that submits");
    let inner = told.recv().ok().flatten();
    bench.value(outer, "the outer call")?;
    bench.step("waiting for the call that a callback submitted");
    let inner = inner.ok_or_else(|| Broken("the callback did not run".to_owned()))?;
    let value = bench.value(inner, "a call submitted by a callback")?;
    ensure!(value == 8, "8 came as {value}");
    Ok(())
}
