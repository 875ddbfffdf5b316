//! Ticker: the longest gap of a 1 ms ticker on a loop of one thread, while the pool behind the bridge is saturated.
//!
//! The loop is one as `aio_bridge::run` makes it. Its coroutines keep more work on the way than there are workers, so every
//! completion and the next submission pass through the loop that ticks. The lane "idle loop" is the ticker alone: what the
//! timer and the machine do by themselves.

use std::{
    hint::{black_box, spin_loop},
    sync::Arc,
    time::{Duration, Instant},
};

use aio_bridge::{Runner, create_task};
use tokio::{runtime::Builder, time::interval};

use crate::{
    case::Case,
    measured::{Measured, Target},
    offloaders::{Offloader, offloader_lanes, warm},
    rounds::{self, Lane, Size},
};

const N_WORKERS: usize = 2;
/// The medians of fewer longest gaps say little.
const N_ROUNDS: usize = 5;
const N_FEEDERS: usize = 2 * N_WORKERS;
const TICK: Duration = Duration::from_millis(1);
const WORK: Duration = Duration::from_millis(1);
const IDLE_LOOP: &str = "idle loop";

pub(crate) fn case(size: Size) -> Case {
    Case::new("ticker", move || {
        let n = size.n_ticks;
        let mut lanes =
            Vec::from(offloader_lanes!(saturated(n): Bridged, SpawnBlocking, RayonOneshot));
        lanes.push(Lane::new(IDLE_LOOP, move || idle(n)));
        vec![Measured {
            title: format!("1 ms ticker beside 2 saturated workers, longest of {n} gaps"),
            unit: "us".to_owned(),
            series: rounds::interleaved(N_ROUNDS, &lanes),
            targets: vec![Target::ratio(IDLE_LOOP, &[IDLE_LOOP], 2.0)],
        }]
    })
}

fn saturated<O: Offloader>(n: u32) -> f64 {
    let offloader = Arc::new(O::start(N_WORKERS));
    run(async move {
        warm(&*offloader, N_WORKERS).await;
        let feeders: Vec<_> = (0..N_FEEDERS)
            .map(|_| {
                let offloader = Arc::clone(&offloader);
                create_task(async move {
                    loop {
                        offloader.offload(spin).await;
                    }
                })
            })
            .collect();
        let longest = longest_gap(n).await;
        for feeder in &feeders {
            feeder.cancel();
        }
        longest
    })
}

fn idle(n: u32) -> f64 {
    run(longest_gap(n))
}

async fn longest_gap(n: u32) -> f64 {
    let mut ticks = interval(TICK);
    let mut last = ticks.tick().await.into_std();
    let mut longest = Duration::ZERO;
    for _ in 0..n {
        ticks.tick().await;
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    longest.as_secs_f64() * 1e6
}

fn spin() -> u64 {
    let started = Instant::now();
    while started.elapsed() < WORK {
        spin_loop();
    }
    black_box(0)
}

/// As `aio_bridge::run`, but with no more blocking threads than the other pools have workers.
fn run(coroutine: impl Future<Output = f64> + Send + 'static) -> f64 {
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(N_WORKERS)
        .enable_all()
        .build()
        .expect("the runtime starts");
    Runner::with(runtime)
        .run(coroutine)
        .expect("the coroutine ends")
}
