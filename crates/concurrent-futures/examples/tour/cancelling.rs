//! Chapter: cancelling work that is queued, and asking running work to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use concurrent_futures::{BoxError, Error, ThreadPoolExecutor, checkpoint, fallible};

use crate::gate;
use crate::page::{Page, spoken};

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Cancelling",
        "Work that has not started can be taken back. Work that runs cannot be stopped from outside, in Python \
         as in Rust, but it can be asked.",
        include_str!("cancelling.rs"),
    );
    let pool = ThreadPoolExecutor::new(1)?;

    page.step(
        "queued",
        "cancel: only what has not started",
        "The only worker is kept busy, so the second task is still queued. `cancel` says whether it worked, and \
         a cancelled task never runs.",
    );
    let (key, gate) = gate::closed();
    // show: queued
    let ran = Arc::new(AtomicBool::new(false));
    let running = pool.submit(gate.hold("done"));
    let queued = pool.submit({
        let ran = Arc::clone(&ran);
        move || ran.store(true, Ordering::Relaxed)
    });
    key.await_arrivals(1); // the first task is running now
    let (took_running, took_queued) = (running.cancel(), queued.cancel());
    key.open();
    // end
    page.measured(format!(
        "cancel() said {took_running} for the running one, {took_queued} for the queued one"
    ));
    page.check(
        !took_running && took_queued && queued.cancelled(),
        "only the queued task was cancelled",
    );
    page.check(
        matches!(queued.result(), Err(Error::Cancelled)),
        "its result is Error::Cancelled",
    );
    page.check(
        running.result()? == "done",
        "the running one finished as if nothing had happened",
    );
    pool.submit(|| ()).result()?; // the worker has gone past the cancelled task
    page.check(!ran.load(Ordering::Relaxed), "the cancelled task never ran");

    page.step(
        "running",
        "request_cancel and checkpoint: asking running work to stop",
        "The task asks `checkpoint()` where it is willing to stop; after a request it answers Err, and `?` ends \
         the task as cancelled. A task that never asks is never disturbed.",
    );
    let (key, gate) = gate::closed();
    // show: running
    let endless = pool.submit(fallible(move || -> Result<(), Error> {
        gate.pass();
        loop {
            checkpoint()?;
            thread::yield_now(); // a slice of the work
        }
    }));
    key.open();
    key.await_arrivals(1);
    let begun = Instant::now();
    endless.request_cancel();
    let ended = endless.result();
    let took = begun.elapsed();
    // end
    page.measured(format!("the task ended {} after the request", spoken(took)));
    page.check(
        matches!(ended, Err(Error::Cancelled)),
        "it ended as cancelled, not as a failure",
    );

    page.step(
        "canceller",
        "canceller: cancelling from elsewhere",
        "`result` takes the future by value. A canceller is a small handle for the one who may have to give up.",
    );
    let (key, gate) = gate::closed();
    // show: canceller
    let blocker = pool.submit(gate.hold(()));
    let queued = pool.submit(|| "never");
    let canceller = queued.canceller();
    key.await_arrivals(1);
    let outcome = thread::scope(|s| {
        s.spawn(move || canceller.cancel());
        queued.result() // blocks until the other thread has cancelled it
    });
    // end
    page.check(
        matches!(outcome, Err(Error::Cancelled)),
        "the waiting thread was woken with Error::Cancelled",
    );
    key.open();
    blocker.result()?;
    Ok(())
}
