//! Round trip: one tiny call and its result, one at a time, on a pool of one worker process.

use std::time::{Duration, Instant};

use crate::{
    case::Case,
    measured::{Measured, Target},
    process_pools::{BETTER_OF, BETTER_OF_LABEL, CPython, ProcessPool, warm},
    raw::{self, PingPong, SocketEcho},
    rounds::{self, Lane, Size},
};

use super::process_lanes;

/// The fastest would be through before the scheduler has found both processes their places.
const AT_LEAST: Duration = Duration::from_millis(200);

pub(crate) fn across_cores(size: Size) -> Case {
    Case::new("process_round_trip", move || {
        let targets = vec![
            Target::ratio(raw::PING_PONG, &[raw::PING_PONG], 10.0),
            Target::stretch(raw::PING_PONG, &[raw::PING_PONG], 5.0),
            Target::ratio(BETTER_OF_LABEL, &BETTER_OF, 0.05),
        ];
        vec![measure("process round trip, 1 worker", size, targets)]
    })
}

pub(crate) fn on_one_core(size: Size) -> Case {
    Case::new("process_round_trip_pinned", move || {
        let title = "process round trip, 1 worker, both on one core";
        let targets = vec![Target::ratio(raw::SOCKET, &[raw::SOCKET], 1.3)];
        vec![measure(title, size, targets)]
    })
    .pinned()
}

fn measure(title: &str, size: Size, targets: Vec<Target>) -> Measured {
    let n = size.n_round_trips;
    let python = CPython::start();
    let mut lanes = process_lanes!(once(n));
    lanes.extend([
        CPython::lane(
            python.as_ref(),
            format!("round_trip {n}"),
            Duration::from_nanos(1),
        ),
        Lane::new(raw::PING_PONG, move || by_shared_memory(n)),
        Lane::new(raw::SOCKET, move || by_socket(n)),
    ]);
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

/// Does some for warming up, and then `n` as often as it takes.
fn nanos_of_one(n: u64, round_trips: impl Fn(u64)) -> f64 {
    round_trips(n / 10);
    let started = Instant::now();
    for n_done in (n..).step_by(n as usize) {
        round_trips(n);
        let elapsed = started.elapsed();
        if elapsed >= AT_LEAST {
            return elapsed.as_nanos() as f64 / n_done as f64;
        }
    }
    unreachable!("time stands still")
}
