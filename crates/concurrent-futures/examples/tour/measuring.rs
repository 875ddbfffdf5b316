//! Chapter: what a pool tells about itself, after the main job.

use std::collections::BTreeMap;
use std::time::Duration;

use concurrent_futures::{BoxError, Histogram};

use crate::page::{Page, spoken};
use crate::reading::Job;

/// For how many very short tasks one measurement may stand, for each thread.
const N_SAMPLED: u64 = 64;
/// Columns of the longest bar.
const BAR_WIDTH: u64 = 48;

pub(crate) fn run(page: &mut Page, job: &Job) -> Result<(), BoxError> {
    let Job { pool, n_tasks, .. } = job;
    page.chapter(
        "What the pool measured",
        "Every pool counts its tasks, and how long they waited and ran. These are the numbers of the main job, taken \
         after its shutdown.",
        include_str!("measuring.rs"),
    );
    page.step(
        "stats",
        "stats: counters and two histograms",
        "A long wait beside a short run says that the pool is the bottleneck. The job submits its files in large \
         batches, so long waits are expected here.",
    );
    // show: stats
    let stats = pool.stats();
    let (waited, ran) = (&stats.queue_wait, &stats.run_time);
    let (median, longest) = (ran.quantile(0.5), ran.max());
    // end
    page.measured(format!(
        "{} completed, {} failed, {} cancelled; {} queued, {} running, {} threads left",
        stats.completed, stats.failed, stats.cancelled, stats.queued, stats.running, stats.threads
    ));
    draw(page, "time in the queue", waited);
    draw(page, "time running", ran);
    page.check(
        stats.completed == *n_tasks,
        &format!("the pool has counted the {n_tasks} tasks of the job"),
    );
    page.check(
        stats.failed == 0 && stats.queued == 0 && stats.running == 0,
        "nothing failed, nothing is left",
    );
    let slack = N_SAMPLED * job.n_threads as u64;
    page.check(
        [waited, ran]
            .iter()
            .all(|histogram| histogram.count().abs_diff(*n_tasks) <= slack),
        "both histograms account for the tasks; of very short ones only a sample is timed",
    );
    page.check(median <= longest, "the median is no more than the maximum");
    Ok(())
}

/// Prints a histogram: its quantiles in one line, then one bar for each power of four.
fn draw(page: &Page, what: &str, histogram: &Histogram) {
    if histogram.count() == 0 {
        page.measured(format!("{what}: nothing was run"));
        return;
    }
    let quantile = |q| spoken(histogram.quantile(q));
    page.measured(format!(
        "{what}: mean {}, half within {}, 99 % within {}, max {}",
        spoken(histogram.mean()),
        quantile(0.5),
        quantile(0.99),
        spoken(histogram.max())
    ));
    let mut rows = BTreeMap::new();
    for (upto, n_tasks) in histogram.buckets() {
        let quarters = upto.as_nanos().max(1).ilog2() / 2;
        *rows.entry(4_u64.saturating_pow(quarters + 1)).or_insert(0) += n_tasks;
    }
    let most = rows.values().copied().max().unwrap_or(0).max(1);
    for (nanos, n_tasks) in rows {
        let upto = Duration::from_nanos(nanos);
        let bar = "▇".repeat((n_tasks * BAR_WIDTH).div_ceil(most) as usize);
        page.line(&format!(
            "              below {:>7}  {n_tasks:>8}  {bar}",
            spoken(upto)
        ));
    }
}
