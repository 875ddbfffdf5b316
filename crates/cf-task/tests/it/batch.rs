//! Several calls as one: each has an outcome of its own.

use cf_core::{Error, Executor, InlineExecutor};
use cf_task::{Batch, task};

use crate::results::NoInk;

#[task]
fn print(n: u32) -> Result<u32, NoInk> {
    match n {
        3 => Err(NoInk),
        5 => panic!("jammed"),
        n => Ok(n * 10),
    }
}

fn outcomes(batch: Batch<u32>) -> Vec<Result<u32, Error>> {
    InlineExecutor::new().submit(batch).result().unwrap()
}

#[test]
fn items_before_and_after_a_failed_one_have_their_values() {
    let outcomes = outcomes((1..7).map(print::task).collect());
    let values: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().ok().copied())
        .collect();
    assert_eq!(values, [Some(10), Some(20), None, Some(40), None, Some(60)]);
    assert_eq!(
        outcomes[2].as_ref().unwrap_err().downcast_ref(),
        Some(&NoInk)
    );
    assert!(matches!(&outcomes[4], Err(Error::Panicked(panic)) if panic.message() == "jammed"));
}

#[test]
fn an_empty_one_has_no_outcomes() {
    assert!(outcomes(Batch::from_iter([])).is_empty());
}

#[test]
fn the_calls_come_back_in_order_and_with_their_options() {
    let batch: Batch<u32> = (0..3).map(|n| print::task(n).retries(n)).collect();
    let retries: Vec<_> = batch
        .into_calls()
        .iter()
        .map(|call| call.options().retries)
        .collect();
    assert_eq!(retries, [0, 1, 2]);
}

#[test]
fn calls_of_several_tasks_may_be_in_one() {
    #[task]
    fn half(n: u32) -> u32 {
        n / 2
    }

    let outcomes = outcomes(Batch::from_iter([half::task(8), print::task(8)]));
    let values: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(values, [4, 80]);
}
