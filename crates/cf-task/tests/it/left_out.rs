//! Fields that a value leaves out: postcard has no names, so the next one would be taken for them.

use cf_task::{Call, CodecError, Failure, Message, Outgoing, task};
use serde::{Deserialize, Serialize};

use crate::cross::cross;

fn is_zero(n: &u8) -> bool {
    *n == 0
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    #[serde(default, skip_serializing_if = "is_zero")]
    edition: u8,
    pages: Vec<i8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Entry {
    Book {
        pages: Vec<i8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<u8>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Cached {
    n: u8,
    /// Left out always, so both sides know it.
    #[serde(skip)]
    square: Option<u16>,
    m: u8,
}

#[task]
fn record(record: Record) -> Record {
    record
}

#[task]
fn make_record(edition: u8) -> Record {
    let pages = vec![2, 9, 9];
    Record { edition, pages }
}

#[task]
fn entry(entry: Entry) -> Entry {
    entry
}

#[task]
fn cached(cached: Cached) -> Cached {
    cached
}

fn refused<T>(call: &Call<T>) -> CodecError {
    let mut out = Outgoing::default();
    let error = call.encode(&mut out).unwrap_err();
    assert!(out.head.is_empty(), "it leaves something behind");
    error
}

fn assert_names(message: &str, what: &str, field: &str) {
    assert!(message.contains(what), "{message}");
    assert!(message.contains(&format!("`{field}`")), "{message}");
    assert!(message.contains("skip_serializing_if"), "{message}");
}

#[test]
fn a_field_that_is_left_out_is_an_error_that_names_it() {
    let pages = vec![2, 9, 9];
    let call = record::task(Record { edition: 0, pages });
    let error = refused(&call).to_string();
    assert_names(&error, "Record could not be encoded", "edition");
    let pages = vec![1];
    let author = None;
    let error = refused(&entry::task(Entry::Book { pages, author })).to_string();
    assert_names(&error, "Entry could not be encoded", "author");
}

#[test]
fn a_value_that_leaves_one_out_is_the_failure_of_the_call() {
    let Err(Failure::Codec(message)) = cross(&make_record::task(0)) else {
        panic!()
    };
    assert_names(&message, "Record could not be encoded", "edition");
    let mut reply = Message {
        head: vec![9],
        buffers: Vec::new(),
    };
    let mut incoming = cf_task::Incoming::new(&[0], Vec::new());
    assert!(make_record::TASK.run(&mut incoming, &mut reply).is_err());
    assert_eq!(reply.head, [9]);
}

#[test]
fn one_that_is_there_crosses() {
    let pages = vec![2, 9, 9];
    let whole = Record { edition: 3, pages };
    assert_eq!(cross(&record::task(whole.clone())), Ok(whole.clone()));
    assert_eq!(cross(&make_record::task(3)), Ok(whole));
    let whole = Entry::Book {
        pages: vec![1],
        author: Some(4),
    };
    assert_eq!(cross(&entry::task(whole.clone())), Ok(whole));
}

#[test]
fn a_field_that_never_crosses_is_in_nobodys_way() {
    let value = Cached {
        n: 3,
        square: Some(9),
        m: 4,
    };
    let square = None;
    let expected = Cached { square, ..value };
    assert_eq!(cross(&cached::task(value)), Ok(expected));
}
