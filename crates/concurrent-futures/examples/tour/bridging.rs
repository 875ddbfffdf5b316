//! Chapter: the bridge, from a loop of tasks to threads and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{
    BoxError, Close, Error, ThreadPoolExecutor, aio, checkpoint, fallible, future,
    run_coroutine_threadsafe, run_in_executor, sleep, to_thread, wait_for, wrap_future,
};
use tokio::runtime::Handle;

use crate::gate;
use crate::page::{Page, spoken};

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Awaiting it",
        "So far threads waited, by blocking. A loop has one thread for thousands of tasks, which wait by `.await`, and \
         nothing on it may block. The bridge leads from there to threads and back; the loop is tokio's.",
        include_str!("bridging.rs"),
    );
    let pool = ThreadPoolExecutor::new(2)?;

    page.step(
        "wrap",
        "wrap_future: await a blocking future",
        "`run` runs a coroutine on a loop of its own; in `#[tokio::main]` the rest is the same. The blocking future of \
         any executor becomes one that is awaited, with no thread that waits in between.",
    );
    // show: wrap
    let answer = aio::run(async {
        let blocking = pool.submit(|| 6 * 7); // .result() would block the loop
        wrap_future(blocking).await
    })??;
    // end
    page.measured(format!("the loop was handed {answer} by a thread"));
    page.check(answer == 42, "the value came over the bridge");

    aio::run(on_a_loop(page, &pool))?
}

/// The rest of the chapter is one coroutine.
async fn on_a_loop(page: &mut Page, pool: &ThreadPoolExecutor) -> Result<(), BoxError> {
    calling(page, pool).await?;
    limiting(page).await?;
    returning(page).await?;
    refusing(page, pool).await?;
    stopping(page, pool).await
}

async fn calling(page: &mut Page, pool: &ThreadPoolExecutor) -> Result<(), BoxError> {
    page.step(
        "call",
        "to_thread and run_in_executor: call what blocks",
        "Both start the call at once and give a future to await. `to_thread` has a pool of its own, one for each loop, \
         for what merely waits: files, locks, a database.",
    );
    // show: call
    let file = to_thread(fallible(|| std::fs::read_to_string("no such file")));
    let sum = run_in_executor(pool, || (1..=1_000_u64).sum::<u64>());
    let (file, sum) = (file.await, sum.await?); // both have been running all along
    // end
    if let Err(error) = &file {
        page.measured(format!("the sum is {sum}; the file: {error}"));
    }
    page.check(
        sum == 500_500 && matches!(file, Err(Error::Raised(_))),
        "a value and an error, each from a thread",
    );

    page.step(
        "gather",
        "gather: many at once, in the order given",
        "`aio::gather` is the awaited twin of `gather`; so are `aio::wait` and `aio::as_completed`. With `gather!` the \
         types may differ, and a coroutine is as good as a future.",
    );
    // show: gather
    let squares = aio::gather((1..=5_u64).map(|n| run_in_executor(pool, move || n * n)));
    let squares = squares.await?;
    let both = aio::gather!(to_thread(|| "a thread"), async { thread::current().id() });
    let (thread, task) = both.await?;
    // end
    page.measured(format!("{squares:?}; {thread:?} and {task:?}"));
    page.check(squares == [1, 4, 9, 16, 25], "all are there, in order");
    Ok(())
}

async fn limiting(page: &mut Page) -> Result<(), BoxError> {
    page.step(
        "limit",
        "wait_for: a time limit that takes the work back",
        "The only worker is busy, so the second call is queued still when its time is over: it is cancelled and never \
         runs. `close` is `shutdown` for a loop, which goes on meanwhile.",
    );
    let (key, gate) = gate::closed();
    let ran = Arc::new(AtomicBool::new(false));
    let note = {
        let ran = Arc::clone(&ran);
        move || ran.store(true, Ordering::Relaxed)
    };
    // show: limit
    let pool = ThreadPoolExecutor::new(1)?;
    let busy = run_in_executor(&pool, gate.hold("finished"));
    let queued = run_in_executor(&pool, note);
    let outcome = wait_for(queued, Duration::from_millis(5)).await;
    key.open();
    let busy = busy.await?;
    pool.close().await;
    // end
    if let Err(error) = &outcome {
        page.measured(format!("{error}; the busy one {busy}"));
    }
    page.check(outcome.is_err(), "its time was over");
    page.check(
        busy == "finished" && !ran.load(Ordering::Relaxed),
        "it never ran, and the other one was not disturbed",
    );
    Ok(())
}

async fn returning(page: &mut Page) -> Result<(), BoxError> {
    page.step(
        "return",
        "run_coroutine_threadsafe: from a worker back to the loop",
        "A worker has a coroutine run on the loop, and blocks for its value: it may, it is a thread. Under `to_thread`, \
         `from_thread::run` does the same and knows the loop by itself.",
    );
    // show: return
    let this_loop = Handle::current();
    let ran_on = to_thread(fallible(move || {
        let coroutine = async {
            sleep(Duration::from_millis(1)).await;
            thread::current().id()
        };
        run_coroutine_threadsafe(coroutine, &this_loop).result() // blocks the worker only
    }));
    let ran_on = ran_on.await?;
    // end
    page.measured(format!("the worker was told that it ran on {ran_on:?}"));
    page.check(
        ran_on == thread::current().id(),
        "which is the thread of the loop",
    );
    Ok(())
}

async fn refusing(page: &mut Page, pool: &ThreadPoolExecutor) -> Result<(), BoxError> {
    page.step(
        "refuse",
        "The guard: a blocking call on the loop is refused",
        "Forgetting `wrap_future` would stall every task, or hang for ever where the answer must come from one of them. \
         It is an error instead, at once; what is done already can be read anywhere.",
    );
    let (key, gate) = gate::closed();
    // show: refuse
    let pending = pool.submit(gate.hold("late"));
    let refused = pending.result(); // on the loop!
    // end
    key.open();
    if let Err(error) = &refused {
        page.measured(error);
    }
    page.check(
        matches!(refused, Err(Error::EventLoopBlocked)),
        "refused, instead of a stalled loop",
    );
    Ok(())
}

async fn stopping(page: &mut Page, pool: &ThreadPoolExecutor) -> Result<(), BoxError> {
    page.step(
        "stop",
        "cancel_and_wait: stop running work, and know that it has stopped",
        "Plain `cancel` lets the task go on at once, whatever the thread does. This one waits until the work has come \
         to a `checkpoint` and ended. The promise shows the other way: set by a thread, awaited here.",
    );
    // show: stop
    let (started, has_started) = future();
    let endless = run_in_executor(
        pool,
        fallible(move || -> Result<(), BoxError> {
            started.set_result(())?;
            loop {
                checkpoint()?;
                thread::yield_now(); // a slice of the work
            }
        }),
    );
    has_started.await?;
    let begun = Instant::now();
    let ended = endless.cancel_and_wait().await;
    let took = begun.elapsed();
    // end
    page.measured(format!("it had ended {} after the request", spoken(took)));
    page.check(
        matches!(ended, Err(Error::Cancelled)) && pool.stats().running == 0,
        "it ended as cancelled, and its worker is free",
    );
    Ok(())
}
