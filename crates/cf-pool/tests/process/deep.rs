//! Values that are nested deeply: in child processes, because a stack that overflows takes its process with it.

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeTuple};

use crate::{
    child::in_child,
    gate::ends,
    value::{double, pid},
};

/// Of these, each owns the next.
const N_NODES: u32 = 10_000;
const FEW_NODES: u32 = 50;

#[derive(Debug, Serialize, Deserialize)]
struct Node {
    n: u32,
    next: Option<Box<Self>>,
}

impl Node {
    fn list(n_nodes: u32) -> Self {
        let mut list = Self { n: 1, next: None };
        for n in 2..=n_nodes {
            let next = Some(Box::new(list));
            list = Self { n, next };
        }
        list
    }

    fn length(&self) -> u32 {
        let mut n_nodes = 1;
        let mut node = self;
        while let Some(next) = &node.next {
            n_nodes += 1;
            node = next;
        }
        n_nodes
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // One after the other, not one within the other.
        let mut next = self.next.take();
        while let Some(mut node) = next {
            next = node.next.take();
        }
    }
}

/// Is flat, and has the bytes of a list.
#[derive(Debug)]
struct Forged {
    n_nodes: u32,
}

impl Serialize for Forged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = serializer.serialize_tuple(2 * self.n_nodes as usize)?;
        for left in (0..self.n_nodes).rev() {
            bytes.serialize_element(&1_u8)?;
            bytes.serialize_element(&u8::from(left > 0))?;
        }
        bytes.end()
    }
}

impl<'de> Deserialize<'de> for Forged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let n_nodes = Node::deserialize(deserializer)?.length();
        Ok(Self { n_nodes })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what crosses is owned")]
#[task]
fn length(list: Node) -> u32 {
    list.length()
}

#[task]
fn make(n_nodes: u32) -> Node {
    Node::list(n_nodes)
}

#[expect(clippy::needless_pass_by_value, reason = "what crosses is owned")]
#[task]
fn forged_length(list: Forged) -> u32 {
    list.n_nodes
}

#[task]
fn forge(n_nodes: u32) -> Forged {
    Forged { n_nodes }
}

fn assert_too_deep<T: std::fmt::Debug>(outcome: Result<T, Error>, what: &str) {
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("levels deep"), "{text}");
    assert!(text.contains(what), "{text}");
}

/// Runs it in a process of its own, with a pool whose worker must be the same in the end.
fn with_pool(test: &str, body: fn(&ProcessPoolExecutor)) {
    in_child(test, || {
        ends(move || {
            let pool = ProcessPoolExecutor::new(1).unwrap();
            let worker = pool.submit(pid::task()).result().unwrap();
            body(&pool);
            assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
            assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
        });
    });
}

#[test]
fn a_short_list_crosses_both_ways() {
    with_pool("deep::a_short_list_crosses_both_ways", |pool| {
        let list = pool.submit(make::task(FEW_NODES)).result().unwrap();
        assert_eq!(list.length(), FEW_NODES);
        let length = pool.submit(length::task(list)).result();
        assert_eq!(length.unwrap(), FEW_NODES);
        let length = pool.submit(forged_length::task(Forged { n_nodes: FEW_NODES }));
        assert_eq!(length.result().unwrap(), FEW_NODES);
        let forged = pool.submit(forge::task(FEW_NODES)).result();
        assert_eq!(forged.unwrap().n_nodes, FEW_NODES);
    });
}

#[test]
fn a_long_list_as_an_argument_is_an_error() {
    with_pool("deep::a_long_list_as_an_argument_is_an_error", |pool| {
        let outcome = pool.submit(length::task(Node::list(N_NODES))).result();
        assert_too_deep(outcome, "could not be encoded");
        let chunk = [3, N_NODES, 4].map(|n| length::task(Node::list(n)));
        let chunk: cf_pool::Batch<u32> = chunk.into_iter().collect();
        let outcomes = pool.submit(chunk).result().unwrap();
        let [first, second, third] = <[_; 3]>::try_from(outcomes).unwrap();
        assert_eq!((first.unwrap(), third.unwrap()), (3, 4));
        assert_too_deep(second, "could not be encoded");
    });
}

#[test]
fn a_long_list_as_a_value_is_an_error() {
    with_pool("deep::a_long_list_as_a_value_is_an_error", |pool| {
        let outcome = pool.submit(make::task(N_NODES)).result();
        assert_too_deep(outcome, "could not be encoded");
    });
}

#[test]
fn bytes_that_say_they_are_a_long_list_overflow_no_workers_stack() {
    const NAME: &str = "deep::bytes_that_say_they_are_a_long_list_overflow_no_workers_stack";
    with_pool(NAME, |pool| {
        let argument = Forged { n_nodes: N_NODES };
        let outcome = pool.submit(forged_length::task(argument)).result();
        assert_too_deep(outcome, "could not be decoded");
    });
}

#[test]
fn bytes_that_say_they_are_a_long_list_overflow_no_stack_of_the_program() {
    const NAME: &str = "deep::bytes_that_say_they_are_a_long_list_overflow_no_stack_of_the_program";
    with_pool(NAME, |pool| {
        // Decoded by who waits, and by who does not.
        assert_too_deep(
            pool.submit(forge::task(N_NODES)).result(),
            "could not be decoded",
        );
        let call = pool.submit(forge::task(N_NODES));
        while !call.done() {
            std::thread::yield_now();
        }
        assert_too_deep(call.result(), "could not be decoded");
    });
}
