//! Values come out as they went in; what cannot be encoded says so.

#![expect(
    clippy::needless_pass_by_value,
    reason = "so that there are arguments of all sorts"
)]

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    time::Duration,
};

use cf_core::{Executor, InlineExecutor};
use cf_task::{Call, Failure, Incoming, Message, Outgoing, task};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::cross::{cross, run};

/// From this length on, bytes and texts are buffers of their own.
const BUFFER_BYTES: usize = 4096;

macro_rules! echoes {
    ($($name:ident: $kind:ty;)*) => {
        $(
            #[task]
            fn $name(value: $kind) -> $kind {
                value
            }
        )*
    };
}

echoes! {
    bytes: Vec<u8>;
    text: String;
    several: (Vec<u8>, String);
    wide: (u128, i128, u64, i64);
    float: f64;
    small_float: f32;
    tree: Tree;
    table: HashMap<String, Vec<Option<Shape>>>;
    ordered: BTreeMap<u8, char>;
    optional: Option<Option<u8>>;
    unit: ();
    path: PathBuf;
    duration: Duration;
    boxed: Box<[u16]>;
    cow: Cow<'static, str>;
    stubborn: Stubborn;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tree {
    name: String,
    children: Vec<Tree>,
    marker: Marker,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Marker;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(f32),
    Line { from: (i8, i8), to: (i8, i8) },
    Group(Vec<Shape>),
}

#[task]
fn interleaved(a: &[u8], n: u16, b: &str, c: Vec<u8>, m: Option<u8>, d: String) -> Vec<usize> {
    vec![
        a.len(),
        usize::from(n),
        b.len(),
        c.len(),
        usize::from(m.unwrap_or(0)),
        d.len(),
    ]
}

fn pattern(n_bytes: usize) -> Vec<u8> {
    (0..n_bytes).map(|i| (i * 31) as u8).collect()
}

#[test]
fn bytes_and_texts_of_every_length_around_the_limit_come_back() {
    for n_bytes in [
        0,
        1,
        63,
        64,
        127,
        128,
        8191,
        8192,
        100_000,
        BUFFER_BYTES - 1,
        BUFFER_BYTES,
        BUFFER_BYTES + 1,
    ] {
        let value = pattern(n_bytes);
        assert_eq!(cross(&bytes::task(value.clone())).unwrap(), value);
        let value = "é".repeat(n_bytes / 2) + &"x".repeat(n_bytes % 2);
        assert_eq!(cross(&text::task(value.clone())).unwrap(), value);
    }
}

fn n_buffers<T>(call: &Call<T>) -> (usize, usize) {
    let mut out = Outgoing::default();
    call.encode(&mut out).unwrap();
    let buffers = out
        .buffers
        .iter()
        .map(|buffer| Cow::Borrowed(*buffer))
        .collect();
    let reply = run(call, &mut Incoming::new(&out.head, buffers)).unwrap();
    (out.buffers.len(), reply.buffers.len())
}

#[test]
fn large_ones_are_buffers_of_their_own_both_ways() {
    assert_eq!(n_buffers(&bytes::task(pattern(BUFFER_BYTES - 1))), (0, 0));
    assert_eq!(n_buffers(&bytes::task(pattern(BUFFER_BYTES))), (1, 1));
    assert_eq!(n_buffers(&text::task("x".repeat(BUFFER_BYTES - 1))), (0, 0));
    assert_eq!(n_buffers(&text::task("x".repeat(BUFFER_BYTES))), (1, 1));
}

#[test]
fn a_large_argument_is_lent_and_not_copied() {
    let value = pattern(BUFFER_BYTES);
    let place = value.as_ptr();
    let call = bytes::task(value);
    let mut out = Outgoing::default();
    call.encode(&mut out).unwrap();
    assert_eq!(out.buffers[0].as_ptr(), place);
}

#[test]
fn arguments_of_all_sorts_keep_their_order() {
    for n_bytes in [10, BUFFER_BYTES] {
        let call = interleaved::task(
            &pattern(n_bytes),
            7,
            "four",
            pattern(n_bytes + 1),
            Some(9),
            "x".repeat(n_bytes),
        );
        let expected = [n_bytes, 7, 4, n_bytes + 1, 9, n_bytes];
        assert_eq!(cross(&call).unwrap(), expected);
    }
}

#[test]
fn bytes_within_a_value_come_back_as_well() {
    let value = (pattern(BUFFER_BYTES + 1), "é".repeat(BUFFER_BYTES));
    assert_eq!(cross(&several::task(value.clone())).unwrap(), value);
}

#[test]
fn numbers_come_back_whole() {
    for value in [(0, 0, 0, 0), (u128::MAX, i128::MIN, u64::MAX, i64::MIN)] {
        assert_eq!(cross(&wide::task(value)).unwrap(), value);
    }
    let odd_nan = f64::from_bits(0x7ff8_dead_beef_0001);
    for value in [
        odd_nan,
        f64::NAN,
        -0.0,
        f64::INFINITY,
        f64::MIN_POSITIVE / 2.0,
    ] {
        assert_eq!(
            cross(&float::task(value)).unwrap().to_bits(),
            value.to_bits()
        );
    }
    assert_eq!(cross(&small_float::task(f32::MAX)).unwrap(), f32::MAX);
}

#[test]
fn nested_values_come_back() {
    let leaf = Tree {
        name: String::new(),
        children: Vec::new(),
        marker: Marker,
    };
    let value = Tree {
        name: "root".into(),
        children: vec![leaf.clone(), leaf],
        marker: Marker,
    };
    assert_eq!(cross(&tree::task(value.clone())).unwrap(), value);

    let shapes = vec![
        None,
        Some(Shape::Empty),
        Some(Shape::Group(vec![
            Shape::Circle(0.5),
            Shape::Line {
                from: (-1, 2),
                to: (3, -4),
            },
        ])),
    ];
    let value = HashMap::from([("a".to_owned(), shapes), (String::new(), Vec::new())]);
    assert_eq!(cross(&table::task(value.clone())).unwrap(), value);

    let value = BTreeMap::from([(1, 'a'), (2, '\u{10FFFF}')]);
    assert_eq!(cross(&ordered::task(value.clone())).unwrap(), value);
    for value in [None, Some(None), Some(Some(0))] {
        assert_eq!(cross(&optional::task(value)).unwrap(), value);
    }
}

#[test]
fn values_of_the_standard_library_come_back() {
    cross(&unit::task(())).unwrap();
    assert_eq!(
        cross(&path::task("a/b".into())).unwrap(),
        PathBuf::from("a/b")
    );
    let value = Duration::new(u64::MAX, 999_999_999);
    assert_eq!(cross(&duration::task(value)).unwrap(), value);
    let value: Box<[u16]> = [1, u16::MAX].into();
    assert_eq!(cross(&boxed::task(value.clone())).unwrap(), value);
    assert_eq!(cross(&cow::task("moo".into())).unwrap(), "moo");
}

/// What this one refuses, where.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stubborn {
    Not,
    FailsToSerialize,
    PanicsOverSerialize,
    FailsToDeserialize,
    PanicsOverDeserialize,
}

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::FailsToSerialize => Err(ser::Error::custom("not today")),
            Self::PanicsOverSerialize => panic!("not even asked"),
            other => (*other as u8).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Stubborn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(Self::Not),
            3 => Err(de::Error::custom("not today")),
            4 => panic!("not even read"),
            other => Err(de::Error::custom(other)),
        }
    }
}

