//! What holds a worker's thread until the test lets it go.

use std::sync::mpsc;

use crate::clock::LONG;

/// Opens the gate; dropped, it opens as well, so that a test that fails leaves no thread behind.
pub(crate) struct Opener(#[expect(dead_code, reason = "its drop opens the gate")] mpsc::Sender<()>);

/// Where a thread waits.
pub(crate) struct Gate(mpsc::Receiver<()>);

pub(crate) fn gate() -> (Opener, Gate) {
    let (opener, gate) = mpsc::channel();
    (Opener(opener), Gate(gate))
}

impl Opener {
    pub(crate) fn open(self) {
        drop(self);
    }
}

impl Gate {
    /// Blocks this thread until the gate is open.
    pub(crate) fn pass(self) {
        assert_eq!(
            self.0.recv_timeout(LONG),
            Err(mpsc::RecvTimeoutError::Disconnected),
            "nobody opened the gate"
        );
    }
}
