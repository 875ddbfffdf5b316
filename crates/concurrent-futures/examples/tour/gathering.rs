//! Chapter: many futures as one, one future for many.

use std::thread;

use concurrent_futures::{BoxError, Error, ThreadPoolExecutor, fallible, gather};

use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Gathering and sharing",
        "`gather` makes one future of many, and `shared` makes one future readable by many.",
        include_str!("gathering.rs"),
    );
    let pool = ThreadPoolExecutor::new(2)?;

    page.step(
        "gather",
        "gather: one future of all the values",
        "The values come in the order of the input. If one fails, the gathered future fails with that error.",
    );
    // show: gather
    let squares = gather((1..=5).map(|n| pool.submit(move || n * n))).result()?;
    let words = ["1", "2", "drei"];
    let numbers =
        gather(words.map(|word| pool.submit(fallible(move || word.parse::<i32>())))).result();
    // end
    page.measured(format!(
        "{squares:?}; and with a word among the numbers: {numbers:?}"
    ));
    page.check(squares == [1, 4, 9, 16, 25], "five squares in order");
    page.check(
        matches!(numbers, Err(Error::Raised(_))),
        "the third word's error is the answer for all three",
    );

    page.step(
        "shared",
        "shared: one result, several readers",
        "A `Future` is unique and gives its value away; a `SharedFuture` can be cloned and gives clones of it.",
    );
    // show: shared
    let answer = pool.submit(|| String::from("forty-two")).shared();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let answer = answer.clone();
            thread::spawn(move || answer.result())
        })
        .collect();
    let mut heard = vec![answer.result()?];
    for reader in readers {
        heard.push(reader.join().map_err(|_| "a reader panicked")??);
    }
    // end
    page.measured(format!("{heard:?}"));
    page.check(
        heard.len() == 4 && heard.iter().all(|word| word == "forty-two"),
        "all four read the same",
    );
    Ok(())
}
