//! Calls that were sent to a worker and taken back for another one, while the first was busy.

use std::{
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use cf_pool::task;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    door::{Door, visit},
    gate::{LONG, ends},
    pair::Pair,
};

#[cfg(target_os = "linux")]
#[task]
fn length(text: &str) -> usize {
    text.len()
}

#[cfg(target_os = "linux")]
#[test]
fn recalled_calls_leave_room_for_new_ones() {
    use crate::words::{Memory, RING_BYTES, Ring, Word};

    /// So long are the frames with which the room is used up, but for 0 and for 4 bytes: not even a frame's header fits.
    const FRAME_BYTES: [usize; 2] = [16384, 13981];
    const N_CALLS: usize = 50;

    ends(|| {
        for n_bytes in FRAME_BYTES {
            let pair = Pair::new();
            let pool = &pair.pool;
            let door = Door::new();
            let memory = Memory::of(pair.quick);
            pair.teach();
            let before = memory.get(Ring::Requests, Word::Tail);
            pool.submit(length::task(&"x".repeat(10_000)))
                .result()
                .unwrap();
            let overhead = memory.get(Ring::Requests, Word::Tail) - before - 10_000;
            let text = "x".repeat(n_bytes - usize::try_from(overhead).unwrap());
            let run_some = || {
                let calls: Vec<_> = (0..N_CALLS)
                    .map(|_| pool.submit(length::task(&text)))
                    .collect();
                for call in calls {
                    assert_eq!(call.result().unwrap(), text.len());
                }
            };
            let (long, guest, mut n_taken) = loop {
                pair.teach();
                let long = pool.submit(visit::task(door.address(), 0));
                let guest = door.guest();
                assert_eq!(guest.pid, pair.quick);
                run_some();
                let n_taken = memory.n_taken(Ring::Requests);
                if n_taken > 0 {
                    break (long, guest, n_taken);
                }
                // Nothing was sent to who seems slow.
                drop(guest);
                long.result().unwrap();
            };
            // The other one takes them over, until no more can be sent.
            while n_taken + n_bytes as u64 <= RING_BYTES {
                run_some();
                n_taken = memory.n_taken(Ring::Requests);
            }
            drop(guest);
            long.result().unwrap();
            for _ in 0..10 {
                run_some();
            }
            pool.shutdown();
            assert_eq!(pool.stats().restarts, 0);
        }
    });
}

static ENTERED: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
static LEFT: Mutex<Option<mpsc::Receiver<()>>> = Mutex::new(None);

/// Takes its time to be encoded: until the test lets it go on.
#[derive(Debug, Deserialize)]
struct Slow(Vec<u8>);

impl Serialize for Slow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let take = |gate: &Mutex<Option<mpsc::Sender<()>>>| {
            gate.lock().unwrap_or_else(PoisonError::into_inner).take()
        };
        if let Some(entered) = take(&ENTERED) {
            let left = LEFT.lock().unwrap_or_else(PoisonError::into_inner).take();
            entered.send(()).unwrap();
            left.unwrap().recv_timeout(LONG).unwrap();
        }
        self.0.serialize(serializer)
    }
}

#[task]
fn take(slow: Slow) -> Vec<u8> {
    slow.0
}

#[test]
fn a_short_call_on_its_way_to_a_busy_worker_is_run_by_who_looked_for_it_too_early() {
    ends(|| {
        let pair = Pair::new();
        let pool = &pair.pool;
        let door = Door::new();
        // Until the call was on its way to the busy worker.
        let mut is_tried = false;
        while !is_tried {
            pair.teach();
            let long = pool.submit(visit::task(door.address(), 0));
            let busy = door.guest();
            assert_eq!(busy.pid, pair.quick);
            let other = pool.submit(visit::task(door.address(), 1));
            let guest = door.guest();
            let (entered, has_entered) = mpsc::channel();
            let (leave, left) = mpsc::channel();
            *ENTERED.lock().unwrap() = Some(entered);
            *LEFT.lock().unwrap() = Some(left);
            let submitting = {
                let pool = pool.clone();
                thread::spawn(move || pool.submit(take::task(Slow(vec![7]))))
            };
            while !is_tried && !submitting.is_finished() {
                is_tried = has_entered.try_recv().is_ok();
                thread::yield_now();
            }
            if !is_tried {
                // It was queued, and nobody is to be held up over it.
                *ENTERED.lock().unwrap() = None;
            }
            // The other worker becomes free, finds nothing yet that it could take over, and sleeps.
            drop(guest);
            assert_eq!(other.result().unwrap(), 1);
            // time: nothing tells that a thread has gone to sleep
            thread::sleep(Duration::from_millis(100));
            let _ = leave.send(());
            let short = submitting.join().unwrap();
            assert_eq!(short.result().unwrap(), [7]);
            assert!(long.running());
            drop(busy);
            assert_eq!(long.result().unwrap(), 0);
        }
    });
}
