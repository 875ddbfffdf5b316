//! Failures are data: every kind of error becomes one, crosses, and is an error again.

use std::{error::Error as StdError, fmt, time::Duration};

use cf_core::{BrokenExecutor, Deadlock, Error, Reason, TimedOut, Timeout, WorkerDied, WorkerExit};
use cf_task::{Failure, RemoteError, task};

use crate::{cross::cross, results::NoInk};

#[test]
fn what_crosses_comes_back_as_it_went() {
    let failures = [
        Failure::of(Box::new(NoInk), "shop::NoInk"),
        Failure::Panicked {
            message: "é".into(),
            thread: "main".into(),
            location: Some(("a.rs".into(), 1, 2)),
        },
        Failure::Panicked {
            message: String::new(),
            thread: String::new(),
            location: None,
        },
        Failure::Cancelled,
        Failure::TimedOut,
        Failure::BrokenPromise,
        Failure::Codec("no".into()),
        Failure::Unknown,
    ];
    for failure in failures {
        let bytes = postcard::to_stdvec(&failure).unwrap();
        assert_eq!(postcard::from_bytes::<Failure>(&bytes).unwrap(), failure);
    }
}

fn there_and_back(error: Error) -> Error {
    Failure::from(error).into_error(7)
}

#[test]
fn what_has_a_kind_of_its_own_keeps_it() {
    assert!(matches!(there_and_back(Error::Cancelled), Error::Cancelled));
    assert!(matches!(
        there_and_back(Error::BrokenPromise),
        Error::BrokenPromise
    ));
    assert!(matches!(
        there_and_back(Error::TimedOut(Timeout::default())),
        Error::TimedOut(_)
    ));
    assert!(matches!(
        there_and_back(Error::from(TimedOut::of_set(2, 5))),
        Error::TimedOut(_)
    ));
}

#[test]
fn what_belongs_to_the_worker_is_told_as_an_error_of_ours() {
    let errors = [
        Error::Rejected(Reason::Shutdown),
        Error::BrokenExecutor(BrokenExecutor::new("a pool", None)),
        Error::WorkerDied(WorkerDied::new(
            3,
            WorkerExit::Signal(9),
            Some("shop::pay".into()),
            false,
        )),
        Error::Deadlock(Deadlock::new(vec!["a".into(), "b".into()])),
        Error::EventLoopBlocked,
        Error::Interrupted,
        Error::InvalidState,
    ];
    for error in errors {
        let message = error.to_string();
        let back = there_and_back(error);
        let remote: &RemoteError = back.downcast_ref().unwrap();
        assert_eq!(
            (remote.type_name(), remote.pid()),
            ("cf_core::error::Error", 7)
        );
        assert_eq!(remote.to_string(), message);
    }
}

#[test]
fn the_limit_of_a_call_in_the_worker_is_a_wait_that_timed_out_here() {
    let late = Timeout::of_call(
        "shop::pay".into(),
        Duration::from_secs(2),
        Duration::from_secs(1),
    );
    let Error::TimedOut(timeout) = there_and_back(Error::TimedOut(late)) else {
        panic!()
    };
    assert_eq!(timeout.ran(), None);
}

#[test]
fn a_raised_error_keeps_message_and_sources() {
    let error = there_and_back(Error::from_box(Box::new(Layer(3))));
    assert_eq!(
        messages(&error),
        ["layer 3", "layer 2", "layer 1", "layer 0"]
    );
}

#[test]
fn a_codec_error_says_that_it_is_one() {
    let error = Failure::Codec("too short".into()).into_error(7);
    let remote: &RemoteError = error.downcast_ref().unwrap();
    assert_eq!(
        (remote.type_name(), remote.to_string().as_str()),
        ("cf_task::codec::CodecError", "too short")
    );
}

#[test]
fn an_unknown_task_says_what_to_do() {
    assert!(
        Failure::Unknown
            .into_error(7)
            .to_string()
            .contains("register it")
    );
}

/// An error with so many others below it.
#[derive(Debug)]
struct Layer(u32);

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {}", self.0)
    }
}

