//! Chapter: tasks that fail, by a panic, by an error, or by never being answered.

use std::fs;
use std::io;

use concurrent_futures::{BoxError, Error, Promise, ThreadPoolExecutor, fallible};

use crate::page::Page;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Failing",
        "However a task fails, it is seen in one place, its future, and takes neither the program nor the pool \
         nor another task with it.",
        include_str!("failing.rs"),
    );
    let pool = ThreadPoolExecutor::builder()
        .max_workers(1)
        .thread_name_prefix("clumsy")
        .build()?;

    page.step(
        "panic",
        "A task that panics",
        "The future holds the message, the place and the thread, and the payload if you want to resume it. \
         `exception` looks without taking. (The message on stderr is muted in this tour.)",
    );
    // show: panic
    let future = pool.submit(|| {
        let empty: Vec<u32> = Vec::new();
        empty[3]
    });
    let seen = future.exception();
    let Err(Error::Panicked(panic)) = future.result() else {
        return Err("a panic was expected".into());
    };
    // end
    let location = panic
        .location()
        .map_or_else(String::new, ToString::to_string);
    page.measured(format!("message   {}", panic.message()));
    page.measured(format!("location  {location}"));
    page.measured(format!("thread    {}", panic.thread()));
    page.check(seen.is_some(), "`exception` had seen it before");
    page.check(
        panic.message().contains("index is 3"),
        "the message is the one of the panic",
    );
    page.check(
        location.contains("failing.rs"),
        "the location is the line shown above",
    );
    page.check(
        pool.submit(|| 1).result()? == 1,
        "the same worker takes the next task",
    );

    page.step(
        "fallible",
        "A task that returns an error",
        "A closure that returns a `Result` is wrapped in `fallible`: its `Err` becomes the failure of the future, \
         so there are not two `Result`s to take apart. The original error is kept and can be downcast.",
    );
    // show: fallible
    let error = pool
        .submit(fallible(|| fs::read("/no/such/file")))
        .result()
        .expect_err("there is no such file");
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    // end
    page.measured(format!("{error}"));
    page.check(
        kind == Some(io::ErrorKind::NotFound),
        "the io::Error inside is still an io::Error",
    );

    page.step(
        "several",
        "`?` on several kinds of error",
        "Write `-> Result<_, BoxError>`, and `?` takes every error type.",
    );
    // show: several
    let parsed = pool.submit(fallible(|| -> Result<u64, BoxError> {
        let text = std::str::from_utf8(b"12 apples")?;
        let number = text.split(' ').next().ok_or("no first word")?;
        Ok(number.parse::<u64>()?)
    }));
    // end
    page.check(parsed.result()? == 12, "three ways to fail, and it did not");

    page.step(
        "broken promise",
        "A promise that is never kept",
        "A future can be made by hand, for work that is not a task. Whoever waits is told when the promise is \
         dropped unfulfilled, and never hangs.",
    );
    // show: broken promise
    let (promise, kept) = Promise::new();
    let accepted = promise.set_result("as promised").is_ok();
    let (promise, broken) = Promise::<u32>::new();
    drop(promise);
    // end
    page.check(
        accepted && kept.result()? == "as promised",
        "the kept one has its value",
    );
    page.check(
        matches!(broken.result(), Err(Error::BrokenPromise)),
        "the other is Error::BrokenPromise",
    );
    Ok(())
}
