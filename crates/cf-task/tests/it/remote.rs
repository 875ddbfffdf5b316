//! What is left of an error that was returned elsewhere.

use std::{error::Error as StdError, io};

use cf_core::Error;
use cf_task::{Failure, RemoteError};

fn remote(chain: &[&str]) -> Error {
    let chain = chain.iter().copied().map(String::from).collect();
    Failure::Raised {
        type_name: "shop::Error".into(),
        chain,
    }
    .into_error(4242)
}

#[test]
fn it_displays_as_the_error_did() {
    let error = remote(&["cannot pay", "no money"]);
    assert_eq!(error.to_string(), "cannot pay");
    assert_eq!(
        error.downcast_ref::<RemoteError>().unwrap().to_string(),
        "cannot pay"
    );
}

#[test]
fn it_debugs_as_all_that_is_known() {
    let error = remote(&["cannot pay", "no money", "no work"]);
    assert_eq!(
        format!("{:?}", error.downcast_ref::<RemoteError>().unwrap()),
        r#"shop::Error in process 4242: "cannot pay", caused by "no money", caused by "no work""#
    );
}

#[test]
fn its_sources_are_the_messages_that_came() {
    let error = remote(&["cannot pay", "no money"]);
    let source = error
        .downcast_ref::<RemoteError>()
        .unwrap()
        .source()
        .unwrap();
    assert_eq!(
        (source.to_string().as_str(), source.source().is_none()),
        ("no money", true)
    );
}

#[test]
fn it_is_not_the_type_that_it_was() {
    let failure = Failure::of(Box::new(io::Error::other("disk")), "std::io::error::Error");
    assert!(failure.into_error(7).downcast_ref::<io::Error>().is_none());
}

#[test]
fn it_is_a_value_like_others() {
    let error = remote(&["cannot pay", "no money"]);
    let one: &RemoteError = error.downcast_ref().unwrap();
    assert_eq!(one.clone(), *one);
    let other = remote(&["cannot pay", "no time"]);
    assert_ne!(one, other.downcast_ref().unwrap());
}

/// A worker whose task used a pool of its own.
#[test]
fn through_two_processes_messages_and_type_stay() {
    let error = Failure::from(remote(&["cannot pay", "no money"])).into_error(1);
    assert_eq!(error.to_string(), "cannot pay");
    let remote: &RemoteError = error.downcast_ref().unwrap();
    assert_eq!(remote.source().unwrap().to_string(), "no money");
    assert_eq!(remote.type_name(), "shop::Error");
}
