//! What a task may return: a value, or a `Result` of which the error is the failure of the call.

use std::{error::Error as StdError, fmt, io, num::ParseIntError};

use cf_core::{Error, Executor, InlineExecutor};
use cf_task::{Call, Failure, RemoteError, task};

use crate::cross::cross;

#[derive(Debug, PartialEq)]
pub(crate) struct NoInk;

impl fmt::Display for NoInk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no ink")
    }
}

impl StdError for NoInk {}

#[task]
fn own_error(fail: bool) -> Result<u8, NoInk> {
    if fail { Err(NoInk) } else { Ok(1) }
}

#[task]
fn io_error(fail: bool) -> io::Result<u8> {
    if fail {
        Err(io::Error::other("no ink"))
    } else {
        Ok(1)
    }
}

#[task]
fn fmt_error(fail: bool) -> fmt::Result {
    if fail { Err(fmt::Error) } else { Ok(()) }
}

#[task]
fn boxed_error(fail: bool) -> Result<u8, Box<dyn StdError + Send + Sync>> {
    if fail { Err("no ink".into()) } else { Ok(1) }
}

#[task]
fn text_error(fail: bool) -> Result<u8, String> {
    if fail {
        Err("no ink".to_owned())
    } else {
        Ok(1)
    }
}

#[task]
fn static_text_error(fail: bool) -> Result<u8, &'static str> {
    if fail { Err("no ink") } else { Ok(1) }
}

#[task]
fn core_error(fail: bool) -> Result<u8, Error> {
    if fail {
        Err(Error::BrokenPromise)
    } else {
        Ok(1)
    }
}

#[task]
#[expect(unused_qualifications, reason = "it is known by its last word")]
fn full_path(text: &str) -> std::result::Result<u8, ParseIntError> {
    text.parse()
}

type Outcome = Result<u8, String>;

#[task]
fn not_flattened(fail: bool) -> Outcome {
    text_error(fail)
}

#[task]
fn optional(there: bool) -> Option<u8> {
    there.then_some(1)
}

#[task]
fn nested(fail: bool) -> Result<Result<u8, String>, String> {
    Ok(text_error(fail))
}

fn here<T: Send + 'static>(call: Call<T>) -> Result<T, Error> {
    InlineExecutor::new().submit(call).result()
}

#[test]
fn the_value_of_a_result_is_the_value_of_the_call() {
    assert_eq!(here(own_error::task(false)).unwrap(), 1);
    assert_eq!(here(io_error::task(false)).unwrap(), 1);
    here(fmt_error::task(false)).unwrap();
    assert_eq!(here(boxed_error::task(false)).unwrap(), 1);
    assert_eq!(here(full_path::task("7")).unwrap(), 7);

    assert_eq!(cross(&own_error::task(false)).unwrap(), 1);
    assert_eq!(cross(&io_error::task(false)).unwrap(), 1);
    cross(&fmt_error::task(false)).unwrap();
    assert_eq!(cross(&text_error::task(false)).unwrap(), 1);
    assert_eq!(cross(&static_text_error::task(false)).unwrap(), 1);
    assert_eq!(cross(&core_error::task(false)).unwrap(), 1);
}

#[test]
fn here_the_error_is_the_real_one() {
    assert_eq!(
        here(own_error::task(true)).unwrap_err().downcast_ref(),
        Some(&NoInk)
    );
    let error = here(io_error::task(true)).unwrap_err();
    assert_eq!(
        error.downcast_ref::<io::Error>().unwrap().kind(),
        io::ErrorKind::Other
    );
    assert_eq!(
        here(fmt_error::task(true)).unwrap_err().downcast_ref(),
        Some(&fmt::Error)
    );
    assert_eq!(
        here(boxed_error::task(true)).unwrap_err().to_string(),
        "no ink"
    );
    assert!(
        here(full_path::task("x"))
            .unwrap_err()
            .downcast_ref::<ParseIntError>()
            .is_some()
    );
    assert!(matches!(
        here(core_error::task(true)),
        Err(Error::BrokenPromise)
    ));
}

#[test]
fn on_another_thread_the_error_is_the_real_one() {
    use cf_core::Callable;

    let call = own_error::task(true);
    let outcome = std::thread::spawn(move || call.call()).join().unwrap();
    assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&NoInk));
}

fn remote<T: fmt::Debug>(call: &Call<T>) -> (String, String) {
    let error = cross(call).unwrap_err().into_error(77);
    let remote: &RemoteError = error.downcast_ref().unwrap();
    assert_eq!(remote.pid(), 77);
    (remote.type_name().to_owned(), remote.to_string())
}

#[test]
fn elsewhere_the_error_is_told_with_the_name_of_its_type() {
    let no_ink = "no ink".to_owned();
    assert_eq!(
        remote(&own_error::task(true)),
        ("it::results::NoInk".to_owned(), no_ink.clone())
    );
    assert_eq!(
        remote(&io_error::task(true)),
        ("std::io::error::Error".to_owned(), no_ink.clone())
    );
    assert_eq!(remote(&fmt_error::task(true)).0, "core::fmt::Error");
    assert_eq!(
        remote(&text_error::task(true)),
        ("alloc::string::String".to_owned(), no_ink.clone())
    );
    assert_eq!(
        remote(&static_text_error::task(true)),
        ("&str".to_owned(), no_ink.clone())
    );
    let (type_name, message) = remote(&boxed_error::task(true));
    assert!(type_name.contains("dyn core::error::Error"), "{type_name}");
    assert_eq!(message, no_ink);
    assert_eq!(
        remote(&full_path::task("x")).0,
        "core::num::error::ParseIntError"
    );
}

#[test]
fn an_error_of_ours_stays_itself_elsewhere() {
    assert_eq!(cross(&core_error::task(true)), Err(Failure::BrokenPromise));
}

#[test]
fn only_what_is_named_result_is_flattened() {
    assert_eq!(
        here(not_flattened::task(true)).unwrap(),
        Err("no ink".to_owned())
    );
    assert_eq!(
        cross(&not_flattened::task(true)).unwrap(),
        Err("no ink".to_owned())
    );
    assert_eq!(cross(&not_flattened::task(false)).unwrap(), Ok(1));
    assert_eq!(
        cross(&nested::task(true)).unwrap(),
        Err("no ink".to_owned())
    );
    assert_eq!(cross(&optional::task(false)).unwrap(), None);
}
