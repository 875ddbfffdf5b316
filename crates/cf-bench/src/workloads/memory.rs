//! Memory: what a task costs that is queued behind a gate, in allocations, bytes asked for, and resident bytes.
//!
//! Every contender has a process of its own, since a heap that was used before hides what is taken anew. The handles
//! count: "a pending task all told" is what the pool keeps and what the caller keeps. Their vector is allocated and
//! touched beforehand, and added by its size, so that its growth does not blur the rest.

use std::{
    hint::black_box,
    mem::size_of,
    sync::{Arc, Barrier, Condvar, Mutex, PoisonError},
};

use crate::{
    case::Case,
    contenders::{
        AsyncTaskPool, Contender, FuturesPool, Ours, RayonMpsc, RayonOneshot, Rusty, SpawnBlocking,
        ThreadpoolMpsc, Unblock,
    },
    measured::{Measured, Series, Target},
    rounds::Size,
    sys::{count_allocations, resident_bytes},
};

const N_WORKERS: usize = 2;
const N_BYTES_AT_MOST: f64 = 128.0;
/// The queue's own blocks are shared by many tasks: a fraction of an allocation each, which the target leaves room for.
const N_ALLOCATIONS_AT_MOST: f64 = 1.1;

pub(crate) fn cases(size: Size) -> Vec<Case> {
    vec![
        of::<Ours>(size),
        of::<SpawnBlocking>(size),
        of::<RayonOneshot>(size),
        of::<RayonMpsc>(size),
        of::<ThreadpoolMpsc>(size),
        of::<Rusty>(size),
        of::<Unblock>(size),
        of::<FuturesPool>(size),
        of::<AsyncTaskPool>(size),
    ]
}

fn of<C: Contender + 'static>(size: Size) -> Case {
    Case::new(format!("memory/{}", C::NAME), move || {
        measure::<C>(size.n_queued)
    })
}

fn measure<C: Contender>(n: u64) -> Vec<Measured> {
    let contender = C::start(N_WORKERS);
    let gate = Arc::new(Gate::default());
    let blocked = block_workers(&contender, &gate);

    let mut handles = touched_vec::<C::Handle<u64>>(n);
    let resident_before = resident_bytes().expect("resident memory can be read");
    let ((), allocated) = count_allocations(|| {
        handles.extend((0..n).map(|i| Some(contender.submit(move || black_box(i)))));
    });
    let resident_after = resident_bytes().expect("resident memory can be read");

    gate.open();
    for handle in blocked {
        contender.result(handle);
    }
    assert_eq!(
        contender.sum(handles.into_iter().flatten().collect()),
        n * (n - 1) / 2,
        "{} lost a result",
        C::NAME
    );

    let handle_bytes = size_of::<C::Handle<u64>>() as f64;
    let a_task = |total: f64| total / n as f64;
    let measured = |title: &str, unit: &str, value: f64, targets: Vec<Target>| Measured {
        title: title.to_owned(),
        unit: unit.to_owned(),
        series: vec![Series {
            contender: C::NAME.to_owned(),
            values: vec![value],
        }],
        targets,
    };
    vec![
        measured(
            "memory, allocations a queued task",
            "allocations",
            a_task(allocated.n_allocations as f64),
            vec![Target::value(
                "allocations, the queue's blocks included",
                N_ALLOCATIONS_AT_MOST,
            )],
        ),
        measured(
            "memory, bytes asked of the allocator and the handle",
            "bytes a task",
            a_task(allocated.live_bytes as f64) + handle_bytes,
            vec![Target::value(
                "bytes, queue and handle included",
                N_BYTES_AT_MOST,
            )],
        ),
        measured(
            "memory, resident and the handle",
            "bytes a task",
            a_task(resident_after.saturating_sub(resident_before) as f64) + handle_bytes,
            vec![Target::value(
                "resident bytes, queue and handle included",
                N_BYTES_AT_MOST,
            )],
        ),
    ]
}

/// Keeps every worker busy until the gate opens, so that all later tasks stay queued.
fn block_workers<C: Contender>(contender: &C, gate: &Arc<Gate>) -> Vec<C::Handle<()>> {
    let all_there = Arc::new(Barrier::new(N_WORKERS + 1));
    let handles = (0..N_WORKERS)
        .map(|_| {
            let (all_there, gate) = (Arc::clone(&all_there), Arc::clone(gate));
            contender.submit(move || {
                all_there.wait();
                gate.pass();
            })
        })
        .collect();
    all_there.wait();
    handles
}

/// An empty vector for `n` values whose memory is resident already.
fn touched_vec<T>(n: u64) -> Vec<Option<T>> {
    let n = usize::try_from(n).expect("the count fits");
    let mut values = Vec::with_capacity(n);
    values.resize_with(n, || None);
    values.clear();
    values
}

#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.opened
                .wait_while(open, |open| !*open)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}
