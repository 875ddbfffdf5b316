//! Tasks that wait for tasks that wait for tasks.

use cf_core::Future;
use cf_pool::ThreadPoolExecutor;

use crate::gate::ends;

fn fib(pool: &ThreadPoolExecutor, n: u32) -> Future<u64> {
    let inner = pool.clone();
    pool.submit(move || {
        if n < 2 {
            return u64::from(n);
        }
        let (left, right) = (fib(&inner, n - 1), fib(&inner, n - 2));
        left.result().unwrap() + right.result().unwrap()
    })
}

#[test]
fn fib_of_20_with_a_task_for_each_node() {
    for n_workers in [1, 2, 4] {
        let value = ends(move || {
            let pool = ThreadPoolExecutor::new(n_workers).unwrap();
            fib(&pool, 20).result().unwrap()
        });
        assert_eq!(value, 6765);
    }
}

#[cfg(feature = "rayon")]
#[test]
fn fib_of_15_on_rayon() {
    fn fib(executor: &cf_pool::RayonExecutor, n: u32) -> Future<u64> {
        let inner = executor.clone();
        cf_core::ClosureExecutor::spawn(executor, move || {
            if n < 2 {
                return u64::from(n);
            }
            let (left, right) = (fib(&inner, n - 1), fib(&inner, n - 2));
            left.result().unwrap() + right.result().unwrap()
        })
    }
    for n_threads in [1, 2] {
        let value = ends(move || {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build()
                .unwrap();
            fib(&cf_pool::RayonExecutor::new(pool), 15)
                .result()
                .unwrap()
        });
        assert_eq!(value, 610);
    }
}

fn descend(pool: &ThreadPoolExecutor, depth: u32) -> Future<u32> {
    let inner = pool.clone();
    pool.submit(move || {
        if depth == 0 {
            0
        } else {
            1 + descend(&inner, depth - 1).result().unwrap()
        }
    })
}

#[test]
fn ten_thousand_nested_waits_end() {
    for n_workers in [1, 2] {
        let depth = ends(move || {
            let pool = ThreadPoolExecutor::new(n_workers).unwrap();
            descend(&pool, 10_000).result().unwrap()
        });
        assert_eq!(depth, 10_000);
    }
}

#[test]
fn nested_waits_end_on_small_stacks() {
    let depth = ends(|| {
        let pool = ThreadPoolExecutor::builder()
            .max_workers(1)
            .stack_size(256 << 10)
            .build()
            .unwrap();
        descend(&pool, 1000).result().unwrap()
    });
    assert_eq!(depth, 1000);
}
