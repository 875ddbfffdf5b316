//! Round trip: one tiny call and its result, one at a time, on a pool of one worker process.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    case::Case,
    measured::{Measured, Target},
    process_pools::{BETTER_OF, BETTER_OF_LABEL, CPython, ProcessPool, warm},
    raw::{self, PingPong, SocketEcho},
    rounds::{self, Lane, Size},
    statistics::median,
};

use super::process_lanes;

const RAW: [&str; 2] = [raw::PING_PONG, raw::PING_PONG_APART];
const RAW_LABEL: &str = "shared memory, the better of both";
/// Between two of them somebody else may have had the core.
const N_BATCHES: u64 = 20;
/// The fastest would be through before the scheduler has found both processes their places.
const AT_LEAST: Duration = Duration::from_millis(200);

pub(crate) fn across_cores(size: Size) -> Case {
    Case::new("process_round_trip", move || {
        let targets = vec![
            Target::ratio(RAW_LABEL, &RAW, 10.0),
            Target::stretch(RAW_LABEL, &RAW, 5.0),
            Target::ratio(BETTER_OF_LABEL, &BETTER_OF, 0.05),
        ];
        // Fast also where the system would place both ends on one core.
        let n = size.n_round_trips;
        let apart = Lane::new(raw::PING_PONG_APART, move || by_shared_memory_apart(n));
        vec![measure(
            "process round trip, 1 worker",
            size,
            [apart],
            targets,
        )]
    })
}

pub(crate) fn on_one_core(size: Size) -> Case {
    Case::new("process_round_trip_pinned", move || {
        let title = "process round trip, 1 worker, both on one core";
        let targets = vec![Target::ratio(raw::SOCKET, &[raw::SOCKET], 1.3)];
        vec![measure(title, size, [], targets)]
    })
    .pinned()
}

fn measure(
    title: &str,
    size: Size,
    more: impl IntoIterator<Item = Lane>,
    targets: Vec<Target>,
) -> Measured {
    let n = size.n_round_trips;
    let python = CPython::start();
    let mut lanes = process_lanes!(once(n));
    lanes.extend([
        CPython::lane(
            python.as_ref(),
            format!("round_trip {n} {N_BATCHES}"),
            Duration::from_nanos(1),
        ),
        Lane::new(raw::PING_PONG, move || by_shared_memory(n)),
        Lane::new(raw::SOCKET, move || by_socket(n)),
    ]);
    lanes.extend(more);
    Measured {
        title: title.to_owned(),
        unit: "ns a call".to_owned(),
        series: rounds::interleaved(size.n_rounds, &lanes),
        targets,
    }
}

fn once<P: ProcessPool>(n: u64) -> f64 {
    let pool = warm::<P>(1);
    nanos_of_one(n, |n| {
        let sum: u64 = (0..n).map(|i| pool.result(pool.tiny(i))).sum();
        assert_eq!(sum, n * (n - 1) / 2, "{} lost a result", P::NAME);
    })
}

fn by_shared_memory(n: u64) -> f64 {
    let peer = PingPong::start().expect("two processes share memory");
    through(&peer, n)
}

fn by_shared_memory_apart(n: u64) -> f64 {
    // On a thread that is gone afterwards: it is confined to its core.
    let measuring = thread::spawn(move || {
        let peer = PingPong::start_apart().expect("two processes share memory");
        through(&peer, n)
    });
    measuring.join().expect("it is measured")
}

fn through(peer: &PingPong, n: u64) -> f64 {
    nanos_of_one(n, |n| {
        let n = u32::try_from(n).expect("the count fits");
        for i in 1..=n {
            assert_eq!(peer.ask(i), i);
        }
    })
}

fn by_socket(n: u64) -> f64 {
    let peer = SocketEcho::start(size_of::<u64>()).expect("two processes share a socket");
    nanos_of_one(n, |n| {
        for i in 0..n {
            let mut bytes = i.to_ne_bytes();
            peer.echo(&mut bytes).expect("the peer answers");
            assert_eq!(u64::from_ne_bytes(bytes), i);
        }
    })
}

/// Does some for warming up, then `n` in batches, or more where that is over too soon; the median of the batches.
fn nanos_of_one(n: u64, round_trips: impl Fn(u64)) -> f64 {
    let n_in_batch = n / N_BATCHES;
    round_trips(n_in_batch);
    let mut nanos = Vec::new();
    let started = Instant::now();
    while (nanos.len() as u64) < N_BATCHES || started.elapsed() < AT_LEAST {
        let started = Instant::now();
        round_trips(n_in_batch);
        nanos.push(started.elapsed().as_nanos() as f64 / n_in_batch as f64);
    }
    median(&nanos)
}
