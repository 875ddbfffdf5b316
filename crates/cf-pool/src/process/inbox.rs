//! What a worker says on the control channel while it works, read as far as it has come.

use std::{io, os::unix::net::UnixStream};

use rustix::{io::Errno, net::RecvFlags};

use crate::process::{channel::ToParent, events::Event};

/// Events are small; a worker that sends longer messages breaks the protocol.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    /// Reads once, without waiting, and tells the events that are whole; true if there was something. An error at the end of the
    /// channel.
    ///
    /// A worker that tells more than the parent's subscriber can take keeps nothing else from being seen to.
    pub(crate) fn receive(&mut self, control: &UnixStream, pid: u32) -> io::Result<bool> {
        let mut piece = [0_u8; 4096];
        match rustix::net::recv(control, &mut piece[..], RecvFlags::DONTWAIT) {
            Ok((_, 0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok((_, n)) => self.bytes.extend_from_slice(&piece[..n]),
            Err(Errno::INTR) => return Ok(true),
            Err(Errno::AGAIN) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        while let Some(event) = self.next()? {
            event.emit(pid);
        }
        Ok(true)
    }

    /// Tells what a worker, which has ended, had said.
    pub(crate) fn drain(&mut self, control: &UnixStream, pid: u32) {
        while let Ok(true) = self.receive(control, pid) {}
    }

    fn next(&mut self) -> io::Result<Option<Event>> {
        let Some((length, rest)) = self.bytes.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_MESSAGE_BYTES {
            return Err(io::Error::other("a control message is too long"));
        }
        let Some(message) = rest.get(..length) else {
            return Ok(None);
        };
        let message = postcard::from_bytes(message).map_err(io::Error::other)?;
        self.bytes.drain(..4 + length);
        match message {
            ToParent::Event(event) => Ok(Some(event)),
            _ => Err(io::Error::other("a greeting at the wrong time")),
        }
    }
}
