//! Chapter: a bounded queue, so that a fast producer cannot fill the memory.

use std::time::Instant;

use concurrent_futures::{BoxError, ThreadPoolExecutor};

use crate::gate;
use crate::page::{Page, spoken};

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "A bounded queue",
        "A pool's queue is unbounded unless you say otherwise. With `queue_capacity`, `submit` waits for room and \
         `try_submit` gives the callable back instead of waiting.",
        include_str!("bounding.rs"),
    );

    page.step(
        "full",
        "try_submit on a full queue",
        "One task runs, two are queued, and the fourth is handed back unharmed: here it is run on the spot.",
    );
    let (key, gate) = gate::closed();
    // show: full
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .queue_capacity(2)
        .build()?;
    let running = pool.submit(gate.hold(1));
    key.await_arrivals(1);
    let queued = [pool.submit(|| 2), pool.submit(|| 3)];
    let n_queued = pool.stats().queued;
    let (reason, fallback) = match pool.try_submit(|| 4) {
        Ok(_future) => return Err("the queue should have been full".into()),
        Err(rejected) => (rejected.reason, (rejected.callable)()),
    };
    // end
    page.measured(format!("{n_queued} queued; refused because: {reason:?}"));
    page.check(
        n_queued == 2 && fallback == 4,
        "the callable came back and gave 4 right here",
    );
    key.open();
    let mut sum = running.result()?;
    for future in queued {
        sum += future.result()?;
    }
    page.check(sum == 6, "the accepted three ran");

    page.step(
        "backpressure",
        "submit waits for room",
        "A producer of ten thousand tasks goes only as fast as the worker: the queue never exceeds its bound.",
    );
    const N_TASKS: u64 = 10_000;
    // show: backpressure
    let begun = Instant::now();
    let mut most_queued = 0;
    let mut futures = Vec::new();
    for n in 0..N_TASKS {
        futures.push(pool.submit(move || n));
        most_queued = most_queued.max(pool.stats().queued);
    }
    let mut sum = 0;
    for future in futures {
        sum += future.result()?;
    }
    // end
    page.measured(format!(
        "at most {most_queued} queued at any time; all done in {}",
        spoken(begun.elapsed())
    ));
    page.check(most_queued <= 2, "never more than the two it has room for");
    page.check(sum == N_TASKS * (N_TASKS - 1) / 2, "and none was lost");
    Ok(())
}
