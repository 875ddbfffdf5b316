//! Awaiting: tiny closures offloaded from inside a tokio runtime, one at a time or a thousand in flight.

use std::{hint::black_box, sync::Arc, time::Instant};

use tokio::runtime::Builder;

use crate::{
    case::Case,
    measured::{Measured, Target},
    offloaders::{BEST_OF, BEST_OF_LABEL, Offloader, offloader_lanes, warm},
    rounds::{self, Size},
};

const N_WORKERS: usize = 2;
const N_RUNTIME_THREADS: usize = 2;
const N_IN_FLIGHT: u64 = 1000;

/// Where the coroutine that awaits is polled.
#[derive(Clone, Copy)]
enum Place {
    BlockOn,
    Spawned,
    CurrentThread,
}

pub(crate) fn one_from_block_on(size: Size) -> Case {
    one_by_one("await_one_block_on", Place::BlockOn, size)
}

pub(crate) fn one_from_a_task(size: Size) -> Case {
    one_by_one("await_one_spawned", Place::Spawned, size)
}

pub(crate) fn one_on_current_thread(size: Size) -> Case {
    one_by_one("await_one_current_thread", Place::CurrentThread, size)
}

pub(crate) fn a_thousand(size: Size) -> Vec<Case> {
    [
        ("await_1000/block_on", Place::BlockOn),
        ("await_1000/spawned", Place::Spawned),
    ]
    .map(|(id, place)| case(id, place, N_IN_FLIGHT, size.n_awaited_in_flight, size))
    .into()
}

fn one_by_one(id: &'static str, place: Place, size: Size) -> Case {
    case(id, place, 1, size.n_round_trips, size)
}

fn case(id: &'static str, place: Place, n_in_flight: u64, n: u64, size: Size) -> Case {
    Case::new(id, move || {
        let lanes = offloader_lanes!(once(place, n_in_flight, n));
        vec![Measured {
            title: format!(
                "await, {n_in_flight} in flight, {}, 2 workers",
                place.name()
            ),
            unit: "ns a task".to_owned(),
            series: rounds::interleaved(size.n_rounds, &lanes),
            targets: vec![Target::ratio(BEST_OF_LABEL, &BEST_OF, 0.7)],
        }]
    })
}

fn once<O: Offloader>(place: Place, n_in_flight: u64, n: u64) -> f64 {
    let offloader = Arc::new(O::start(N_WORKERS));
    let used = Arc::clone(&offloader);
    place.run(async move {
        warm(&*used, N_WORKERS).await;
        await_all(&*used, n_in_flight, n / 10).await;
        let started = Instant::now();
        await_all(&*used, n_in_flight, n).await;
        started.elapsed().as_nanos() as f64 / n as f64
    })
}

async fn await_all<O: Offloader>(offloader: &O, n_in_flight: u64, n: u64) {
    let mut sum = 0;
    for first in (0..n).step_by(n_in_flight as usize) {
        let last = n.min(first + n_in_flight);
        if n_in_flight == 1 {
            sum += offloader.offload(move || black_box(first)).await;
            continue;
        }
        let futures: Vec<_> = (first..last)
            .map(|i| offloader.offload(move || black_box(i)))
            .collect();
        for future in futures {
            sum += future.await;
        }
    }
    assert_eq!(sum, n * (n - 1) / 2, "{} lost a result", O::NAME);
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::BlockOn => "block_on of a multi-thread runtime",
            Self::Spawned => "spawned task of a multi-thread runtime",
            Self::CurrentThread => "block_on of a current-thread runtime",
        }
    }

    /// Runs the coroutine in a runtime of its own, with all drivers on, as most programs have it.
    fn run<T: Send + 'static>(self, coroutine: impl Future<Output = T> + Send + 'static) -> T {
        let mut builder = match self {
            Self::BlockOn | Self::Spawned => Builder::new_multi_thread(),
            Self::CurrentThread => Builder::new_current_thread(),
        };
        let runtime = builder
            .worker_threads(N_RUNTIME_THREADS)
            .max_blocking_threads(N_WORKERS)
            .enable_all()
            .build()
            .expect("the runtime starts");
        match self {
            Self::Spawned => runtime
                .block_on(runtime.spawn(coroutine))
                .expect("the coroutine ends"),
            Self::BlockOn | Self::CurrentThread => runtime.block_on(coroutine),
        }
    }
}
