//! Values that change while the pool has them.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use cf_core::Error;
use cf_pool::{Batch, ProcessPoolExecutor, task};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use crate::{
    door::{Door, knock},
    gate::ends,
    value::double,
};

/// Refuses to be encoded one time.
#[derive(Debug, Deserialize)]
struct Fickle {
    n: u32,
    #[serde(skip)]
    n_encoded: AtomicU32,
    #[serde(skip)]
    refused: u32,
}

impl Fickle {
    /// Refuses at this time, counted from 1.
    fn refusing(refused: u32, n: u32) -> Self {
        Self {
            n,
            n_encoded: AtomicU32::new(0),
            refused,
        }
    }
}

impl Serialize for Fickle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.n_encoded.fetch_add(1, Ordering::SeqCst) + 1 == self.refused {
            return Err(ser::Error::custom("not this time"));
        }
        self.n.serialize(serializer)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what crosses is owned")]
#[task]
fn number(fickle: Fickle) -> u32 {
    fickle.n
}

#[test]
fn calls_of_a_chunk_that_refuse_one_after_the_other_cost_no_other() {
    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let refused = [1, 0, 2, 3, 0, 1, 4, 0];
        let calls = (0..).zip(refused);
        let chunk: Batch<u32> = calls
            .map(|(n, refused)| number::task(Fickle::refusing(refused, n)))
            .collect();
        let outcomes = pool.submit(chunk).result().unwrap();
        assert_eq!(outcomes.len(), refused.len());
        for ((n, refused), outcome) in (0..).zip(refused).zip(outcomes) {
            match outcome {
                Ok(value) => assert_eq!((value, refused), (n, 0)),
                Err(error) => {
                    assert!(refused > 0, "{n}: {error}");
                    assert!(error.to_string().contains("encoded"), "{error}");
                }
            }
        }
        assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
    });
}

/// Panics when it is dropped after it has crossed.
#[derive(Debug, Default)]
struct Armed {
    has_crossed: bool,
}

impl Serialize for Armed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Armed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer)?;
        Ok(Self { has_crossed: true })
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        assert!(!self.has_crossed || thread::panicking(), "it goes off");
    }
}

#[task]
fn arm(address: &str) -> Armed {
    if !address.is_empty() {
        knock(address, 0);
    }
    Armed::default()
}

#[test]
fn values_of_a_cancelled_chunk_may_panic_when_they_are_dropped() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        // Without grace, whoever runs is killed.
        let pool = builder.cancel_grace(Duration::ZERO).build().unwrap();
        let door = Door::new();
        let chunk: Batch<Armed> = ["", "", door.address(), ""]
            .into_iter()
            .map(arm::task)
            .collect();
        let call = pool.submit(chunk);
        let guest = door.guest();
        assert!(call.request_cancel());
        let outcome = call.result();
        assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
        guest.wait_for_its_end();
        assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
        pool.shutdown();
    });
}
