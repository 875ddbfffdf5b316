//! Models of the words that a process pool's parent and worker share: who publishes, claims, frees and sleeps at the same time.
//!
//! The source is the pool's own; two processes are two threads here, and the byte in the socket that calls is a `Notify`.

use std::sync::Arc;

use loom::{
    sync::{
        Mutex, Notify,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use crate::{model, positions::Positions};

/// One ring with room for one byte at each position, and the bells of both sides.
struct Ring {
    positions: Positions,
    bytes: [AtomicU32; 3],
    reader_bell: Notify,
    writer_bell: Notify,
}

impl Ring {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            positions: Positions::new(),
            bytes: Default::default(),
            reader_bell: Notify::new(),
            writer_bell: Notify::new(),
        })
    }

    /// Writes a byte, and calls the reader if it is to be called.
    fn publish(&self, place: u64, byte: u32) {
        self.put(place, byte);
        if self.positions.publish(place + 1) {
            self.reader_bell.notify();
        }
    }

    fn put(&self, place: u64, byte: u32) {
        self.bytes[place as usize].store(byte, Ordering::Relaxed);
    }

    fn get(&self, place: u64) -> u32 {
        self.bytes[place as usize].load(Ordering::Relaxed)
    }

    /// As a worker, and as a keeper: says that it sleeps, looks once more, and sleeps.
    fn sleep_unless(&self, is_there: impl Fn() -> bool) {
        self.positions.reader_lies_down();
        if !is_there() {
            self.reader_bell.wait();
        }
        self.positions.reader_is_up();
    }
}

#[test]
fn publish_races_reader_lying_down() {
    model(3, || {
        let ring = Ring::new();
        let writing = Arc::clone(&ring);
        let writer = thread::spawn(move || {
            writing.publish(0, 7);
            writing.publish(1, 8);
        });
        for place in 0..2 {
            while ring.positions.tail() <= place {
                ring.sleep_unless(|| ring.positions.tail() > place);
            }
            assert_eq!(ring.get(place), 7 + place as u32);
        }
        writer.join().unwrap();
    });
}

/// A worker's answers, a keeper that sleeps, and a thread that looks for answers in its place.
struct Answers {
    ring: Arc<Ring>,
    /// How many were taken; the lock is what `receiving` is there.
    n_taken: Mutex<u64>,
}

impl Answers {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            ring: Ring::new(),
            n_taken: Mutex::new(0),
        })
    }

    fn has_some(&self) -> bool {
        self.ring.positions.tail() != self.ring.positions.freed()
    }

    /// Takes what is there; true if all is taken then.
    fn take(&self) -> bool {
        let mut n_taken = self.n_taken.lock().unwrap();
        while self.has_some() {
            assert_eq!(self.ring.get(*n_taken), 7);
            *n_taken += 1;
            assert!(!self.ring.positions.free(*n_taken));
        }
        *n_taken == 1
    }

    /// The keeper: sleeps until the answer is taken, by itself or by the other.
    fn keep(&self) {
        while !self.take() {
            self.ring.sleep_unless(|| self.has_some());
        }
    }

    /// A waiting thread looks, and leaves: what came since then is the keeper's.
    fn look_and_go(&self) {
        if self.take() {
            // In the model the keeper is to see that it can end.
            self.ring.reader_bell.notify();
        }
        self.ring.positions.looker_goes();
        if self.has_some() {
            self.ring.reader_bell.notify();
        }
    }

    /// The worker answers and calls at once.
    fn answer(&self) {
        self.ring.publish(0, 7);
    }

    /// The worker answers, gives others the time to come and look, and only then calls.
    fn answer_silently(&self) {
        self.ring.put(0, 7);
        self.ring.positions.publish_silently(1);
        let _ = self.ring.positions.has_lookers();
        if self.has_some() && self.ring.positions.takes_call_of_reader() {
            self.ring.reader_bell.notify();
        }
    }
}

