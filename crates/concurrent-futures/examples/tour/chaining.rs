//! Chapter: futures made from futures, with the words `Result` has.

use std::time::Instant;

use concurrent_futures::{BoxError, Error, ThreadPoolExecutor, Timeout, fallible};

use crate::gate;
use crate::page::{Page, spoken};

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Chaining",
        "A future has the combinators of `Result`: `map`, `map_err`, `and_then`, `or_else`, and `then` for both \
         outcomes. They do not block; each gives the next future.",
        include_str!("chaining.rs"),
    );
    let pool = ThreadPoolExecutor::new(2)?;

    page.step(
        "success",
        "map and and_then: one step after another",
        "`map` changes the value on the thread that completes the future, so keep it short. `and_then` goes on \
         with another future, here a new task on the same pool; pools are cheap to clone.",
    );
    // show: success
    let next = pool.clone();
    let squared = pool
        .submit(|| "the quick brown fox")
        .map(|text| text.split(' ').count())
        .and_then(move |n_words| next.submit(move || n_words * n_words))
        .result()?;
    // end
    page.measured(format!("4 words, squared: {squared}"));
    page.check(squared == 16, "the value went through both steps");

    page.step(
        "recovery",
        "or_else and map_err: what to do when it fails",
        "A failure skips every `map` and `and_then` on its way, as `?` would, until somebody handles it.",
    );
    // show: recovery
    let backup = pool.clone();
    let port = pool
        .submit(fallible(|| "http".parse::<u16>()))
        .map(|port| port + 1)
        .or_else(move |_error| backup.submit(|| 8080))
        .result()?;
    let renamed = pool
        .submit(fallible(|| "http".parse::<u16>()))
        .map_err(|_error| Error::TimedOut(Timeout::default()))
        .result();
    // end
    page.measured(format!(
        "the port is {port}; the renamed error is {renamed:?}"
    ));
    page.check(
        port == 8080,
        "the failure skipped `map` and the backup answered",
    );
    page.check(
        matches!(renamed, Err(Error::TimedOut(_))),
        "`map_err` put another error in its place",
    );

    page.step(
        "both",
        "then and then_on: both outcomes in one closure",
        "`then` sees the whole `Result`. `then_on` does the same as a new task on an executor: use it for work \
         that is too long for the completing thread.",
    );
    // show: both
    let words = pool
        .submit(|| "nine")
        .then(|outcome| outcome.map(str::len))
        .result()?;
    let told = pool
        .submit(fallible(|| "nine".parse::<u8>()))
        .then_on(&pool, |outcome| {
            move || match outcome {
                Ok(n) => format!("the number {n}"),
                Err(error) => format!("no number, because: {error}"),
            }
        })
        .result()?;
    // end
    page.measured(format!("{words} letters; {told}"));
    page.check(
        words == 4 && told.starts_with("no number"),
        "both saw the outcome and gave a value",
    );

    page.step(
        "flatten",
        "flatten: a task that answers with a future",
        "`Future<Future<T>>` becomes `Future<T>`, without anybody waiting for the outer one.",
    );
    // show: flatten
    let inner = pool.clone();
    let flat = pool.submit(move || inner.submit(|| 25)).flatten();
    // end
    page.check(flat.result()? == 25, "the inner value came out");

    page.step(
        "long",
        "A very long chain",
        "Chains do not recurse, so their length is bounded by memory and not by the stack.",
    );
    const N_LINKS: u32 = 100_000;
    let (key, gate) = gate::closed();
    // show: long
    let mut future = pool.submit(gate.hold(0));
    for _ in 0..N_LINKS {
        future = future.map(|n| n + 1);
    }
    key.open();
    let begun = Instant::now();
    let n = future.result()?;
    // end
    let took = begun.elapsed();
    page.measured(format!(
        "{n} links in {}, {} a link",
        spoken(took),
        spoken(took / N_LINKS)
    ));
    page.check(n == N_LINKS, "every link ran once");
    Ok(())
}
