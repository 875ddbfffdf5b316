//! What crosses and what comes back: values, errors, panics, and values that do not want to.

use std::{
    error::Error as StdError,
    fmt, io, process,
    sync::atomic::{AtomicU32, Ordering},
};

use cf_core::{ClosureExecutor, Error, InlineExecutor};
use cf_pool::{
    OnWorkerDeath::BreakPool, ProcessPoolExecutor, RemoteError, ThreadPoolExecutor, task,
};
use serde::{Deserialize, Serialize};

use crate::{
    value::{Counted, Does, Unruly, double, pid},
    way::Way,
};

fn pool() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(1).unwrap()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    name: String,
    prices: Vec<f64>,
    note: Option<Box<Order>>,
}

#[task]
fn nothing() {}

#[task]
fn turn_around(order: Order, text: &str, bytes: &[u8], rest: (i8, char, bool)) -> (Order, Vec<u8>) {
    let mut order = order;
    order.name = format!("{text}{}", rest.1);
    order.prices.reverse();
    (order, bytes.iter().rev().copied().collect())
}

// P04
#[test]
fn arguments_and_values_of_many_types_cross() {
    let pool = pool();
    pool.submit(nothing::task()).result().unwrap();
    let inner = Order {
        name: "ü".to_owned(),
        prices: vec![],
        note: None,
    };
    let order = Order {
        name: String::new(),
        prices: vec![1.5, f64::INFINITY],
        note: Some(Box::new(inner)),
    };
    let call = turn_around::task(order.clone(), "bill", &[1, 2, 3], (-1, '!', true));
    let (returned, bytes) = pool.submit(call).result().unwrap();
    assert_eq!(returned.name, "bill!");
    assert_eq!(returned.prices, [f64::INFINITY, 1.5]);
    assert_eq!((returned.note, bytes), (order.note, vec![3, 2, 1]));
}

#[test]
fn a_call_runs_in_another_process_and_the_function_stays_a_function() {
    let there = pool().submit(pid::task()).result().unwrap();
    assert_ne!(there, process::id());
    assert_eq!(pid(), process::id());
    let threads = ThreadPoolExecutor::new(1).unwrap();
    assert_eq!(threads.submit(pid::task()).result().unwrap(), process::id());
    let inline = InlineExecutor::new().spawn(pid::task());
    assert_eq!(inline.result().unwrap(), process::id());
}

static N_CALLS: AtomicU32 = AtomicU32::new(0);

#[task]
fn count() -> u32 {
    N_CALLS.fetch_add(1, Ordering::SeqCst) + 1
}

// P41
#[test]
fn a_worker_shares_no_memory_with_its_parent() {
    let pool = pool();
    for n in 1..=3 {
        assert_eq!(pool.submit(count::task()).result().unwrap(), n);
    }
    assert_eq!(N_CALLS.load(Ordering::SeqCst), 0);
}

#[task]
fn reversed(bytes: Vec<u8>) -> Vec<u8> {
    let mut bytes = bytes;
    bytes.reverse();
    bytes
}

#[task]
fn shout(text: String, words: &[String]) -> (String, usize) {
    let mut text = text;
    text.make_ascii_uppercase();
    (text, words.len())
}

// P19
#[test]
fn many_megabytes_cross_both_ways() {
    let pool = pool();
    for n_bytes in [0, 1, 4095, 4096, 1 << 19, (1 << 20) + 1, 50 << 20] {
        let bytes: Vec<u8> = (0..n_bytes).map(|n| (n % 251) as u8).collect();
        let mut returned = pool.submit(reversed::task(bytes.clone())).result().unwrap();
        returned.reverse();
        assert!(returned == bytes, "{n_bytes} bytes");
    }
    // Also what is not one buffer.
    let words = vec!["word".to_owned(); 1 << 20];
    let (text, n) = pool
        .submit(shout::task("long ".repeat(1 << 20), &words))
        .result()
        .unwrap();
    assert_eq!((text.len(), &text[..5], n), (5 << 20, "LONG ", 1 << 20));
}

#[derive(Debug)]
struct Jam(io::Error);

impl fmt::Display for Jam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("paper jam")
    }
}

