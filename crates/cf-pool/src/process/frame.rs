//! The frames that cross: a header, then calls or results, each a head and buffers. See `README.md`.

use std::{borrow::Cow, error::Error as StdError, fmt};

use cf_task::Incoming;

/// A frame claims at most so many bytes (a tebibyte); what it does not send is not allocated.
const MAX_FRAME_BYTES: u64 = 1 << 40;
/// A message has at most so many buffers.
const MAX_BUFFERS: u32 = 1 << 20;
const MAGIC: [u8; 3] = *b"cf1";

/// The bytes are not a frame, or there are no more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Broken {}

/// What a frame is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Calls for the worker to make, one after the other.
    Run = 1,
    /// The same, where the worker says when it begins each of them.
    RunTimed = 2,
    /// A call's value.
    Value = 3,
    /// How a call failed.
    Failure = 4,
}

/// The beginning of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the frame is about.
    pub kind: Kind,
    /// How many messages it has; results come one by one.
    pub n_messages: u32,
    /// The number of the request, which its results repeat.
    pub id: u64,
    /// How many bytes follow.
    pub n_bytes: u64,
}

impl Header {
    /// How long it is itself.
    pub const BYTES: usize = 24;

    /// Writes it.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..3].copy_from_slice(&MAGIC);
        bytes[3] = self.kind as u8;
        bytes[4..8].copy_from_slice(&self.n_messages.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.id.to_le_bytes());
        bytes[16..].copy_from_slice(&self.n_bytes.to_le_bytes());
        bytes
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Broken`], if it is none.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, Broken> {
        if bytes[..3] != MAGIC {
            return Err(Broken("a frame does not begin as frames do"));
        }
        let kind = match bytes[3] {
            1 => Kind::Run,
            2 => Kind::RunTimed,
            3 => Kind::Value,
            4 => Kind::Failure,
            _ => return Err(Broken("a frame is of no known kind")),
        };
        let n_bytes = number(&bytes[16..]);
        if n_bytes > MAX_FRAME_BYTES {
            return Err(Broken("a frame is too long"));
        }
        Ok(Self {
            kind,
            n_messages: number(&bytes[4..8]) as u32,
            id: number(&bytes[8..16]),
            n_bytes,
        })
    }
}

/// The beginning of a message: of a call in a request, or of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// Of a call, the key of its task; of a result, how many nanoseconds the call took.
    pub tag: u64,
    /// How long the head is, which follows the lengths of the buffers.
    pub head_bytes: u32,
    /// How many buffers follow the head.
    pub n_buffers: u32,
}

impl MessageHeader {
    /// How long it is itself.
    pub const BYTES: usize = 16;

    /// Writes it.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.tag.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.head_bytes.to_le_bytes());
        bytes[12..].copy_from_slice(&self.n_buffers.to_le_bytes());
        bytes
    }
}

fn number(bytes: &[u8]) -> u64 {
    let mut all = [0; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(all)
}

/// Where a frame's bytes come from.
pub trait Source {
    /// Fills `into`.
    ///
    /// # Errors
    /// [`Broken`], if there are not so many.
    fn read(&mut self, into: &mut [u8]) -> Result<(), Broken>;

    /// Reads so many bytes to the end of `into`, allocating little more than has arrived.
    ///
    /// # Errors
    /// [`Broken`], if there are not so many.
    fn append(&mut self, n_bytes: usize, into: &mut Vec<u8>) -> Result<(), Broken>;
}

impl Source for &[u8] {
    fn read(&mut self, into: &mut [u8]) -> Result<(), Broken> {
        let (now, later) = self
            .split_at_checked(into.len())
            .ok_or(Broken("a frame is truncated"))?;
        into.copy_from_slice(now);
        *self = later;
        Ok(())
    }

    fn append(&mut self, n_bytes: usize, into: &mut Vec<u8>) -> Result<(), Broken> {
        let (now, later) = self
            .split_at_checked(n_bytes)
            .ok_or(Broken("a frame is truncated"))?;
        into.extend_from_slice(now);
        *self = later;
        Ok(())
    }
}

/// One message as it was read; kept to be filled again.
#[derive(Debug, Default)]
pub struct Received {
    /// See [`MessageHeader::tag`].
    pub tag: u64,
    head: Vec<u8>,
    buffers: Vec<Vec<u8>>,
    /// Memory that was used before: to touch fresh memory for the first time costs more than to copy into it.
    spares: Vec<Vec<u8>>,
}

/// Smaller buffers are cheap to make.
const MIN_SPARE_BYTES: usize = 64 << 10;
const MAX_SPARES: usize = 4;

impl Received {
    /// Offers memory, whose content nobody needs, for one of the next buffers.
    pub(crate) fn offer(&mut self, spare: Vec<u8>) {
        if spare.capacity() >= MIN_SPARE_BYTES && self.spares.len() < MAX_SPARES {
            self.spares.push(spare);
        }
    }

    pub(crate) fn has_spares(&self) -> bool {
        !self.spares.is_empty()
    }

    /// Gives the memory that was offered back to the system.
    pub(crate) fn forget_spares(&mut self) {
        self.spares = Vec::new();
    }

    /// Memory for a buffer of this length: used before, if it fits and not much of it would be wasted.
    fn buffer(&mut self, n_bytes: usize) -> Vec<u8> {
        let fits =
            |spare: &Vec<u8>| (n_bytes..=n_bytes.saturating_mul(2)).contains(&spare.capacity());
        match self.spares.iter().position(fits) {
            Some(place) => {
                let mut spare = self.spares.swap_remove(place);
                spare.clear();
                spare
            }
            None => Vec::new(),
        }
    }

    /// Reads the next message of a frame, of which `left` bytes have not been read.
    ///
    /// # Errors
    /// [`Broken`], if it is longer than its frame, or does not come.
    pub fn read(&mut self, source: &mut impl Source, left: &mut u64) -> Result<(), Broken> {
        let mut header = [0; MessageHeader::BYTES];
        take(left, MessageHeader::BYTES as u64)?;
        source.read(&mut header)?;
        self.tag = number(&header[..8]);
        let (head_bytes, n_buffers) = (number(&header[8..12]), number(&header[12..]) as u32);
        if n_buffers > MAX_BUFFERS {
            return Err(Broken("a message has too many buffers"));
        }
        take(left, head_bytes)?;
        take(left, 8 * u64::from(n_buffers))?;
        let mut lengths = Vec::new();
        for _ in 0..n_buffers {
            let mut length = [0; 8];
            source.read(&mut length)?;
            let length = u64::from_le_bytes(length);
            take(left, length)?;
            lengths.push(length);
        }
        self.head.clear();
        source.append(length(head_bytes)?, &mut self.head)?;
        self.buffers.clear();
        for n_bytes in lengths {
            let n_bytes = length(n_bytes)?;
            let mut buffer = self.buffer(n_bytes);
            source.append(n_bytes, &mut buffer)?;
            self.buffers.push(buffer);
        }
        Ok(())
    }

    /// Gives it to who decodes it; the buffers are given away.
    pub fn incoming(&mut self) -> Incoming<'_> {
        let buffers = self.buffers.drain(..).map(Cow::Owned).collect();
        Incoming::new(&self.head, buffers)
    }

    /// The encoded values of a message without buffers.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }
}

fn take(left: &mut u64, n_bytes: u64) -> Result<(), Broken> {
    *left = left
        .checked_sub(n_bytes)
        .ok_or(Broken("a message is longer than its frame"))?;
    Ok(())
}

fn length(n_bytes: u64) -> Result<usize, Broken> {
    usize::try_from(n_bytes).map_err(|_| Broken("a frame is too long"))
}

/// A frame on its way out: its own bytes, and lent buffers between them.
#[derive(Debug)]
pub struct Draft<'a> {
    bytes: Vec<u8>,
    /// Each comes before the byte with this index.
    lent: Vec<(usize, &'a [u8])>,
    n_lent: usize,
    n_messages: u32,
}

impl<'a> Draft<'a> {
    /// Begins a frame in `bytes`, whose content is forgotten.
    pub fn new(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        bytes.resize(Header::BYTES, 0);
        Self {
            bytes,
            lent: Vec::new(),
            n_lent: 0,
            n_messages: 0,
        }
    }

    /// Adds a message. `encode` writes the head to the end of the bytes it is given and gives the buffers; where it fails, the
    /// frame stays as it was.
    ///
    /// # Errors
    /// What `encode` returned.
    pub fn add<E>(
        &mut self,
        tag: u64,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<Vec<&'a [u8]>, E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        self.bytes.resize(start + MessageHeader::BYTES, 0);
        let buffers = match encode(&mut self.bytes) {
            Ok(buffers) => buffers,
            Err(error) => {
                self.bytes.truncate(start);
                return Err(error);
            }
        };
        let head_start = start + MessageHeader::BYTES;
        let header = MessageHeader {
            tag,
            head_bytes: u32::try_from(self.bytes.len() - head_start).unwrap_or(u32::MAX),
            n_buffers: u32::try_from(buffers.len()).unwrap_or(u32::MAX),
        };
        self.bytes[start..head_start].copy_from_slice(&header.to_bytes());
        if !buffers.is_empty() {
            let lengths = buffers
                .iter()
                .flat_map(|buffer| (buffer.len() as u64).to_le_bytes());
            self.bytes.splice(head_start..head_start, lengths);
            let end = self.bytes.len();
            self.n_lent += buffers.iter().map(|buffer| buffer.len()).sum::<usize>();
            self.lent
                .extend(buffers.into_iter().map(|buffer| (end, buffer)));
        }
        self.n_messages += 1;
        Ok(())
    }

    /// How many messages it has.
    pub fn n_messages(&self) -> u32 {
        self.n_messages
    }

    /// How long the frame is.
    pub fn n_bytes(&self) -> usize {
        self.bytes.len() + self.n_lent
    }

    /// Writes the header.
    pub fn finish(&mut self, kind: Kind, id: u64) {
        let header = Header {
            kind,
            n_messages: self.n_messages,
            id,
            n_bytes: (self.n_bytes() - Header::BYTES) as u64,
        };
        self.bytes[..Header::BYTES].copy_from_slice(&header.to_bytes());
    }

    /// Gives its parts, one after the other.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        let mut lent = self.lent.iter();
        let mut next = lent.next();
        let mut is_own_turn = true;
        std::iter::from_fn(move || {
            if is_own_turn {
                is_own_turn = false;
                let to = next.map_or(self.bytes.len(), |(at, _)| *at);
                let part = &self.bytes[from..to];
                from = to;
                return Some(part);
            }
            let (_, buffer) = next?;
            next = lent.next();
            is_own_turn = true;
            Some(*buffer)
        })
    }

    /// Gives back the memory it was made in.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
