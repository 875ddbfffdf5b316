//! Chapter: code written against the `Executor` trait runs on every executor.

use concurrent_futures::{BoxError, ClosureExecutor, InlineExecutor, ThreadPoolExecutor};

use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Any executor",
        "An executor is whatever turns a callable into a future: a thread pool, a rayon pool (feature `rayon`), \
         or the caller's own thread, which is handy in tests and when looking for a bug.",
        include_str!("executing.rs"),
    );
    let pool = ThreadPoolExecutor::new(2)?;

    page.step(
        "generic",
        "One function, two executors",
        "`ClosureExecutor` is the bound for code that submits closures. `InlineExecutor` runs them at once.",
    );
    // show: generic
    fn sum_of_squares(executor: &impl ClosureExecutor, upto: u64) -> Result<u64, BoxError> {
        let futures: Vec<_> = (1..=upto).map(|n| executor.spawn(move || n * n)).collect();
        let mut sum = 0;
        for future in futures {
            sum += future.result()?;
        }
        Ok(sum)
    }
    let (on_threads, right_here) = (
        sum_of_squares(&pool, 100)?,
        sum_of_squares(&InlineExecutor, 100)?,
    );
    // end
    page.measured(format!("{on_threads} on threads, {right_here} inline"));
    page.check(
        on_threads == 338_350 && right_here == on_threads,
        "both give the same",
    );
    Ok(())
}
