//! Trickle: processor time of the whole process while a few tiny tasks a second pass through a warm pool.
//!
//! The submitter sleeps between tasks and takes each result one task later, when it has long been there: it never
//! blocks for one, so the figure is the pool's cost of waking up, plus the submitter's own timer. The lane "no pool"
//! is that timer alone.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use crate::{
    case::Case,
    contenders::{Contender, SpawnBlocking, lanes, warm},
    measured::{Measured, Series, Target},
    rounds::{self, Lane, Size},
    sys::cpu_time,
};

const NO_POOL: &str = "no pool";
const SETTLING: Duration = Duration::from_millis(50);

pub(crate) fn cases(size: Size) -> Vec<Case> {
    let case = |(n_a_second, n_workers): (u32, usize)| {
        Case::new(format!("trickle/{n_a_second}/{n_workers}"), move || {
            let pools = lanes!(once(n_workers, n_a_second, size.trickle): Ours, SpawnBlocking, RayonOneshot);
            let mut lanes = Vec::from(pools);
            lanes.push(Lane::new(NO_POOL, move || {
                timer_only(n_a_second, size.trickle)
            }));
            let title = format!("trickle, {n_a_second} tasks a second, {n_workers} workers");
            let unit = "us of processor time a task".to_owned();
            let series = rounds::interleaved(size.n_rounds, &lanes);
            let net = less_the_timer(&series);
            let peer = SpawnBlocking::NAME;
            let targets = vec![Target::ratio(peer, &[peer], 1.3)];
            let net_targets = vec![Target::stretch(peer, &[peer], 1.3)];
            vec![
                Measured {
                    title: title.clone(),
                    unit: unit.clone(),
                    series,
                    targets,
                },
                Measured {
                    title: format!("{title}, less the timer"),
                    unit,
                    series: net,
                    targets: net_targets,
                },
            ]
        })
    };
    [(1000, 2), (100, 2), (1000, 64), (100, 64)]
        .map(case)
        .into()
}

fn once<C: Contender>(n_workers: usize, n_a_second: u32, duration: Duration) -> f64 {
    let contender = warm::<C>(n_workers);
    let mut last = None;
    let time = cpu_time_of_ticks(n_a_second, duration, |i| {
        if let Some(handle) = last.replace(contender.submit(move || black_box(i))) {
            contender.result(handle);
        }
    });
    if let Some(handle) = last {
        contender.result(handle);
    }
    time
}

/// What each pool adds to the submitter's own timer, round by round: a stricter look at the same figures.
fn less_the_timer(series: &[Series]) -> Vec<Series> {
    let (timer, pools): (Vec<&Series>, Vec<&Series>) = series
        .iter()
        .partition(|series| series.contender == NO_POOL);
    let less = |pool: &Series| Series {
        contender: pool.contender.clone(),
        values: pool
            .values
            .iter()
            .zip(&timer[0].values)
            .map(|(all, timer)| all - timer)
            .collect(),
    };
    pools.into_iter().map(less).collect()
}

fn timer_only(n_a_second: u32, duration: Duration) -> f64 {
    cpu_time_of_ticks(n_a_second, duration, |i| {
        black_box(i);
    })
}

fn cpu_time_of_ticks(n_a_second: u32, duration: Duration, mut tick: impl FnMut(u64)) -> f64 {
    thread::sleep(SETTLING);
    let interval = Duration::from_secs(1) / n_a_second;
    let n = duration.as_millis() as u64 * u64::from(n_a_second) / 1000;
    let (started, before) = (Instant::now(), cpu_time());
    let mut next = started;
    for i in 0..n {
        next += interval;
        thread::sleep(next.saturating_duration_since(Instant::now()));
        tick(i);
    }
    (cpu_time() - before).as_secs_f64() * 1e6 / n as f64
}
