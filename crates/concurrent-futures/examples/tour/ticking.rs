//! Chapter: a ticker on the loop shows how long it is held up by work on the loop, and by work on threads.

use std::env;
use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use concurrent_futures::{
    BoxError, Error, ThreadPoolExecutor, aio, create_task, run_in_executor, sleep, wrap_future,
};
use sha2::{Digest as _, Sha256};
use tokio::time::{MissedTickBehavior, interval};

use crate::bars;
use crate::page::{Page, spoken};

/// How often the ticker wants to run.
const TICK: Duration = Duration::from_millis(1);
/// How long the ticker is watched with nothing else to do.
const IDLE: Duration = Duration::from_millis(50);
/// How long the work takes, about.
const WORK: Duration = Duration::from_millis(300);
/// The same with `CF_SHORT`.
const SHORT_WORK: Duration = Duration::from_millis(150);
const MIB: usize = 1 << 20;

/// What a ticker saw while something else was done.
struct Ticks {
    n_ticks: u32,
    longest_gap: Duration,
    /// How long the other thing took.
    took: Duration,
}

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "A loop that ticks on",
        "Tasks share the loop's one thread, so one that computes holds up all others: no request is answered, no timer \
         rings. How long, that is measured here.",
        include_str!("ticking.rs"),
    );
    let pool = ThreadPoolExecutor::new(2)?;
    let n_mib = n_mib_for(if env::var_os("CF_SHORT").is_some() {
        SHORT_WORK
    } else {
        WORK
    });
    aio::run(on_a_loop(page, &pool, n_mib))?
}

async fn on_a_loop(
    page: &mut Page,
    pool: &ThreadPoolExecutor,
    n_mib: usize,
) -> Result<(), BoxError> {
    page.step(
        "ticker",
        "The ticker",
        "A task that wants to run every millisecond, until it is told to stop, and notes how long it had to wait at most.",
    );
    let ((), idle) = beside_ticker(sleep(IDLE)).await?;
    page.measured(format!(
        "on an idle loop: {} ticks in {}, the longest gap is {}",
        idle.n_ticks,
        spoken(idle.took),
        spoken(idle.longest_gap)
    ));

    page.step(
        "gaps",
        "The same work in three places",
        &format!(
            "The SHA-256 of {n_mib} MiB, first computed on the loop itself, then on a thread through each of the two ways \
             over the bridge. The bars are the longest gaps between two ticks meanwhile."
        ),
    );
    // show: gaps
    let (a, on_the_loop) = beside_ticker(async { sha256(n_mib) }).await?;
    let (b, in_executor) = beside_ticker(run_in_executor(pool, move || sha256(n_mib))).await?;
    let (c, wrapped) = beside_ticker(wrap_future(pool.submit(move || sha256(n_mib)))).await?;
    // end
    let places = [
        ("on the loop", &on_the_loop),
        ("run_in_executor", &in_executor),
        ("wrap_future", &wrapped),
    ];
    for (place, ticks) in &places {
        page.measured(format!(
            "{place:<15}  {:>8} of work, ticks meanwhile: {}",
            spoken(ticks.took),
            ticks.n_ticks
        ));
    }
    page.measured("the longest gap between two ticks:");
    bars::draw(
        page,
        &places.map(|(place, ticks)| (place, ticks.longest_gap)),
    );
    page.check(a == b? && a == c?, "all three gave the same hash");
    page.check(
        on_the_loop.n_ticks == 1 && on_the_loop.longest_gap >= on_the_loop.took,
        "work on the loop stops it until the work is done",
    );
    page.check(
        in_executor.n_ticks.min(wrapped.n_ticks) > on_the_loop.n_ticks,
        "work on a thread does not: the loop ticks on meanwhile",
    );
    Ok(())
}

// show: ticker
async fn tick(mut last: Instant, is_over: Arc<AtomicBool>) -> (u32, Duration) {
    let (mut n_ticks, mut longest_gap) = (0, Duration::ZERO);
    let mut ticker = interval(TICK);
    ticker.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticker.tick().await;
        let now = Instant::now();
        longest_gap = longest_gap.max(now - last);
        last = now;
        n_ticks += 1;
        if is_over.load(Ordering::Relaxed) {
            return (n_ticks, longest_gap);
        }
    }
}
// end

/// Does the work while a ticker runs on the same loop.
async fn beside_ticker<T>(work: impl Future<Output = T>) -> Result<(T, Ticks), Error> {
    let begun = Instant::now();
    let is_over = Arc::new(AtomicBool::new(false));
    let ticker = create_task(tick(begun, Arc::clone(&is_over)));
    let value = work.await;
    let took = begun.elapsed();
    is_over.store(true, Ordering::Relaxed);
    let (n_ticks, longest_gap) = ticker.await?;
    let ticks = Ticks {
        n_ticks,
        longest_gap,
        took,
    };
    Ok((value, ticks))
}

/// The hash of so many MiB of zeros.
fn sha256(n_mib: usize) -> [u8; 32] {
    let mib = vec![0; MIB];
    let mut hash = Sha256::new();
    for _ in 0..n_mib {
        hash.update(&mib);
    }
    hash.finalize().into()
}

/// How many MiB are hashed in about `time` here, by the fastest of some tries: a slow one was disturbed.
fn n_mib_for(time: Duration) -> usize {
    let (mut n_mib, mut mib_per_second) = (1, 0.0_f64);
    loop {
        let begun = Instant::now();
        black_box(sha256(n_mib));
        let took = begun.elapsed();
        mib_per_second = mib_per_second.max(n_mib as f64 / took.as_secs_f64());
        if took >= time / 4 {
            return (mib_per_second * time.as_secs_f64()).ceil() as usize;
        }
        n_mib *= 2;
    }
}
