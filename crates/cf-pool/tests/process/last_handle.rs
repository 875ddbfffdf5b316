//! The last handle of a pool that is dropped by the pool's own work: it ends, and nobody waits for himself.

use std::{
    panic,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cf_pool::{ProcessPoolExecutor, task};
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    child::in_child,
    door::{Door, knock, visit},
    gate::ends,
};

/// The last handle, in the program; in a worker there is none.
static LAST: Mutex<Option<ProcessPoolExecutor>> = Mutex::new(None);

fn let_go() {
    let last = LAST.lock().unwrap().take();
    drop(last);
}

fn is_let_go() -> bool {
    LAST.lock().unwrap().is_none()
}

/// Lets go of it when it is dropped.
#[derive(Debug, Serialize, Deserialize)]
struct UntilDropped(u8);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        let_go();
    }
}

/// Lets go of it when it is decoded.
#[derive(Debug, Serialize)]
struct UntilDecoded(u8);

impl<'de> Deserialize<'de> for UntilDecoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let_go();
        u8::deserialize(deserializer).map(Self)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what crosses is owned")]
#[task]
fn bring(argument: UntilDropped, address: &str) {
    knock(address, argument.0.into());
}

#[task]
fn give_dropped(address: &str) -> UntilDropped {
    knock(address, 0);
    UntilDropped(7)
}

#[task]
fn give_decoded(address: &str) -> UntilDecoded {
    knock(address, 0);
    UntilDecoded(7)
}

/// What is done with the future of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Wait,
    LookAtTimes,
    Drop,
}

static N_PANICS: AtomicUsize = AtomicUsize::new(0);

/// Runs a call that lets go of the last handle, and waits until all processes of the pool have ended.
fn run<T: Send + 'static>(make: fn(&str) -> cf_pool::Call<T>, with: With) {
    let pool = ProcessPoolExecutor::new(2).unwrap();
    let door = Door::new();
    let visits = [0, 1].map(|n| pool.submit(visit::task(door.address(), n)));
    drop(door.guests(2));
    for visit in visits {
        visit.result().unwrap();
    }
    let workers = pool.stats().workers;
    assert_eq!(workers.len(), 2);
    let call = pool.submit(make(door.address()));
    let guest = door.guest();
    *LAST.lock().unwrap() = Some(pool);
    match with {
        With::Wait => {
            drop(guest);
            drop(call.result().unwrap());
        }
        With::LookAtTimes => {
            drop(guest);
            while !call.done() {
                thread::yield_now();
            }
            drop(call.result().unwrap());
        }
        With::Drop => {
            drop(call);
            drop(guest);
        }
    }
    while !is_let_go() {
        thread::yield_now();
    }
    for worker in workers {
        let pid = Pid::from_raw(worker.pid.try_into().unwrap()).unwrap();
        while test_kill_process(pid).is_ok() {
            thread::yield_now();
        }
    }
}

#[test]
fn it_may_be_dropped_wherever_values_are() {
    in_child("last_handle::it_may_be_dropped_wherever_values_are", || {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            N_PANICS.fetch_add(1, Ordering::SeqCst);
            before(panic);
        }));
        ends(|| {
            for with in [With::Drop, With::LookAtTimes, With::Wait] {
                run(|address| bring::task(UntilDropped(7), address), with);
                run(give_dropped::task, with);
                run(give_decoded::task, with);
            }
        });
        assert_eq!(N_PANICS.load(Ordering::SeqCst), 0);
    });
}