impl StdError for Jam {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

#[task]
fn print(n_pages: u32) -> Result<u32, Jam> {
    if n_pages > 1 {
        return Err(Jam(io::Error::other("tray 2")));
    }
    Ok(n_pages)
}

// P10, P12: an error that is not serialisable crosses as its messages, its type's name and its process.
#[test]
fn a_returned_error_comes_with_its_messages_its_type_and_its_process() {
    let pool = pool();
    assert_eq!(pool.submit(print::task(1)).result().unwrap(), 1);
    let worker = pool.submit(pid::task()).result().unwrap();
    let error = pool.submit(print::task(2)).result().unwrap_err();
    assert_eq!(error.to_string(), "paper jam");
    assert_eq!(error.source().unwrap().to_string(), "tray 2");
    assert!(error.source().unwrap().source().is_none());
    let remote = error.downcast_ref::<RemoteError>().unwrap();
    assert!(remote.type_name().ends_with("submit::Jam"), "{remote:?}");
    assert_eq!(remote.pid(), worker);
    assert!(
        format!("{error:?}").contains(&worker.to_string()),
        "{error:?}"
    );
    // On threads the error is itself.
    let here = ThreadPoolExecutor::new(1).unwrap().submit(print::task(2));
    assert!(here.result().unwrap_err().downcast_ref::<Jam>().is_some());
}

#[task]
fn fall(from: &str) {
    panic!("fell from {from}");
}

// P12: a panic comes with its message and its place.
#[test]
fn a_panic_comes_with_its_message_and_its_place() {
    let pool = pool();
    let worker = pool.submit(pid::task()).result().unwrap();
    let line = fall::TASK.place().line + 2;
    for _ in 0..3 {
        let Err(Error::Panicked(panic)) = pool.submit(fall::task("grace")).result() else {
            panic!("not a panic")
        };
        assert_eq!(panic.message(), "fell from grace");
        let place = panic.location().unwrap();
        assert!(place.file().ends_with("submit.rs"), "{place}");
        assert_eq!(place.line(), line);
        let resumed = std::panic::catch_unwind(|| panic.resume()).unwrap_err();
        assert_eq!(resumed.downcast_ref::<String>().unwrap(), "fell from grace");
    }
    // It survived them all.
    assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
}

#[task]
fn take(value: Unruly) -> u32 {
    value.end();
    process::id()
}

#[task]
fn give(encoded: Does, decoded: Does) -> Unruly {
    Unruly { encoded, decoded }
}

// P07
#[test]
fn an_argument_that_cannot_be_encoded_fails_its_own_future_only() {
    let pool = pool();
    let before = pool.submit(double::task(1));
    let refuses = pool.submit(take::task(Unruly::when_encoded(Does::Refuse)));
    let panics = pool.submit(take::task(Unruly::when_encoded(Does::Panic)));
    let after = pool.submit(double::task(2));
    let error = refuses.result().unwrap_err();
    assert!(error.to_string().contains("Unruly"), "{error}");
    assert!(
        error.to_string().contains("could not be encoded"),
        "{error}"
    );
    let error = panics.result().unwrap_err();
    assert!(error.to_string().contains("on the way"), "{error}");
    assert_eq!(before.result().unwrap() + after.result().unwrap(), 6);
    assert_eq!(pool.stats().restarts, 0);
}

// P08: what cannot be decoded is the answer to its call, and the worker lives on.
#[test]
fn an_argument_that_cannot_be_decoded_fails_its_own_future_only() {
    let pool = pool();
    let worker = pool.submit(pid::task()).result().unwrap();
    let refuses = pool.submit(take::task(Unruly::when_decoded(Does::Refuse)));
    let error = refuses.result().unwrap_err();
    assert!(
        error.to_string().contains("could not be decoded"),
        "{error}"
    );
    let panics = pool.submit(take::task(Unruly::when_decoded(Does::Panic)));
    let Err(Error::Panicked(panic)) = panics.result() else {
        panic!("not a panic")
    };
    assert_eq!(panic.message(), "on the way");
    assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
}

// P08: a crash in there is a death like any other.
#[test]
fn a_worker_that_dies_while_it_decodes_fails_that_call() {
    let pool = pool();
    for way in [Way::Exit, Way::Abort] {
        let dies = pool.submit(take::task(Unruly::when_decoded(Does::Die(way))));
        way.assert_told(&dies.result().unwrap_err(), take::TASK.name());
    }
    assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
    let builder = ProcessPoolExecutor::builder().on_worker_death(BreakPool);
    let pool = builder.max_workers(1).build().unwrap();
    let dies = pool.submit(take::task(Unruly::when_decoded(Does::Die(Way::Exit))));
    assert!(matches!(dies.result(), Err(Error::BrokenExecutor(_))));
}

// P09
#[test]
fn a_value_that_cannot_be_encoded_fails_its_own_future_only() {
    let pool = pool();
    let worker = pool.submit(pid::task()).result().unwrap();
    let error = pool.submit(give::task(Does::Refuse, Does::Nothing));
    let error = error.result().unwrap_err();
    assert!(
        error.to_string().contains("could not be encoded"),
        "{error}"
    );
    let panics = pool.submit(give::task(Does::Panic, Does::Nothing));
    assert!(matches!(panics.result(), Err(Error::Panicked(_))));
    assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
    let dies = pool.submit(give::task(Does::Die(Way::Exit), Does::Nothing));
    Way::Exit.assert_told(&dies.result().unwrap_err(), give::TASK.name());
    assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
}

// P11: a value that cannot be decoded here fails its own future, and breaks nothing.
#[test]
fn a_value_that_cannot_be_decoded_fails_its_own_future_only() {
    let pool = pool();
    let worker = pool.submit(pid::task()).result().unwrap();
    let refuses = pool.submit(give::task(Does::Nothing, Does::Refuse));
    let panics = pool.submit(give::task(Does::Nothing, Does::Panic));
    let behind = pool.submit(pid::task());
    let error = refuses.result().unwrap_err();
    assert!(
        error.to_string().contains("could not be decoded"),
        "{error}"
    );
    assert!(matches!(panics.result(), Err(Error::Panicked(_))));
    assert_eq!(behind.result().unwrap(), worker);
}

#[task]
fn keep(counted: Counted) -> Counted {
    counted
}

#[task]
fn n_living() -> usize {
    Counted::n_living()
}

// P36
#[test]
fn arguments_and_values_are_released_on_both_sides() {
    let pool = pool();
    for n in 0..100 {
        let future = pool.submit(keep::task(Counted::new(n)));
        drop(future.result().unwrap());
    }
    assert_eq!(pool.submit(n_living::task()).result().unwrap(), 0);
    pool.shutdown();
    assert_eq!(Counted::n_living(), 0);
}
