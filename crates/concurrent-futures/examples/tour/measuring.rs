//! Chapter: what a pool tells about itself, after the main job.

use std::time::Duration;

use concurrent_futures::{BoxError, Histogram, ThreadPoolExecutor};

use crate::page::{Page, spoken};

/// Columns of the bar of the longest duration.
const BAR_WIDTH: f64 = 40.0;

pub(crate) fn run(
    page: &mut Page,
    pool: &ThreadPoolExecutor,
    n_tasks: u64,
) -> Result<(), BoxError> {
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
         batches, so long waits are expected here. The scale of the bars is logarithmic.",
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
        stats.completed == n_tasks,
        &format!("the pool has counted the {n_tasks} tasks of the job"),
    );
    page.check(
        stats.failed == 0 && stats.queued == 0 && stats.running == 0,
        "nothing failed, nothing is left",
    );
    page.check(
        waited.count() == n_tasks && ran.count() == n_tasks,
        "both histograms hold every task",
    );
    page.check(median <= longest, "the median is no more than the maximum");
    Ok(())
}

fn draw(page: &Page, what: &str, histogram: &Histogram) {
    page.measured(format!(
        "{what}: {} tasks, {} on average",
        histogram.count(),
        spoken(histogram.mean())
    ));
    let quantiles = [("10 %", 0.1), ("50 %", 0.5), ("90 %", 0.9), ("99 %", 0.99)];
    let mut rows = quantiles
        .map(|(name, q)| (name, histogram.quantile(q)))
        .to_vec();
    rows.push(("max", histogram.max()));
    let scale = |duration: Duration| (duration.as_nanos() as f64 + 1.0).log10();
    let full = rows.iter().map(|row| scale(row.1)).fold(1.0, f64::max);
    for (name, duration) in rows {
        let bar = "▇".repeat((scale(duration) / full * BAR_WIDTH) as usize);
        page.line(&format!(
            "                {name:>5} {:>9}  {bar}",
            spoken(duration)
        ));
    }
}
