//! What can be submitted, and how each thing that can be submitted fails.

use std::{
    io,
    num::ParseIntError,
    panic::panic_any,
    sync::{Arc, mpsc},
    thread,
};

use cf_core::{
    BoxError, Callable, ClosureExecutor, Error, Executor, InlineExecutor, Timeout, fallible,
};

fn seven() -> u32 {
    7
}

#[test]
fn closures_functions_and_pointers_are_callable() {
    let executor = InlineExecutor::new();
    let captured = String::from("seven");
    assert_eq!(executor.submit(move || captured.len()).result().unwrap(), 5);
    assert_eq!(executor.submit(seven).result().unwrap(), 7);
    assert_eq!(executor.submit(seven as fn() -> u32).result().unwrap(), 7);
    let boxed: Box<dyn FnOnce() -> u32 + Send> = Box::new(seven);
    assert_eq!(executor.submit(boxed).result().unwrap(), 7);
}

#[test]
fn a_type_can_be_callable() {
    struct Half(u32);

    impl Callable for Half {
        type Output = u32;

        fn call(self) -> Result<u32, Error> {
            if self.0.is_multiple_of(2) {
                Ok(self.0 / 2)
            } else {
                Err(Error::from_box("odd".into()))
            }
        }
    }

    let executor = InlineExecutor::new();
    assert_eq!(executor.submit(Half(8)).result().unwrap(), 4);
    let error = executor.submit(Half(7)).result().unwrap_err();
    assert!(matches!(&error, Error::Raised(_)) && error.to_string() == "odd");
}

#[test]
fn a_closure_is_called_once_and_dropped() {
    let captured = Arc::new(());
    let kept = Arc::clone(&captured);
    let future = InlineExecutor::new().submit(move || Arc::strong_count(&kept));
    assert_eq!(Arc::strong_count(&captured), 1);
    assert_eq!(future.result().unwrap(), 2);
}

#[test]
fn a_returned_result_is_a_value_unless_it_is_fallible() {
    let executor = InlineExecutor::new();
    let inner = executor.submit(|| "x".parse::<u8>()).result().unwrap();
    assert!(inner.is_err());
    let outer = executor.submit(fallible(|| "x".parse::<u8>())).result();
    assert!(outer.unwrap_err().downcast_ref::<ParseIntError>().is_some());
}

#[test]
fn a_fallible_closure_that_succeeds_gives_its_value() {
    let future = InlineExecutor::new().submit(fallible(|| "7".parse::<u8>()));
    assert_eq!(future.result().unwrap(), 7);
}

#[test]
fn a_fallible_closure_may_fail_in_several_ways() {
    fn read(text: &'static [u8]) -> impl Callable<Output = u8> {
        fallible(move || -> Result<u8, BoxError> {
            let text = std::str::from_utf8(text)?;
            let number: u8 = text.parse()?;
            if number == 0 {
                return Err("nothing".into());
            }
            Ok(number)
        })
    }

    let call = |text| InlineExecutor::new().spawn(read(text)).result();
    assert_eq!(call(b"7").unwrap(), 7);
    let of_text = call(b"\xff").unwrap_err();
    assert!(of_text.downcast_ref::<std::str::Utf8Error>().is_some());
    assert!(
        call(b"x")
            .unwrap_err()
            .downcast_ref::<ParseIntError>()
            .is_some()
    );
    assert_eq!(call(b"0").unwrap_err().to_string(), "nothing");
}

#[test]
fn an_error_of_ours_from_a_fallible_closure_stays_itself() {
    let call = |error: Error| {
        InlineExecutor::new()
            .submit(fallible(move || Err::<(), _>(error)))
            .result()
            .unwrap_err()
    };
    assert!(matches!(
        call(Error::TimedOut(Timeout::default())),
        Error::TimedOut(_)
    ));
    assert!(matches!(call(Error::BrokenPromise), Error::BrokenPromise));
}

#[test]
fn a_callable_that_returns_cancelled_unasked_was_not_cancelled() {
    let future = InlineExecutor::new().submit(fallible(|| Err::<(), _>(Error::Cancelled)));
    assert!(!future.cancelled());
    let error = future.result().unwrap_err();
    assert!(matches!(error, Error::Raised(_)), "{error:?}");
    assert!(matches!(
        error.downcast_ref::<Error>(),
        Some(Error::Cancelled)
    ));
}

#[test]
fn a_panic_is_an_error_of_the_future_and_not_of_the_submitter() {
    let future = InlineExecutor::new().submit(|| -> u32 { panic!("boom") });
    let Err(Error::Panicked(panic)) = future.result() else {
        panic!("it panicked")
    };
    assert_eq!(panic.message(), "boom");
}

#[test]
fn a_callable_type_may_panic_too() {
    struct Throws;

    impl Callable for Throws {
        type Output = ();

        fn call(self) -> Result<(), Error> {
            panic_any(7_u32)
        }
    }

    let future = InlineExecutor::new().submit(Throws);
    assert!(matches!(future.result(), Err(Error::Panicked(_))));
}

#[test]
fn a_cancelled_callable_is_dropped_and_a_panic_of_that_is_contained() {
    struct Bomb(mpsc::Sender<thread::ThreadId>);

    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).unwrap();
            panic!("dropped");
        }
    }

    let (sender, receiver) = mpsc::channel();
    let bomb = Bomb(sender);
    let submission = cf_core::Submission::new(move || drop(bomb), cf_core::host::Home::NOWHERE);
    let (task, future) = submission.split();
    assert!(future.cancel());
    assert_eq!(receiver.try_recv(), Ok(thread::current().id()));
    assert!(matches!(future.result(), Err(Error::Cancelled)));
    drop(task);
}

#[test]
fn a_task_that_is_dropped_unrun_breaks_its_promise() {
    let submission = cf_core::Submission::new(seven, cf_core::host::Home::NOWHERE);
    let (task, future) = submission.split();
    drop(task);
    assert!(matches!(future.result(), Err(Error::BrokenPromise)));
}

#[test]
fn an_io_error_is_found_by_its_type() {
    let future = InlineExecutor::new().submit(fallible(|| Err::<(), _>(io::Error::other("disk"))));
    let error = future.result().unwrap_err();
    assert!(error.downcast_ref::<io::Error>().is_some());
    assert!(error.downcast_ref::<ParseIntError>().is_none());
}