#[test]
fn looker_leaving_races_publish() {
    for answer in [Answers::answer, Answers::answer_silently] {
        model(3, move || {
            let answers = Answers::new();
            answers.ring.positions.looker_comes();
            let (looking, answering) = (Arc::clone(&answers), Arc::clone(&answers));
            let looker = thread::spawn(move || looking.look_and_go());
            let worker = thread::spawn(move || answer(&answering));
            answers.keep();
            looker.join().unwrap();
            worker.join().unwrap();
        });
    }
}

#[test]
fn publish_races_looker_coming() {
    for answer in [Answers::answer, Answers::answer_silently] {
        model(3, move || {
            let answers = Answers::new();
            let (looking, answering) = (Arc::clone(&answers), Arc::clone(&answers));
            let looker = thread::spawn(move || {
                looking.ring.positions.looker_comes();
                looking.look_and_go();
            });
            let worker = thread::spawn(move || answer(&answering));
            answers.keep();
            looker.join().unwrap();
            worker.join().unwrap();
        });
    }
}

#[test]
fn claim_races_recall() {
    model(3, || {
        let ring = Ring::new();
        // Two frames of one byte are there.
        ring.publish(0, 7);
        ring.publish(1, 8);
        let running = Arc::clone(&ring);
        let worker = thread::spawn(move || {
            let mut run = [0; 3];
            // Until the frame that is sent after the recall has been run.
            while run[2] == 0 {
                let head = running.positions.head();
                if running.positions.tail() == head {
                    running.sleep_unless(|| running.positions.tail() != running.positions.head());
                    continue;
                }
                let byte = running.get(head);
                if running.positions.claim(head, head + 1) {
                    assert_eq!(byte, 7 + head as u32);
                    run[head as usize] += 1;
                }
            }
            run
        });
        let from = ring.positions.recall();
        // What was taken back is run by somebody else.
        let elsewhere = [0, 1].map(|place| u64::from(place >= from));
        ring.publish(2, 9);
        let run = worker.join().unwrap();
        assert_eq!(
            [run[0] + elsewhere[0], run[1] + elsewhere[1], run[2]],
            [1; 3]
        );
    });
}

#[test]
fn free_races_writer_lying_down() {
    model(3, || {
        let ring = Ring::new();
        ring.publish(0, 7);
        let reading = Arc::clone(&ring);
        let reader = thread::spawn(move || {
            let byte = reading.get(0);
            if reading.positions.free(1) {
                reading.writer_bell.notify();
            }
            byte
        });
        // The ring is full: its only place can be written again when it was read.
        while ring.positions.freed() == 0 {
            ring.positions.writer_lies_down();
            if ring.positions.freed() == 0 {
                ring.writer_bell.wait();
            }
            ring.positions.writer_is_up();
        }
        ring.put(0, 8);
        assert_eq!(reader.join().unwrap(), 7);
    });
}

/// A worker that learns of a recall skips what was recalled, lets it be overwritten, and sleeps only when nothing new is there.
#[test]
fn recall_races_worker_lying_down() {
    model(3, || {
        let ring = Ring::new();
        let running = Arc::clone(&ring);
        let worker = thread::spawn(move || {
            let mut position = 0;
            loop {
                if running.positions.tail() == position {
                    running.sleep_unless(|| running.positions.tail() != position);
                    continue;
                }
                let head = running.positions.head();
                if head != position {
                    position = head;
                    if running.positions.free(position) {
                        running.writer_bell.notify();
                    }
                }
                if running.positions.tail() == head {
                    continue;
                }
                let byte = running.get(head);
                if running.positions.head() == head && running.positions.claim(head, head + 1) {
                    return (head, byte);
                }
            }
        });
        ring.publish(0, 7);
        let from = ring.positions.recall();
        if from == 0 {
            // It was not begun; its place is written again at once, and a wrong byte there is never taken for a frame.
            ring.put(0, 99);
            ring.publish(1, 8);
        }
        let expected = if from == 0 { (1, 8) } else { (0, 7) };
        assert_eq!(worker.join().unwrap(), expected);
    });
}
