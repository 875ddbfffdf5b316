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
    let mut lengths = [0; 6];
    let (front, back) = lengths.split_at_mut(3);
    let n_words = pool.scope(|s| {
        let words = s.submit(|| text.split(' ').count());
        s.submit(|| {
            front
                .iter_mut()
                .zip(text.split(' '))
                .for_each(|(len, word)| *len = word.len())
        });
        s.submit(|| {
            back.iter_mut()
                .zip(text.split(' ').skip(3))
                .for_each(|(len, word)| *len = word.len())
        });
        words.result()
    })?;
    // end
    page.measured(format!(
        "{n_words} words of lengths {lengths:?}, and {text:?} is still ours"
    ));
    page.check(
        n_words == 6 && lengths == [3, 3, 5, 4, 4, 3],
        "all were done when the scope ended",
    );
    Ok(())
}
