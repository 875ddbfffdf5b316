//! Echo: a buffer to a worker process and back, one at a time; what comes back is checked while no clock runs.

use std::time::{Duration, Instant};

use crate::{
    case::Case,
    measured::{Measured, Target},
    process_pools::{BETTER_OF, BETTER_OF_LABEL, CPython, ProcessPool, warm},
    raw::{self, SocketEcho},
    rounds::{self, Lane, Size},
};

use super::process_lanes;

const MIB: usize = 1 << 20;
/// Before the clock runs: memory that is touched for the first time costs more than the copy.
const N_BEFORE: u32 = 2;

pub(crate) fn of_one_mib(size: Size) -> Case {
    case("process_echo_1mb", 1, size.n_small_echoes, size)
}

pub(crate) fn of_64_mib(size: Size) -> Case {
    case("process_echo_64mb", 64, size.n_large_echoes, size)
}

fn case(id: &str, n_mib: usize, n: u32, size: Size) -> Case {
    let n_bytes = n_mib * MIB;
    Case::new(id, move || {
        let python = CPython::start();
        let mut lanes = process_lanes!(once(n_bytes, n));
        lanes.extend([
            CPython::lane(
                python.as_ref(),
                format!("echo {n_bytes} {n}"),
                Duration::from_millis(1),
            ),
            Lane::new(raw::SOCKET, move || by_socket(n_bytes, n)),
        ]);
        vec![Measured {
            title: format!("process echo of {n_mib} MiB, 1 worker"),
            unit: "ms an echo".to_owned(),
            series: rounds::interleaved(size.n_rounds, &lanes),
            targets: vec![Target::ratio(BETTER_OF_LABEL, &BETTER_OF, 1.0 / 8.0)],
        }]
    })
}

fn once<P: ProcessPool>(n_bytes: usize, n: u32) -> f64 {
    let pool = warm::<P>(1);
    millis_of_echo(n_bytes, n, |bytes| pool.echo(bytes))
}

fn by_socket(n_bytes: usize, n: u32) -> f64 {
    let peer = SocketEcho::start(n_bytes).expect("two processes share a socket");
    millis_of_echo(n_bytes, n, |mut bytes| {
        peer.echo(&mut bytes).expect("the peer answers");
        bytes
    })
}

/// What came back is sent again.
fn millis_of_echo(n_bytes: usize, n: u32, echo: impl Fn(Vec<u8>) -> Vec<u8>) -> f64 {
    let sent = pattern(n_bytes);
    let mut bytes = sent.clone();
    let mut elapsed = Duration::ZERO;
    for i in 0..n + N_BEFORE {
        let started = Instant::now();
        bytes = echo(bytes);
        if i >= N_BEFORE {
            elapsed += started.elapsed();
        }
        assert!(bytes == sent, "the buffer came back changed");
    }
    elapsed.as_secs_f64() * 1e3 / f64::from(n)
}

/// Bytes of which no two neighbouring pages are alike.
fn pattern(n_bytes: usize) -> Vec<u8> {
    let numbers = (0..n_bytes as u64 / 8).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    numbers.flat_map(u64::to_ne_bytes).collect()
}
