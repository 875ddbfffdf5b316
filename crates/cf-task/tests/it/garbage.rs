//! Messages that nobody wrote: an error, whatever they are.

#![expect(
    clippy::needless_pass_by_value,
    reason = "so that there are arguments of all sorts"
)]

use std::{borrow::Cow, collections::HashMap};

use cf_task::{Call, CodecError, Failure, Incoming, Message, Task, task};
use serde::{Deserialize, Serialize};

use crate::cross::run;

#[derive(Debug, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(f32),
    Line {
        from: (i8, i8),
        name: Option<String>,
    },
    Group(Vec<Shape>),
}

#[task]
fn text(text: &str) -> usize {
    text.len()
}

#[task]
fn bytes(bytes: &[u8]) -> usize {
    bytes.len()
}

#[task]
fn numbers(a: u64, b: i128, c: f64, d: bool, e: char) -> bool {
    let _ = (a, b, c, e);
    d
}

#[task]
fn shape(shape: Shape) -> Shape {
    shape
}

#[task]
fn tables(table: HashMap<String, Vec<u64>>, list: Vec<String>, bytes: Vec<Vec<u8>>) -> usize {
    table.len() + list.len() + bytes.len()
}

#[task]
fn mixed(first: Vec<u8>, second: Option<Shape>, third: String, fourth: &[u16]) -> usize {
    let _ = (second, fourth);
    first.len() + third.len()
}

#[task]
fn pair(a: u8, b: u8) -> u8 {
    a + b
}

fn refused<T>(call: &Call<T>, head: &[u8], buffers: Vec<Cow<'_, [u8]>>) -> String {
    match run(call, &mut Incoming::new(head, buffers)) {
        Err(Failure::Codec(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    let call = text::task("");
    assert!(refused(&call, &[4, 0xC3, 0x28], Vec::new()).starts_with("a text is not UTF-8: "));
    let buffer = vec![0xFF; 4096];
    assert!(
        refused(&call, &[0x81, 0x40], vec![Cow::Owned(buffer)])
            .starts_with("a text is not UTF-8: ")
    );
}

#[test]
fn a_truncated_message_is_refused() {
    let call = pair::task(0, 0);
    assert!(refused(&call, &[3], Vec::new()).contains("u8 could not be decoded"));
    assert_eq!(
        refused(&bytes::task(&[]), &[], Vec::new()),
        "the message ends in the middle of a value"
    );
    assert_eq!(
        refused(&bytes::task(&[]), &[6, 1, 2], Vec::new()),
        "the message ends in the middle of a value"
    );
    assert_eq!(
        refused(&bytes::task(&[]), &[0x80], Vec::new()),
        "the message ends in the middle of a value"
    );
}

#[test]
fn bytes_and_buffers_left_over_are_refused() {
    let call = pair::task(0, 0);
    let left_over = "the message is longer than its values: it was written by other code than that which reads it";
    assert_eq!(refused(&call, &[3, 4, 5], Vec::new()), left_over);
    assert_eq!(refused(&call, &[3, 4], vec![Cow::Borrowed(&[])]), left_over);
    assert_eq!(
        call.decode(&mut Incoming::new(&[7, 7], Vec::new()))
            .unwrap_err()
            .to_string(),
        left_over
    );
}

#[test]
fn buffers_that_are_missing_or_of_another_length_are_refused() {
    let call = bytes::task(&[]);
    // The head says that there is a buffer of 4096 bytes.
    let head = [0x81, 0x40];
    for buffers in [
        Vec::new(),
        vec![Cow::Borrowed(&[0; 4095][..])],
        vec![Cow::Borrowed(&[0; 4097][..])],
    ] {
        assert_eq!(
            refused(&call, &head, buffers),
            "the message ends in the middle of a value"
        );
    }
    assert!(
        run(
            &call,
            &mut Incoming::new(&head, vec![Cow::Borrowed(&[0; 4096])])
        )
        .is_ok()
    );
}

#[test]
fn an_enormous_length_is_refused_and_not_allocated() {
    let head = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
    for head in [head, [0xFF; 10]] {
        assert_eq!(
            refused(&bytes::task(&[]), &head, Vec::new()),
            "the message ends in the middle of a value"
        );
        refused(&text::task(""), &head, Vec::new());
        refused(
            &tables::task(HashMap::new(), Vec::new(), Vec::new()),
            &head,
            Vec::new(),
        );
        refused(
            &mixed::task(Vec::new(), None, String::new(), &[]),
            &head,
            Vec::new(),
        );
    }
}

#[test]
fn a_reply_of_somebody_else_is_refused() {
    let call = shape::task(Shape::Empty);
    let error: CodecError = call
        .decode(&mut Incoming::new(&[9], Vec::new()))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("a value of type it::garbage::Shape could not be decoded: ")
    );
    assert!(call.decode(&mut Incoming::new(&[], Vec::new())).is_err());
}

/// Xorshift: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, n_bytes: u64) -> Vec<u8> {
        // Small numbers are lengths and variants that make sense more often.
        (0..n_bytes)
            .map(|_| {
                if self.next() & 1 == 0 {
                    self.next() as u8 & 7
                } else {
                    self.next() as u8
                }
            })
            .collect()
    }
}

#[test]
fn no_garbage_makes_a_task_panic() {
    let tasks: [&Task; 7] = [
        text::TASK,
        bytes::TASK,
        numbers::TASK,
        shape::TASK,
        tables::TASK,
        mixed::TASK,
        pair::TASK,
    ];
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let (mut n_accepted, mut n_refused) = (0, 0);
    for round in 0..8_000 {
        // As many short ones as long ones, so that some are accepted.
        let longest = if round % 2 == 0 { 6 } else { 60 };
        let length = numbers.next() % longest;
        let head = numbers.bytes(length);
        let n_buffers = (numbers.next() % 9).saturating_sub(6);
        let buffers = (0..n_buffers).map(|_| {
            let length = numbers.next() % 5_000;
            Cow::Owned(numbers.bytes(length))
        });
        let buffers = buffers.collect();
        let task = tasks[round % tasks.len()];
        match task.run(&mut Incoming::new(&head, buffers), &mut Message::default()) {
            Ok(()) => n_accepted += 1,
            Err(Failure::Codec(_)) => n_refused += 1,
            // The sum of `pair`.
            Err(Failure::Panicked { message, .. }) if message.contains("overflow") => {
                n_accepted += 1;
            }
            Err(other) => panic!("{task:?} given {head:?}: {other:?}"),
        }
    }
    assert!(
        n_refused > 1_000 && n_accepted > 100,
        "{n_refused} refused, {n_accepted} accepted"
    );
}