#[task]
fn becomes(code: u8) -> Stubborn {
    match code {
        1 => Stubborn::FailsToSerialize,
        2 => Stubborn::PanicsOverSerialize,
        3 => Stubborn::FailsToDeserialize,
        4 => Stubborn::PanicsOverDeserialize,
        _ => Stubborn::Not,
    }
}

#[task]
fn after_another(first: Vec<u8>, second: Stubborn) -> usize {
    let _ = second;
    first.len()
}

#[test]
fn an_argument_that_fails_to_serialize_is_an_error_that_names_its_type() {
    let call = stubborn::task(Stubborn::FailsToSerialize);
    let error = call
        .encode(&mut Outgoing::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("a value of type it::codec::Stubborn could not be encoded: "),
        "{error}"
    );
    // Here nothing is encoded.
    assert_eq!(
        InlineExecutor::new().submit(call).result().unwrap(),
        Stubborn::FailsToSerialize
    );
}

#[test]
fn what_was_encoded_before_it_stays_whole() {
    let call = after_another::task(vec![1, 2], Stubborn::FailsToSerialize);
    let mut out = Outgoing::default();
    assert!(call.encode(&mut out).is_err());
    assert_eq!(out.head, [4, 1, 2]);
}

#[test]
fn a_value_that_fails_to_serialize_is_the_failure_of_the_call() {
    let Err(Failure::Codec(message)) = cross(&becomes::task(1)) else {
        panic!()
    };
    assert!(
        message.starts_with("a value of type it::codec::Stubborn could not be encoded: "),
        "{message}"
    );
    assert_eq!(cross(&becomes::task(0)), Ok(Stubborn::Not));
}

#[test]
fn a_value_that_panics_while_it_is_serialized_is_a_panic_of_the_call() {
    let Err(Failure::Panicked { message, .. }) = cross(&becomes::task(2)) else {
        panic!()
    };
    assert_eq!(message, "not even asked");
}

#[test]
fn a_value_that_fails_to_deserialize_is_the_failure_of_the_call() {
    let Err(Failure::Codec(message)) = cross(&becomes::task(3)) else {
        panic!()
    };
    assert!(
        message.starts_with("a value of type it::codec::Stubborn could not be decoded: "),
        "{message}"
    );
}

#[test]
fn an_argument_that_fails_or_panics_while_it_is_deserialized_is_the_failure_of_the_call() {
    let Err(Failure::Codec(message)) = cross(&stubborn::task(Stubborn::FailsToDeserialize)) else {
        panic!()
    };
    assert!(
        message.contains("Stubborn could not be decoded"),
        "{message}"
    );
    let outcome = cross(&stubborn::task(Stubborn::PanicsOverDeserialize));
    let Err(Failure::Panicked { message, .. }) = outcome else {
        panic!()
    };
    assert_eq!(message, "not even read");
}

#[test]
#[should_panic(expected = "not even asked")]
fn an_argument_that_panics_while_it_is_serialized_panics_at_who_encodes_it() {
    let call = stubborn::task(Stubborn::PanicsOverSerialize);
    let _ = call.encode(&mut Outgoing::default());
}

#[test]
fn a_reply_keeps_what_was_there_when_a_value_fails_half_way() {
    let mut reply = Message {
        head: vec![9],
        buffers: Vec::new(),
    };
    let outcome = becomes::TASK.run(&mut Incoming::new(&[1], Vec::new()), &mut reply);
    assert!(outcome.is_err());
    assert_eq!(reply.head, [9]);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_text_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let call = path::task(PathBuf::from(OsStr::from_bytes(&[0xFF])));
    let error = call
        .encode(&mut Outgoing::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("PathBuf could not be encoded"), "{error}");
}
