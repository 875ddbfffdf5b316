//! Chapter: `wait` in its three modes, with a timeout, and over futures of different types.

use std::time::{Duration, Instant};

use concurrent_futures::{
    BoxError, Future, ReturnWhen, ThreadPoolExecutor, Waitable, fallible, wait, wait_timeout,
};

use crate::gate;
use crate::page::{Page, spoken};

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Waiting for several futures",
        "`submit` gives a future at once; `wait` blocks until enough of a set are done and says which are. In \
         this tour a task that takes a while stands at a gate, `gate.hold(value)`, until the tour opens it with \
         the gate's key. So every order you see is certain: nothing here sleeps and hopes.",
        include_str!("waiting.rs"),
    );
    let pool = ThreadPoolExecutor::new(3)?;
    let (key, gate) = gate::closed();

    page.step(
        "first completed",
        "ReturnWhen::FirstCompleted",
        "Returns as soon as one future is done. The set is passed by reference, so the futures stay ours.",
    );
    // show: first completed
    let slow = pool.submit(gate.hold("slow"));
    let quick = pool.submit(|| "quick");
    let begun = Instant::now();
    let set = wait([&slow, &quick], ReturnWhen::FirstCompleted);
    let took = begun.elapsed();
    // end
    page.measured(format!(
        "{} done, {} not done, after {}",
        set.done.len(),
        set.not_done.len(),
        spoken(took)
    ));
    page.check(
        quick.done() && !slow.done(),
        "the quick one is done, the slow one is still at its gate",
    );

    page.step(
        "first exception",
        "ReturnWhen::FirstException",
        "Returns when a future has failed; one that merely succeeded does not end the wait. If none fails, it \
         is the same as AllCompleted.",
    );
    // show: first exception
    let fine = pool.submit(|| 1);
    let held = pool.submit(gate.hold(2));
    let failed = pool.submit(fallible(|| "three".parse::<i32>()));
    let set = wait([&fine, &held, &failed], ReturnWhen::FirstException);
    // end
    page.measured(format!(
        "{} done, {} not done",
        set.done.len(),
        set.not_done.len()
    ));
    page.check(
        failed.done() && !held.done(),
        "the failed one is among the done, the held one is not",
    );

    page.step(
        "timeout",
        "A wait with a timeout",
        "When the time runs out you get the two sets as they are. Nothing is cancelled and no future is lost.",
    );
    // show: timeout
    let begun = Instant::now();
    let set = wait_timeout(
        [&failed, &held],
        Duration::from_millis(10),
        ReturnWhen::AllCompleted,
    );
    let took = begun.elapsed();
    // end
    page.measured(format!(
        "{} done, {} not done, after {}",
        set.done.len(),
        set.not_done.len(),
        spoken(took)
    ));
    page.check(
        set.not_done.len() == 1 && took >= Duration::from_millis(10),
        "exactly the held one is not done, and the full time was waited",
    );

    page.step(
        "all completed",
        "ReturnWhen::AllCompleted",
        "Returns when all are done, however they ended. Both lists keep the order of the input.",
    );
    // show: all completed
    key.open();
    let set = wait([fine, held, failed], ReturnWhen::AllCompleted);
    let results: Vec<_> = set.done.into_iter().map(Future::result).collect();
    // end
    page.measured(format!("{results:?}"));
    page.check(
        matches!(results[..], [Ok(1), Ok(2), Err(_)]),
        "three results in the order of the input: two values and the error of the third task",
    );

    page.step(
        "mixed",
        "Futures of different types in one set",
        "A set may mix result types, and futures of different executors: `wait` only asks whether they are done.",
    );
    // show: mixed
    let number = pool.submit(|| 6 * 7);
    let text = pool.submit(|| String::from("forty-two"));
    let set = wait([&number as &dyn Waitable, &text], ReturnWhen::AllCompleted);
    // end
    page.measured(format!(
        "{} done, {} not done",
        set.done.len(),
        set.not_done.len()
    ));
    page.check(
        number.result()? == 42 && text.result()? == "forty-two",
        "each kept its own type",
    );
    slow.result()?;
    Ok(())
}
