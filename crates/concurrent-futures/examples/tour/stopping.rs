//! Chapter: `shutdown`, with and without cancelling what is queued.

use concurrent_futures::{BoxError, Error, Shutdown, ThreadPoolExecutor};

use crate::gate;
use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Shutting down",
        "Accepted work is never lost silently: it is run, or its future says that it was cancelled. Dropping the \
         last handle of a pool is `shutdown()`, which waits.",
        include_str!("stopping.rs"),
    );

    page.step(
        "finish",
        "shutdown: finish what was accepted",
        "Here without waiting. The pool takes no new work from now on, a refused task is an already failed \
         future, and what is queued still runs.",
    );
    let (key, gate) = gate::closed();
    // show: finish
    let pool = ThreadPoolExecutor::new(1)?;
    let running = pool.submit(gate.hold(1));
    let queued = pool.submit(|| 2);
    pool.shutdown_with(Shutdown {
        wait: false,
        cancel_futures: false,
    });
    let refused = pool.submit(|| 3).result();
    key.open();
    let finished = (running.result()?, queued.result()?);
    // end
    page.measured(format!("accepted {finished:?}, refused {refused:?}"));
    page.check(finished == (1, 2), "both accepted tasks ran");
    page.check(
        matches!(refused, Err(Error::Rejected(_))),
        "the late one was refused",
    );

    page.step(
        "cancel",
        "cancel_futures: drop what has not started",
        "What runs is finished, what is queued is cancelled, and whoever waits for it is told.",
    );
    let (key, gate) = gate::closed();
    // show: cancel
    let pool = ThreadPoolExecutor::new(1)?;
    let running = pool.submit(gate.hold("finished"));
    key.await_arrivals(1);
    let queued: Vec<_> = (0..100).map(|n| pool.submit(move || n)).collect();
    pool.shutdown_with(Shutdown {
        wait: false,
        cancel_futures: true,
    });
    let n_cancelled = queued.iter().filter(|future| future.cancelled()).count();
    key.open();
    pool.shutdown(); // this one waits; a second shutdown is harmless
    // end
    page.measured(format!("{n_cancelled} of 100 queued tasks cancelled"));
    page.check(
        n_cancelled == 100 && running.result()? == "finished",
        "the running one was finished",
    );
    page.check(
        pool.stats().threads == 0,
        "no thread is left after a shutdown that waits",
    );
    Ok(())
}
