//! Chapter: the two deadlock examples of Python's documentation, ending in an answer.

use std::sync::mpsc;

use concurrent_futures::{BoxError, Error, SharedFuture, ThreadPoolExecutor, fallible};

use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Deadlocks that are none",
        "Python's documentation of ThreadPoolExecutor warns of two programs that hang for ever. These are the two.",
        include_str!("deadlocking.rs"),
    );

    page.step(
        "each other",
        "Two tasks that wait for each other",
        "Python: \"b will never complete because it is waiting on a\", and a on b. No answer can exist, so the \
         error names the tasks of the circle, instead of silence. It is found when the circle closes.",
    );
    // show: each other
    let pool = ThreadPoolExecutor::new(2)?;
    let (send_b, receive_b) = mpsc::channel::<SharedFuture<i32>>();
    let (send_a, receive_a) = mpsc::channel::<SharedFuture<i32>>();
    let a = pool.submit(fallible(move || -> Result<i32, BoxError> {
        let b = receive_b.recv()?;
        println!("    b gave {}", b.result()?); // waits for b, which waits for a
        Ok(5)
    }));
    let b = pool.submit(fallible(move || -> Result<i32, BoxError> {
        let a = receive_a.recv()?;
        println!("    a gave {}", a.result()?); // waits for a, which waits for b
        Ok(6)
    }));
    let (a, b) = (a.shared(), b.shared());
    send_b.send(b.clone())?;
    send_a.send(a.clone())?;
    let (a, b) = (a.result(), b.result());
    // end
    for (name, outcome) in [("a", &a), ("b", &b)] {
        if let Err(error) = outcome {
            page.measured(format!("{name}: {error}"));
        }
    }
    page.check(
        matches!((&a, &b), (Err(Error::Deadlock(_)), Err(Error::Deadlock(_)))),
        "both ended in Error::Deadlock",
    );
    page.check(pool.submit(|| 1).result()? == 1, "and the pool goes on");

    page.step(
        "one worker",
        "A task that waits for another, with one worker only",
        "Python: \"this will never complete because there is only one worker thread and it is executing this \
         function\". Here the worker sees that it waits for work it could do itself, and does it.",
    );
    // show: one worker
    let pool = ThreadPoolExecutor::new(1)?;
    let inner = pool.clone();
    let outer = pool.submit(fallible(move || inner.submit(|| u32::pow(5, 2)).result()));
    let power = outer.result()?;
    // end
    page.measured(format!(
        "pow(5, 2) is {power}, with {} thread",
        pool.stats().threads
    ));
    page.check(power == 25, "the answer is 25");

    page.step(
        "deep",
        "The same, a hundred levels deep",
        "Each level submits the next one to the same single worker and waits for it.",
    );
    // show: deep
    fn depth(pool: &ThreadPoolExecutor, levels: u32) -> Result<u32, Error> {
        if levels == 0 {
            return Ok(0);
        }
        let inner = pool.clone();
        Ok(1 + pool
            .submit(fallible(move || depth(&inner, levels - 1)))
            .result()?)
    }
    let levels = depth(&pool, 100)?;
    // end
    page.measured(format!(
        "{levels} levels, with {} thread",
        pool.stats().threads
    ));
    page.check(levels == 100, "every level got its answer");
    Ok(())
}
