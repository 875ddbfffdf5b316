//! After a kill: from SIGKILL of the only worker to the next result on its slot, with the worker idle and with a call running.
//!
//! procspawn's pool fails the call that finds the worker dead, and the next is made again; CPython's is broken, and a new one
//! gives the result.

use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
    time::{Duration, Instant},
};

use cf_core::Error;

use crate::{
    case::Case,
    measured::{Measured, OURS, Target},
    process_pools::{CPython, OnProcesses, ProcessPool, ProcspawnPool, hold, warm},
    rounds::{self, Lane, Size},
    sys,
};

const MILLIS_AT_MOST: f64 = 20.0;
/// Far beyond any spin window.
const FALLING_ASLEEP: Duration = Duration::from_millis(5);

pub(crate) fn case(size: Size) -> Case {
    Case::new("process_after_kill", move || {
        let n = size.n_kills;
        let python = CPython::start();
        let idle = [
            Lane::new(OURS, move || idle(n)),
            Lane::new(ProcspawnPool::NAME, move || of_procspawn(n)),
            CPython::lane(
                python.as_ref(),
                format!("after_kill {n}"),
                Duration::from_millis(1),
            ),
        ];
        let busy = [Lane::new(OURS, move || busy(n))];
        let measured = |worker: &str, lanes: &[Lane]| Measured {
            title: format!("process pool, from SIGKILL of the {worker} worker to the next result"),
            unit: "ms".to_owned(),
            series: rounds::interleaved(size.n_rounds, lanes),
            targets: vec![Target::value("milliseconds", MILLIS_AT_MOST)],
        };
        vec![measured("idle", &idle), measured("busy", &busy)]
    })
}

fn idle(n: u32) -> f64 {
    let pool = warm::<OnProcesses>(1);
    mean_millis(n, || {
        let victim = asleep(&pool);
        let started = Instant::now();
        sys::kill(victim).expect("the worker can be killed");
        let successor = pool.result(pool.pid());
        let elapsed = started.elapsed();
        assert_ne!(successor, victim);
        elapsed
    })
}

fn of_procspawn(n: u32) -> f64 {
    let pool = warm::<ProcspawnPool>(1);
    mean_millis(n, || {
        let victim = asleep(&pool);
        let started = Instant::now();
        sys::kill(victim).expect("the worker can be killed");
        let successor = pool.pid_at_last();
        let elapsed = started.elapsed();
        assert_ne!(successor, victim);
        elapsed
    })
}

fn busy(n: u32) -> f64 {
    let pool = warm::<OnProcesses>(1);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let port = listener.local_addr().expect("it has a port").port();
    mean_millis(n, || {
        let victim = pool.result(pool.pid());
        let held = pool.0.submit(hold::task(port));
        let _connection = listener.accept().expect("the call comes to us");
        let started = Instant::now();
        sys::kill(victim).expect("the worker can be killed");
        let successor = pool.result(pool.pid());
        let elapsed = started.elapsed();
        assert_ne!(successor, victim);
        assert!(matches!(held.result(), Err(Error::WorkerDied(_))));
        elapsed
    })
}

/// The only worker, which has nothing to do and has noticed it.
fn asleep<P: ProcessPool>(pool: &P) -> u32 {
    let pid = pool.result(pool.pid());
    thread::sleep(FALLING_ASLEEP);
    pid
}

fn mean_millis(n: u32, measured: impl Fn() -> Duration) -> f64 {
    let sum: Duration = (0..n).map(|_| measured()).sum();
    sum.as_secs_f64() * 1e3 / f64::from(n)
}
