//! Arguments that panic when they are dropped: it harms nobody, wherever the pool drops them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use cf_core::Error;
use cf_pool::{Batch, ProcessPoolExecutor, Shutdown, task};
use serde::{Deserialize, Serialize};

use crate::{
    door::{Door, knock},
    gate::ends,
    value::{Does, double},
    way::Way,
};

static N_PANICS: AtomicUsize = AtomicUsize::new(0);

/// Panics when it is dropped where it was made; what comes out on the other side is harmless.
#[derive(Debug, Serialize, Deserialize)]
struct Bomb {
    #[serde(skip)]
    is_live: bool,
    refusal: Option<Refusing>,
}

impl Bomb {
    fn new() -> Self {
        Self {
            is_live: true,
            refusal: None,
        }
    }

    /// One that also refuses to be encoded.
    fn refusing() -> Self {
        Self {
            is_live: true,
            refusal: Some(Refusing),
        }
    }
}

/// Refuses to be encoded.
#[derive(Debug, Deserialize)]
struct Refusing;

impl Serialize for Refusing {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it does not want to"))
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.is_live && !thread::panicking() {
            N_PANICS.fetch_add(1, Ordering::SeqCst);
            panic!("a bomb");
        }
    }
}

/// Waits at a door, if there is one, and then does something.
#[task]
fn carry(bomb: Bomb, does: Does, address: &str) -> Result<u32, String> {
    drop(bomb);
    if !address.is_empty() {
        knock(address, 0);
    }
    match does {
        Does::Nothing => Ok(7),
        Does::Refuse => Err("no".to_owned()),
        Does::Panic => panic!("no"),
        Does::Die(way) => {
            way.go();
            Ok(8)
        }
    }
}

const ALL: [Does; 4] = [
    Does::Nothing,
    Does::Refuse,
    Does::Panic,
    Does::Die(Way::Kill),
];

fn pool() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(1).unwrap()
}

/// Fails unless the pool works as if nothing had been, and ends.
fn assert_contained(pool: &ProcessPoolExecutor) {
    for n in 0..20 {
        assert_eq!(pool.submit(double::task(n)).result().unwrap(), n * 2);
    }
    pool.shutdown();
    assert_eq!(pool.stats().workers.len(), 0);
}

#[test]
fn a_call_with_such_an_argument_has_its_outcome() {
    ends(|| {
        let pool = pool();
        for does in ALL {
            // With who waits, and without.
            for waits in [true, false] {
                let call = pool.submit(carry::task(Bomb::new(), does, ""));
                if !waits {
                    while !call.done() {
                        thread::yield_now();
                    }
                }
                assert_eq!(call.result().is_ok(), does == Does::Nothing);
            }
        }
        let refused = pool.submit(carry::task(Bomb::refusing(), Does::Nothing, ""));
        let text = refused.result().unwrap_err().to_string();
        assert!(text.contains("encoded"), "{text}");
        assert_contained(&pool);
    });
}

#[test]
fn a_chunk_with_such_arguments_has_its_outcomes() {
    ends(|| {
        let pool = pool();
        let calls = ALL.into_iter().chain([Does::Nothing]);
        let calls = calls.map(|does| carry::task(Bomb::new(), does, ""));
        let refused = carry::task(Bomb::refusing(), Does::Nothing, "");
        let chunk: Batch<u32> = calls.chain([refused]).collect();
        let outcomes = pool.submit(chunk).result().unwrap();
        let are_fine: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(are_fine, [true, false, false, false, true, false]);
        assert_contained(&pool);
    });
}

#[test]
fn such_an_argument_may_be_cancelled_wherever_it_is() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        // Without grace, whoever runs is killed.
        let pool = builder.cancel_grace(std::time::Duration::ZERO);
        let pool = pool.build().unwrap();
        let door = Door::new();
        let running = pool.submit(carry::task(Bomb::new(), Does::Nothing, door.address()));
        let guest = door.guest();
        let queued = [(); 4].map(|()| pool.submit(carry::task(Bomb::new(), Does::Nothing, "")));
        for (n, call) in queued.iter().enumerate() {
            assert!(if n % 2 == 0 {
                call.cancel()
            } else {
                call.request_cancel()
            });
        }
        assert!(running.request_cancel());
        for call in queued.into_iter().chain([running]) {
            assert!(matches!(call.result(), Err(Error::Cancelled)));
        }
        guest.wait_for_its_end();
        assert_contained(&pool);
    });
}

#[test]
fn such_an_argument_may_be_left_over() {
    ends(|| {
        for is_forced in [false, true] {
            let pool = pool();
            let door = Door::new();
            let running = pool.submit(carry::task(Bomb::new(), Does::Nothing, door.address()));
            let guest = door.guest();
            let rest = [(); 4].map(|()| pool.submit(carry::task(Bomb::new(), Does::Nothing, "")));
            if is_forced {
                pool.kill_workers();
            } else {
                pool.shutdown_with(Shutdown {
                    wait: false,
                    cancel_futures: true,
                });
            }
            for call in rest {
                assert!(matches!(call.result(), Err(Error::Cancelled)));
            }
            drop(guest);
            assert_eq!(running.result().is_err(), is_forced);
            let late = pool.submit(carry::task(Bomb::new(), Does::Nothing, ""));
            assert!(matches!(late.result(), Err(Error::Rejected(_))));
            pool.shutdown();
        }
    });
}

#[test]
fn they_do_go_off() {
    let before = N_PANICS.load(Ordering::SeqCst);
    ends(|| {
        let call = pool().submit(carry::task(Bomb::new(), Does::Nothing, ""));
        assert_eq!(call.result().unwrap(), 7);
    });
    assert!(N_PANICS.load(Ordering::SeqCst) > before);
}
