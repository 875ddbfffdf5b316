//! Idle: whether any thread of a warm pool wakes up while there is nothing to do.

use std::{hint::black_box, thread, time::Duration};

use crate::{
    case::Case,
    contenders::{Contender, lanes, warm},
    measured::{Measured, Target},
    rounds::{self, Size},
    sys::{context_switches_of_others, cpu_time},
};

const N_WORKERS: usize = 2;
const N_TASKS_BEFORE: u64 = 10_000;
/// Time to fall asleep in: far beyond any spin window.
const SETTLING: Duration = Duration::from_millis(300);

pub(crate) fn case(size: Size) -> Case {
    Case::new("idle", move || {
        let wakeups = lanes!(wakeups(size.idle): Ours, SpawnBlocking, RayonOneshot, AsyncTaskPool);
        let cpu = lanes!(cpu(size.idle): Ours, SpawnBlocking, RayonOneshot, AsyncTaskPool);
        vec![
            Measured {
                title: format!("idle for {} s, 2 workers, wake-ups", size.idle.as_secs()),
                unit: "voluntary context switches".to_owned(),
                series: rounds::interleaved(1, &wakeups),
                targets: vec![Target::value("wake-ups", 0.0)],
            },
            Measured {
                title: format!(
                    "idle for {} s, 2 workers, processor time of the process",
                    size.idle.as_secs()
                ),
                unit: "us".to_owned(),
                series: rounds::interleaved(1, &cpu),
                targets: Vec::new(),
            },
        ]
    })
}

/// A thread that is gone at the end must have woken up to go, and counts as one.
fn wakeups<C: Contender>(idle: Duration) -> f64 {
    let _contender = settled::<C>();
    let before = context_switches_of_others().expect("context switches can be read");
    thread::sleep(idle);
    let after = context_switches_of_others().expect("context switches can be read");
    let moved = before
        .iter()
        .map(|(id, n)| after.get(id).map_or(1, |later| later - n));
    moved.sum::<u64>() as f64
}

fn cpu<C: Contender>(idle: Duration) -> f64 {
    let _contender = settled::<C>();
    let before = cpu_time();
    thread::sleep(idle);
    (cpu_time() - before).as_secs_f64() * 1e6
}

fn settled<C: Contender>() -> C {
    let contender = warm::<C>(N_WORKERS);
    let handles = (0..N_TASKS_BEFORE)
        .map(|i| contender.submit(move || black_box(i)))
        .collect();
    contender.sum(handles);
    thread::sleep(SETTLING);
    contender
}
