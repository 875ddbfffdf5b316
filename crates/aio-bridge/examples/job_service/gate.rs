//! Inputs that hold a job where the self-test wants it.

use std::{
    io::{self, Read},
    sync::mpsc::{self, Receiver, Sender, SyncSender},
};

/// Tells of its first read, then goes on as `inner`.
pub(crate) struct Announced<R> {
    began: Option<SyncSender<()>>,
    inner: R,
}

/// A reader that tells of its first read, and what it tells.
pub(crate) fn announced<R: Read>(inner: R) -> (Announced<R>, Receiver<()>) {
    let (began, told) = mpsc::sync_channel(1);
    let began = Some(began);
    (Announced { began, inner }, told)
}

impl<R: Read> Read for Announced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(began) = self.began.take() {
            // Nobody may be listening.
            let _ = began.send(());
        }
        self.inner.read(buffer)
    }
}

/// Blocks until its opener is dropped, then is at its end.
pub(crate) struct Gate(Receiver<()>);

pub(crate) fn gate() -> (Gate, Sender<()>) {
    let (opener, closed) = mpsc::channel();
    (Gate(closed), opener)
}

impl Read for Gate {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Ok(0)
    }
}

/// Fails.
pub(crate) struct Torn;

impl Read for Torn {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the tape is torn"))
    }
}
