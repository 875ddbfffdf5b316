//! Types for formats whose bytes say what they are; postcard's do not.

use std::collections::BTreeMap;

use cf_task::{Failure, Outgoing, task};
use serde::{Deserialize, Serialize};

use crate::cross::cross;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Book { pages: u32 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flattened {
    #[serde(flatten)]
    inner: BTreeMap<String, u32>,
}

#[task]
fn untagged(value: Untagged) -> Untagged {
    value
}

#[task]
fn tagged(value: Tagged) -> Tagged {
    value
}

#[task]
fn flattened(value: Flattened) -> Flattened {
    value
}

fn assert_says(outcome: Result<impl Sized, Failure>, what: &str) {
    let Err(Failure::Codec(message)) = outcome else {
        panic!("it has crossed")
    };
    assert!(message.contains(what), "{message}");
}

#[test]
fn what_must_be_read_without_its_type_is_an_error_that_says_so() {
    for value in [Untagged::Number(1), Untagged::Text("1".to_owned())] {
        assert_says(cross(&untagged::task(value)), "of what type they are");
    }
    let value = Tagged::Book { pages: 1 };
    assert_says(cross(&tagged::task(value)), "of what type they are");
}

#[test]
fn what_does_not_know_its_length_is_an_error_where_it_is_encoded() {
    let inner = BTreeMap::from([("one".to_owned(), 1)]);
    let call = flattened::task(Flattened { inner });
    let error = call.encode(&mut Outgoing::default()).unwrap_err();
    assert!(error.to_string().contains("length is not known"), "{error}");
}
