//! Chapter: tasks that borrow local data.

use concurrent_futures::{BoxError, ThreadPoolExecutor};

use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Borrowing",
        "A submitted task may outlive the function that submitted it, so it must own what it uses. Inside `scope` \
         it may borrow: the scope does not end before its tasks have.",
        include_str!("scoping.rs"),
    );
    let pool = ThreadPoolExecutor::new(2)?;

    page.step(
        "scope",
        "scope: borrow local data, without Arc and without clone",
        "Two tasks read one local text and write into two halves of one local array.",
    );
    // show: scope
    let text = String::from("one two three four five six");
    let words: Vec<&str> = text.split(' ').collect();
    let mut lengths = [0; 6];
    let (front, back) = lengths.split_at_mut(3);
    let measure = |half: &mut [usize], words: &[&str]| {
        for (length, word) in half.iter_mut().zip(words) {
            *length = word.len();
        }
    };
    pool.scope(|s| {
        let left = s.submit(|| measure(front, &words[..3]));
        let right = s.submit(|| measure(back, &words[3..]));
        left.result().and(right.result())
    })?;
    // end
    page.measured(format!(
        "the lengths are {lengths:?}, and {text:?} is still ours"
    ));
    page.check(
        lengths == [3, 3, 5, 4, 4, 3],
        "both halves were filled when the scope ended",
    );
    Ok(())
}
