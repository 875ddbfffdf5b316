//! What errors say, what they carry, and how they turn into each other.

use std::{
    error::Error as StdError,
    fmt, io,
    panic::{self, AssertUnwindSafe, panic_any},
    process::Command,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use cf_core::{
    BoxError, BrokenExecutor, ClosureExecutor, Error, Executor, InlineExecutor, Panic,
    PanicLocation, Promise, Reason, TimedOut, Timeout, as_completed_timeout, fallible,
};

fn panic_of<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Panic {
    match InlineExecutor::new().submit(f).result() {
        Err(Error::Panicked(panic)) => panic,
        _ => unreachable!("it is to panic"),
    }
}

fn timed_out() -> TimedOut {
    let (_promise, mut future) = Promise::<u32>::new();
    future.result_timeout(Duration::ZERO).unwrap_err()
}

fn timed_out_of_set() -> TimedOut {
    let (_promise, pending) = Promise::<u32>::new();
    let futures = [InlineExecutor::new().submit(|| 7), pending];
    let last = as_completed_timeout(futures, Duration::ZERO).last();
    last.unwrap().unwrap_err()
}

fn full() -> Error {
    Error::Rejected(Reason::Full)
}

#[test]
fn messages_are_in_lower_case_without_a_full_stop() {
    let broken = BrokenExecutor::new(
        "a worker's initializer failed",
        Some(Error::TimedOut(Timeout::default())),
    );
    let no_thread = Reason::NoThread(Arc::new(io::Error::other("disk")));
    let (promise, future) = Promise::new();
    assert!(future.cancel());
    let messages = [
        Error::Cancelled.to_string(),
        Error::TimedOut(Timeout::default()).to_string(),
        Error::BrokenPromise.to_string(),
        Error::Panicked(panic_of(|| panic!("boom"))).to_string(),
        Error::EventLoopBlocked.to_string(),
        Error::InvalidState.to_string(),
        Error::Rejected(Reason::Shutdown).to_string(),
        full().to_string(),
        Error::Rejected(no_thread).to_string(),
        Error::BrokenExecutor(broken).to_string(),
        timed_out().to_string(),
        promise.set_result(7).unwrap_err().to_string(),
    ];
    for message in messages {
        assert!(message.starts_with(char::is_lowercase), "{message}");
        assert!(!message.ends_with(['.', '!', '\n']), "{message}");
        assert!(!message.contains("  "), "{message}");
    }
}

#[test]
fn messages_say_what_to_do_next() {
    let next_steps = [
        (Error::EventLoopBlocked, "aio_bridge::wrap_future"),
        (full(), "try again later, or use submit"),
    ];
    for (error, next_step) in next_steps {
        assert!(error.to_string().contains(next_step), "{error}");
    }
}

// F39: where Python has classes and bases.
#[test]
fn each_way_to_fail_is_a_variant_or_turns_into_one() {
    let (promise, future) = Promise::new();
    assert!(future.cancel());
    let refused = promise.set_result(7).unwrap_err();
    assert!(matches!(Error::from(refused), Error::InvalidState));
    assert!(matches!(Error::from(timed_out()), Error::TimedOut(_)));
    assert!(matches!(
        Error::from(Reason::Full),
        Error::Rejected(Reason::Full)
    ));
    let broken = BrokenExecutor::new("it broke", None);
    assert!(matches!(
        Error::from(Reason::Broken(broken)),
        Error::BrokenExecutor(_)
    ));
    assert!(matches!(future.result(), Err(Error::Cancelled)));
}

// F10
#[test]
fn a_timeout_is_passed_on_with_a_question_mark() {
    fn read() -> Result<u32, Error> {
        let (_promise, mut future) = Promise::<u32>::new();
        future.result_timeout(Duration::ZERO)?
    }

    assert!(matches!(read(), Err(Error::TimedOut(_))));
}

#[test]
fn a_timeout_counts_what_is_unfinished() {
    let (single, of_set) = (timed_out(), timed_out_of_set());
    assert_eq!((single.unfinished(), single.total()), (1, 1));
    assert_eq!((of_set.unfinished(), of_set.total()), (1, 2));
    assert_eq!(of_set.to_string(), "1 (of 2) futures unfinished");
    assert!(single == timed_out() && single != of_set);
}

/// An error with a cause.
#[derive(Debug)]
struct Outer(io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl StdError for Outer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

fn chain(error: &dyn StdError) -> Vec<String> {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_causes_of_a_raised_error_are_chained() {
    let future =
        InlineExecutor::new().spawn(fallible(|| Err::<(), _>(Outer(io::Error::other("inner")))));
    let error = future.result().unwrap_err();
    assert_eq!(chain(&error), ["outer", "inner"]);
    let Error::Raised(exception) = &error else {
        unreachable!("{error:?}")
    };
    assert_eq!(chain(exception), ["outer", "inner"]);
    assert_eq!(chain(exception.get_ref()), ["outer", "inner"]);
    assert!(exception.downcast_ref::<Outer>().is_some());
    assert!(error.downcast_ref::<Outer>().is_some());
}

#[test]
fn the_cause_of_a_break_is_chained() {
    let cause = Error::from_box(Box::new(Outer(io::Error::other("inner"))));
    let broken = BrokenExecutor::new("the initializer failed", Some(cause));
    let error = Error::BrokenExecutor(broken.clone());
    assert_eq!(
        chain(&error),
        ["the initializer failed: outer", "outer", "inner"]
    );
    assert_eq!(chain(&broken), chain(&error));
    let alone = BrokenExecutor::new("it broke", None);
    assert_eq!(chain(&alone), ["it broke"]);
}

#[test]
fn errors_without_a_cause_have_no_source() {
    for error in [
        Error::Cancelled,
        Error::TimedOut(Timeout::default()),
        Error::BrokenPromise,
        Error::InvalidState,
        full(),
        Error::Panicked(panic_of(|| panic!("boom"))),
    ] {
        assert!(error.source().is_none(), "{error:?}");
        assert!(error.downcast_ref::<io::Error>().is_none());
    }
}

#[test]
fn a_boxed_error_of_ours_is_recognised() {
    let boxed: BoxError = Box::new(Error::BrokenPromise);
    assert!(matches!(Error::from_box(boxed), Error::BrokenPromise));
    let nested: BoxError = Box::new(timed_out());
    assert!(matches!(Error::from_box(nested), Error::Raised(_)));
}

#[test]
fn an_error_is_cloned_without_its_contents() {
    let error = Error::from_box(Box::new(Outer(io::Error::other("inner"))));
    let clone = error.clone();
    let (a, b) = (
        error.downcast_ref::<Outer>().unwrap(),
        clone.downcast_ref::<Outer>().unwrap(),
    );
    assert!(std::ptr::eq(a, b));
}

#[test]
fn a_panic_tells_its_message_whatever_text_it_is() {
    assert_eq!(panic_of(|| panic!("boom")).message(), "boom");
    assert_eq!(panic_of(|| panic!("{}", 7)).message(), "7");
    assert_eq!(
        panic_of(|| panic_any(String::from("owned"))).message(),
        "owned"
    );
    assert_eq!(
        panic_of(|| panic_any(7)).message(),
        "a payload that is not text"
    );
}

#[test]
fn a_panic_tells_where_it_began() {
    let line = line!() + 1;
    let panic = panic_of(|| panic!("boom"));
    let place = panic.location().unwrap();
    assert!(place.file().ends_with("error.rs"));
    assert_eq!(place.line(), line);
    assert!(place.column() > 1);
    let text = Error::Panicked(panic.clone()).to_string();
    assert_eq!(text, format!("task panicked: boom (at {place})"));
}

#[test]
fn an_unwind_that_is_no_panic_has_no_place() {
    // One that had a place came before, on the same thread.
    assert!(panic_of(|| panic!("boom")).location().is_some());
    let panic = panic_of(|| panic::resume_unwind(Box::new("thrown")));
    assert!(panic.location().is_none());
    assert_eq!(Error::Panicked(panic).to_string(), "task panicked: thrown");
}

#[test]
fn a_panic_tells_its_thread() {
    let named = thread::Builder::new().name("printer".to_owned());
    let panic = named.spawn(|| panic_of(|| panic!("boom"))).unwrap();
    assert_eq!(panic.join().unwrap().thread(), "printer");
    let unnamed = thread::spawn(|| panic_of(|| panic!("boom")));
    assert_eq!(unnamed.join().unwrap().thread(), "unnamed thread");
}

#[test]
fn resume_unwinds_with_the_original_payload() {
    #[derive(Debug, PartialEq)]
    struct Payload(u32);

    let panic = panic_of(|| panic_any(Payload(7)));
    let caught = panic::catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err();
    assert_eq!(*caught.downcast::<Payload>().unwrap(), Payload(7));
}

#[test]
fn resume_of_a_second_clone_unwinds_with_the_message() {
    let panic = panic_of(|| panic!("boom"));
    let clone = panic.clone();
    panic::catch_unwind(AssertUnwindSafe(|| panic.resume())).unwrap_err();
    let caught = panic::catch_unwind(AssertUnwindSafe(|| clone.resume())).unwrap_err();
    assert_eq!(*caught.downcast::<String>().unwrap(), "boom");
}

#[test]
fn a_panic_of_another_process_is_told_like_one_of_ours() {
    let place = PanicLocation::new("src/shop.rs", 12, 5);
    let panic = Panic::remote("boom".to_owned(), "main".to_owned(), Some(place.clone()));
    assert_eq!((panic.message(), panic.thread()), ("boom", "main"));
    assert_eq!(panic.location(), Some(&place));
    let text = Error::Panicked(panic).to_string();
    assert_eq!(text, "task panicked: boom (at src/shop.rs:12:5)");
}

#[test]
fn a_panic_of_another_process_resumes_with_its_message_and_place() {
    let place = PanicLocation::new("src/shop.rs", 12, 5);
    let remote = Panic::remote("boom".to_owned(), "main".to_owned(), Some(place.clone()));
    let clone = remote.clone();
    let caught = panic::catch_unwind(AssertUnwindSafe(|| clone.resume())).unwrap_err();
    assert_eq!(*caught.downcast::<String>().unwrap(), "boom");
    let again = panic_of(move || remote.resume());
    assert_eq!(again.location(), Some(&place));
}

#[test]
fn a_resumed_panic_keeps_its_first_place() {
    let first = panic_of(|| panic!("boom"));
    let place = first.location().unwrap().clone();
    let second = panic_of(move || first.resume());
    assert_eq!(second.location(), Some(&place));
    assert_eq!(second.message(), "boom");
}

#[test]
fn an_unwind_with_an_error_of_ours_is_that_error() {
    let future = InlineExecutor::new()
        .submit(|| panic::resume_unwind(Box::new(Error::TimedOut(Timeout::default()))));
    let error: Result<(), _> = future.result();
    assert!(matches!(error, Err(Error::TimedOut(_))));
}

#[test]
fn a_payload_that_panics_when_dropped_harms_nobody() {
    struct Bomb(mpsc::Sender<()>);

    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
            panic!("dropped");
        }
    }

    let (sender, receiver) = mpsc::channel();
    let future = InlineExecutor::new().submit(move || -> u32 { panic_any(Bomb(sender)) });
    let error = future.result().unwrap_err();
    drop(error.clone());
    assert!(receiver.try_recv().is_err());
    drop(error);
    assert!(receiver.try_recv().is_ok());
}

#[test]
fn a_panic_hook_of_the_program_still_sees_a_caught_panic() {
    const NAME: &str = "error::a_panic_hook_of_the_program_still_sees_a_caught_panic";
    const ALONE: &str = "CF_ALONE";

    // The hook belongs to the whole process, so this is tested in one where nothing else runs.
    if std::env::var_os(ALONE).is_none() {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let output = alone.args([NAME, "--exact"]).env(ALONE, "1").output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
        return;
    }
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    panic::set_hook(Box::new(move |info| {
        let text = info.payload_as_str().map(str::to_owned);
        sender.lock().unwrap().send(text).unwrap();
    }));
    let panic = panic_of(|| panic!("boom"));
    assert_eq!(receiver.try_recv().unwrap().as_deref(), Some("boom"));
    assert!(panic.location().is_some());
    assert!(receiver.try_recv().is_err());
}