impl StdError for Layer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        static LAYERS: [Layer; 40] = {
            let mut layers = [const { Layer(0) }; 40];
            let mut index = 0;
            while index < layers.len() {
                layers[index] = Layer(index as u32);
                index += 1;
            }
            layers
        };
        let below = self.0.checked_sub(1)?;
        Some(&LAYERS[below as usize])
    }
}

/// An error that is its own cause.
#[derive(Debug)]
struct Circle;

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("round")
    }
}

impl StdError for Circle {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&Self)
    }
}

fn messages(error: &dyn StdError) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect()
}

#[task]
fn layers(n: u32) -> Result<(), Layer> {
    Err(Layer(n))
}

#[task]
fn circle() -> Result<(), Circle> {
    Err(Circle)
}

#[test]
fn of_a_long_chain_of_sources_the_first_32_cross() {
    for (n, expected) in [(0, 1), (1, 2), (30, 31), (31, 32), (32, 32), (40, 32)] {
        let error = cross(&layers::task(n)).unwrap_err().into_error(7);
        let messages = messages(&error);
        assert_eq!(messages.len(), expected);
        assert_eq!(messages[0], format!("layer {n}"));
        assert_eq!(
            messages[expected - 1],
            format!("layer {}", n + 1 - expected as u32)
        );
    }
    assert_eq!(
        messages(&cross(&circle::task()).unwrap_err().into_error(7)).len(),
        32
    );
}

#[test]
fn of_a_chain_that_came_too_long_the_first_32_are_kept() {
    let chain = (0..1_000_000).map(|n| n.to_string()).collect();
    let error = Failure::Raised {
        type_name: "shop::Error".into(),
        chain,
    }
    .into_error(7);
    let messages = messages(&error);
    assert_eq!((messages.len(), messages[31].as_str()), (32, "31"));
}

#[test]
fn a_chain_that_came_empty_is_an_error_without_words() {
    let error = Failure::Raised {
        type_name: "shop::Error".into(),
        chain: Vec::new(),
    }
    .into_error(7);
    assert_eq!(error.to_string(), "");
}

/// An error that cannot even say what is wrong.
#[derive(Debug)]
struct Speechless;

impl fmt::Display for Speechless {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}

impl StdError for Speechless {}

#[task]
fn speechless() -> Result<(), Speechless> {
    Err(Speechless)
}

#[test]
fn an_error_that_panics_while_it_is_told_is_a_panic() {
    let Err(Failure::Panicked { message, .. }) = cross(&speechless::task()) else {
        panic!()
    };
    assert_eq!(message, "no words");
}

#[task]
fn panics(text: &str) -> u8 {
    panic!("out of {text}")
}

#[task]
fn panics_with_a_number() -> u8 {
    std::panic::panic_any(7)
}

#[task]
fn unwinds_with_a_failure() -> u8 {
    // How a call without a `Result` reports that it could not be made.
    std::panic::panic_any(Error::EventLoopBlocked)
}

#[test]
fn a_panic_keeps_message_thread_and_place() {
    let failure = std::thread::Builder::new()
        .name("press 3".into())
        .spawn(|| cross(&panics::task("ink")).unwrap_err())
        .unwrap()
        .join()
        .unwrap();
    let Error::Panicked(panic) = failure.into_error(7) else {
        panic!()
    };
    assert_eq!((panic.message(), panic.thread()), ("out of ink", "press 3"));
    let place = panic.location().unwrap();
    assert!(
        place.file().ends_with("failure.rs") && place.line() > 0 && place.column() > 0,
        "{place}"
    );
}

#[test]
fn a_panic_without_text_is_a_panic_all_the_same() {
    let Err(Failure::Panicked { message, .. }) = cross(&panics_with_a_number::task()) else {
        panic!()
    };
    assert_eq!(message, "a payload that is not text");
}

#[test]
fn an_unwind_with_an_error_of_ours_is_that_error() {
    let error = cross(&unwinds_with_a_failure::task())
        .unwrap_err()
        .into_error(7);
    assert_eq!(error.to_string(), Error::EventLoopBlocked.to_string());
}
