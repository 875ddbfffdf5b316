//! Chapter: `map` over many items, with a bounded window and in chunks.

use std::cell::Cell;
use std::time::Instant;

use concurrent_futures::{BoxError, ThreadPoolExecutor};

use crate::page::{Page, spoken};

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Mapping",
        "`map` calls one function on many items and iterates over the results in the order of the input.",
        include_str!("mapping.rs"),
    );
    let pool = ThreadPoolExecutor::new(2)?;

    page.step(
        "map",
        "map: in order, one `Result` an item",
        "An item that fails is an `Err` at its place, and iteration goes on after it.",
    );
    // show: map
    let outcomes: Vec<_> = pool.map(|n: i32| 12 / n, [1, 2, 0, 4]).collect();
    // end
    page.measured(format!(
        "{:?}",
        outcomes.iter().map(|o| o.as_ref().ok()).collect::<Vec<_>>()
    ));
    page.check(
        matches!(outcomes[..], [Ok(12), Ok(6), Err(_), Ok(3)]),
        "the division by zero failed, the others did not",
    );

    page.step(
        "buffer",
        "buffer_size: only so many ahead",
        "Without it everything is submitted at once. With it the input is read as results are taken, so it may \
         be endless, and memory stays bounded.",
    );
    // show: buffer
    let pulled = Cell::new(0);
    let endless = (1u64..).inspect(|_| pulled.set(pulled.get() + 1));
    let first: Result<Vec<_>, _> = pool
        .map(|n| n * n, endless)
        .buffer_size(4)
        .take(10)
        .collect();
    // end
    page.measured(format!(
        "10 results taken of an endless input, {} items read",
        pulled.get()
    ));
    page.check(first?.iter().sum::<u64>() == 385, "the first ten squares");
    page.check(
        pulled.get() <= 10 + 4,
        "no more was read than was taken, plus the four ahead",
    );

    page.step(
        "chunks",
        "chunk_size: many tiny items in one task",
        "For items so small that handing them over costs more than computing them.",
    );
    const N_ITEMS: u64 = 200_000;
    // show: chunks
    let mut times = Vec::new();
    for chunk_size in [1, 64, 4096] {
        let begun = Instant::now();
        let mut sum = 0;
        for square in pool.map(|n| n * n % 7, 0..N_ITEMS).chunk_size(chunk_size) {
            sum += square?;
        }
        times.push((chunk_size, begun.elapsed(), sum));
    }
    // end
    for (chunk_size, took, _) in &times {
        let each = spoken(*took / N_ITEMS as u32);
        page.measured(format!(
            "chunks of {chunk_size:>4}: {} in all, {each} an item",
            spoken(*took)
        ));
    }
    page.check(
        times.iter().all(|time| time.2 == times[0].2),
        "the same sum every time",
    );
    Ok(())
}
