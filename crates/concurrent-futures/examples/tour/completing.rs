//! Chapter: `as_completed`, results in the order in which the tasks end.

use std::time::Duration;

use concurrent_futures::{BoxError, ThreadPoolExecutor, as_completed, as_completed_timeout};

use crate::gate;
use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Results as they come",
        "`as_completed` turns a set of futures into an iterator that yields each one when it is done. The first \
         chapter took its results this way.",
        include_str!("completing.rs"),
    );
    let pool = ThreadPoolExecutor::new(3)?;

    page.step(
        "order",
        "In the order of completion",
        "Three tasks are submitted as a, b, c, and their gates are opened as c, a, b.",
    );
    let ((key_a, gate_a), (key_b, gate_b), (key_c, gate_c)) =
        (gate::closed(), gate::closed(), gate::closed());
    // show: order
    let futures =
        [gate_a.hold('a'), gate_b.hold('b'), gate_c.hold('c')].map(|task| pool.submit(task));
    let mut seen = String::new();
    let mut completed = as_completed(futures);
    for key in [key_c, key_a, key_b] {
        key.open();
        let future = completed.next().ok_or("one more was expected")?;
        seen.push(future.result()?);
    }
    // end
    page.measured(format!("they came as {seen:?}"));
    page.check(
        seen == "cab" && completed.next().is_none(),
        "the order of completion, and then the end",
    );

    page.step(
        "timeout",
        "With a time limit for the whole iteration",
        "What is done is yielded first; then one error says how many are missing. Nothing is cancelled.",
    );
    let (key, gate) = gate::closed();
    // show: timeout
    let futures = [
        pool.submit(|| 1),
        pool.submit(gate.hold(2)),
        pool.submit(gate.hold(3)),
    ];
    futures[0].wait();
    let mut n_done = 0;
    let mut complaint = String::new();
    for step in as_completed_timeout(&futures, Duration::from_millis(10)) {
        match step {
            Ok(_future) => n_done += 1,
            Err(timed_out) => complaint = timed_out.to_string(),
        }
    }
    // end
    page.measured(format!("{n_done} done, then: {complaint}"));
    page.check(
        n_done == 1 && complaint.contains("2 (of 3)"),
        "one came in time, two of three are missing",
    );
    key.open();
    let mut sum = 0;
    for future in futures {
        sum += future.result()?;
    }
    page.check(
        sum == 6,
        "the two late ones still gave their results afterwards",
    );
    Ok(())
}
