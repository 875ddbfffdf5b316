//! Calls that wait for each other: as many run at the same time as there are workers.

use cf_pool::{ProcessPoolExecutor, task};

use crate::{
    door::{Door, knock, visit},
    gate::ends,
};

const N_WORKERS: u32 = 4;
const N_ROUNDS: u32 = 4;
/// More than a worker's memory holds, so that it must be given piece by piece.
const LARGE_BYTES: usize = 6 << 20;

#[task]
fn bring(load: &[u8], address: &str, name: u32) -> usize {
    knock(address, name);
    load.len()
}

/// All of them are there, and have nothing to do.
fn warm(door: &Door) -> ProcessPoolExecutor {
    let pool = ProcessPoolExecutor::new(N_WORKERS as usize).unwrap();
    let visits: Vec<_> = (0..N_WORKERS)
        .map(|n| pool.submit(visit::task(door.address(), n)))
        .collect();
    drop(door.guests(N_WORKERS as usize));
    for visit in visits {
        visit.result().unwrap();
    }
    pool
}

#[test]
fn large_calls_run_on_all_workers_at_the_same_time() {
    ends(|| {
        let load = vec![7; LARGE_BYTES];
        for _ in 0..N_ROUNDS {
            let door = Door::new();
            let pool = warm(&door);
            let calls: Vec<_> = (0..2 * N_WORKERS)
                .map(|n| pool.submit(bring::task(&load, door.address(), n)))
                .collect();
            for _ in 0..2 {
                // None of them goes on before all are there.
                drop(door.guests(N_WORKERS as usize));
            }
            for call in calls {
                assert_eq!(call.result().unwrap(), LARGE_BYTES);
            }
        }
    });
}

#[test]
fn a_large_call_waits_for_no_small_one_while_a_worker_has_nothing_to_do() {
    ends(|| {
        for _ in 0..N_ROUNDS {
            let door = Door::new();
            let pool = warm(&door);
            let calls: Vec<_> = (0..N_WORKERS)
                .map(|n| {
                    let n_bytes = if n % 2 == 0 { LARGE_BYTES } else { 1 };
                    pool.submit(bring::task(&vec![7; n_bytes], door.address(), n))
                })
                .collect();
            drop(door.guests(N_WORKERS as usize));
            for call in calls {
                call.result().unwrap();
            }
        }
    });
}
