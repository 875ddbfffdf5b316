//! The control channel between parent and worker: a socket with few and small messages, which is also the lifeline.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use cf_task::Failure;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::process::{bell::NO_SIGNAL, events::Event};

/// Of the protocol; parent and worker are the same executable, unless somebody replaced it between the two.
pub(crate) const VERSION: u32 = 1;
/// A message of the control channel is at most so long.
const MAX_MESSAGE_BYTES: usize = 64 << 20;
/// How many descriptors come with the welcome: the shared memory and the bell.
const N_DESCRIPTORS: usize = 2;

/// What the parent says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// The worker is wanted. The descriptors of the shared memory and of the bell come along.
    Welcome(Welcome),
    /// The frame with this number is to stop at its next checkpoint.
    Cancel(u64),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Welcome {
    pub(crate) ring_bytes: usize,
    /// To be called first.
    pub(crate) initializer: Option<Encoded>,
    pub(crate) memory_limit: Option<u64>,
    /// From which level on `tracing` events are sent to the parent, as `events` numbers them.
    pub(crate) forward_level: Option<u8>,
}

/// A call of the task with this key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Encoded {
    pub(crate) key: u64,
    pub(crate) head: Vec<u8>,
    pub(crate) buffers: Vec<Vec<u8>>,
}

/// What the worker says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToParent {
    Hello {
        version: u32,
    },
    Ready,
    InitializerFailed(Failure),
    /// The memory cannot be limited, or shared.
    Unable(String),
    Event(Event),
}

/// Sends a message.
pub(crate) fn send(mut socket: &UnixStream, message: &impl Serialize) -> io::Result<()> {
    socket.write_all(&encode(message)?)
}

/// Sends a message if it need not wait for that; false if it would.
pub(crate) fn try_send(socket: &UnixStream, message: &impl Serialize) -> io::Result<bool> {
    let bytes = encode(message)?;
    match rustix::net::send(socket, &bytes, SendFlags::DONTWAIT | NO_SIGNAL) {
        Ok(n) if n == bytes.len() => Ok(true),
        // The rest of a message cannot be left out.
        Ok(n) => (&*socket).write_all(&bytes[n..]).map(|()| true),
        Err(rustix::io::Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Sends a message with descriptors.
pub(crate) fn send_with(
    mut socket: &UnixStream,
    message: &impl Serialize,
    descriptors: &[BorrowedFd<'_>; N_DESCRIPTORS],
) -> io::Result<()> {
    let bytes = encode(message)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(N_DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
    let n = rustix::net::sendmsg(socket, &[IoSlice::new(&bytes)], &mut ancillary, NO_SIGNAL)?;
    socket.write_all(&bytes[n..])
}

/// Receives a message.
pub(crate) fn receive<T: DeserializeOwned>(mut socket: &UnixStream) -> io::Result<T> {
    let mut length = [0; 4];
    socket.read_exact(&mut length)?;
    receive_rest(socket, length)
}

/// Receives a message with descriptors.
pub(crate) fn receive_with<T: DeserializeOwned>(
    socket: &UnixStream,
) -> io::Result<(T, [OwnedFd; N_DESCRIPTORS])> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(N_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let n = rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut length)],
        &mut ancillary,
        receive_flags(),
    )?
    .bytes;
    if n == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    (&*socket).read_exact(&mut length[n..])?;
    let descriptors: Vec<OwnedFd> = ancillary
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    for descriptor in &descriptors {
        rustix::io::fcntl_setfd(descriptor.as_fd(), rustix::io::FdFlags::CLOEXEC)?;
    }
    let descriptors = descriptors
        .try_into()
        .map_err(|_| io::Error::other("the welcome came without its descriptors"))?;
    Ok((receive_rest(socket, length)?, descriptors))
}

#[cfg(target_os = "linux")]
fn receive_flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

#[cfg(not(target_os = "linux"))]
fn receive_flags() -> RecvFlags {
    RecvFlags::empty()
}

fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let length = bytes.len() - 4;
    if length > MAX_MESSAGE_BYTES {
        return Err(io::Error::other("a control message is too long"));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(bytes)
}

fn receive_rest<T: DeserializeOwned>(socket: &UnixStream, length: [u8; 4]) -> io::Result<T> {
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_MESSAGE_BYTES {
        return Err(io::Error::other("a control message is too long"));
    }
    let mut bytes = Vec::new();
    let n = socket.take(length as u64).read_to_end(&mut bytes)?;
    if n < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}
