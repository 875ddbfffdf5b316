//! What is steady enough for criterion: a round trip to a thread and to a process, a done future, a chain of `map`.

use std::hint::black_box;

use cf_core::{Executor as _, InlineExecutor, Promise};
use cf_pool::{ProcessPoolExecutor, ThreadPoolExecutor, task};
use criterion::Criterion;

const N_WORKERS: usize = 2;
const N_MAPS: u64 = 10;

#[task]
fn same(n: u64) -> u64 {
    n
}

fn main() {
    cf_pool::init();
    let mut criterion = Criterion::default().configure_from_args();
    round_trip(&mut criterion);
    process_round_trip(&mut criterion);
    done_future(&mut criterion);
    map_chain(&mut criterion);
    criterion.final_summary();
}

fn round_trip(criterion: &mut Criterion) {
    let pool = ThreadPoolExecutor::new(N_WORKERS).expect("the pool starts");
    criterion.bench_function("round trip", |bencher| {
        bencher.iter(|| pool.submit(|| black_box(1_u64)).result());
    });
}

fn process_round_trip(criterion: &mut Criterion) {
    let pool = ProcessPoolExecutor::new(1).expect("the pool starts");
    criterion.bench_function("round trip to a process", |bencher| {
        bencher.iter(|| pool.submit(same::task(black_box(1))).result());
    });
}

fn done_future(criterion: &mut Criterion) {
    criterion.bench_function("submit inline and take the result", |bencher| {
        bencher.iter(|| InlineExecutor::new().submit(|| black_box(1_u64)).result());
    });
    criterion.bench_function("set a promise and take the result", |bencher| {
        bencher.iter(|| {
            let (promise, future) = Promise::new();
            promise
                .set_result(black_box(1_u64))
                .expect("it was not set before");
            future.result()
        });
    });
}

fn map_chain(criterion: &mut Criterion) {
    criterion.bench_function("ten maps on a done future", |bencher| {
        bencher.iter(|| {
            let (promise, future) = Promise::new();
            promise
                .set_result(black_box(1_u64))
                .expect("it was not set before");
            (0..N_MAPS)
                .fold(future, |future, i| future.map(move |n| n + i))
                .result()
        });
    });
    criterion.bench_function("ten maps, then the promise is set", |bencher| {
        bencher.iter(|| {
            let (promise, future) = Promise::new();
            let chain = (0..N_MAPS).fold(future, |future, i| future.map(move |n| n + i));
            promise
                .set_result(black_box(1_u64))
                .expect("it was not set before");
            chain.result()
        });
    });
}
