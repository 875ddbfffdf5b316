//! How values become bytes: `serde` values by postcard, large bytes and texts as buffers of their own.

use std::{borrow::Cow, cell::Cell, error::Error as StdError, fmt, marker::PhantomData};

use postcard::ser_flavors::Flavor;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    limited::{Depth, Fault},
    message::{Incoming, Message, Outgoing},
};

/// Bytes and texts from this length on cross as buffers of their own.
const BUFFER_BYTES: usize = 4 << 10;

/// How values of one type cross: lent by who keeps them, given by who is done with them, taken on the other side.
#[derive(Debug)]
pub struct Codec<T: 'static> {
    pub lend: for<'a> fn(&'a T, &mut Outgoing<'a>) -> Result<(), CodecError>,
    pub give: fn(T, &mut Message) -> Result<(), CodecError>,
    pub take: fn(&mut Incoming<'_>) -> Result<T, CodecError>,
}

/// Asks for the codec of a type: its own method where the type has a better way than postcard, else [`ByPostcard`]'s.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// Asks.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The ordinary way.
pub trait ByPostcard<T: 'static> {
    /// Answers.
    fn __cf_codec(self) -> Codec<T>;

    /// The memory of a value that is not needed any more, if it is one piece of bytes.
    fn __cf_spare(self, value: &mut T) -> Option<Vec<u8>>;
}

impl<T: Serialize + DeserializeOwned + 'static> ByPostcard<T> for Probe<T> {
    fn __cf_codec(self) -> Codec<T> {
        Codec {
            lend: |value, out| append(value, &mut out.head),
            give: |value, out| append(&value, &mut out.head),
            take: |incoming| {
                let mut decoder = postcard::Deserializer::from_bytes(incoming.head());
                let fault = Cell::new(None);
                let value = T::deserialize(Depth::new(&fault).limit(&mut decoder))
                    .map_err(|error| CodecError::decoding::<T>(&error, fault.get()))?;
                *incoming.head() = decoder
                    .finalize()
                    .map_err(|error| CodecError::decoding::<T>(&error, None))?;
                Ok(value)
            },
        }
    }

    fn __cf_spare(self, _: &mut T) -> Option<Vec<u8>> {
        None
    }
}

fn append<T: Serialize>(value: &T, head: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = head.len();
    let fault = Cell::new(None);
    let mut encoder = postcard::Serializer {
        output: Appender(head),
    };
    let encoded = value.serialize(Depth::new(&fault).limit(&mut encoder));
    encoded.map_err(|error| {
        // A value that fails half way leaves nothing behind.
        head.truncate(start);
        CodecError::encoding::<T>(&error, fault.get())
    })
}

/// Postcard's output, at the end of what is there.
struct Appender<'a>(&'a mut Vec<u8>);

impl Flavor for Appender<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

impl Probe<Vec<u8>> {
    /// Answers.
    pub fn __cf_codec(self) -> Codec<Vec<u8>> {
        Codec {
            lend: |bytes, out| {
                lend(bytes, out);
                Ok(())
            },
            give: |bytes, out| {
                give(bytes, out);
                Ok(())
            },
            take: |incoming| take(incoming).map(Cow::into_owned),
        }
    }

    /// Gives the bytes' memory.
    pub fn __cf_spare(self, value: &mut Vec<u8>) -> Option<Vec<u8>> {
        Some(std::mem::take(value))
    }
}

impl Probe<String> {
    /// Answers.
    pub fn __cf_codec(self) -> Codec<String> {
        Codec {
            lend: |text, out| {
                lend(text.as_bytes(), out);
                Ok(())
            },
            give: |text, out| {
                give(text.into_bytes(), out);
                Ok(())
            },
            take: |incoming| {
                String::from_utf8(take(incoming)?.into_owned())
                    .map_err(|error| CodecError(format!("a text is not UTF-8: {error}").into()))
            },
        }
    }
}

/// The length, doubled, and one more where the bytes are not here but in a buffer.
fn put_length(head: &mut Vec<u8>, n_bytes: usize, is_buffer: bool) {
    let mut rest = (n_bytes as u64) << 1 | u64::from(is_buffer);
    while rest >= 0x80 {
        head.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    head.push(rest as u8);
}

fn lend<'a>(bytes: &'a [u8], out: &mut Outgoing<'a>) {
    let is_buffer = bytes.len() >= BUFFER_BYTES;
    put_length(&mut out.head, bytes.len(), is_buffer);
    if is_buffer {
        out.buffers.push(bytes);
    } else {
        out.head.extend_from_slice(bytes);
    }
}

fn give(bytes: Vec<u8>, out: &mut Message) {
    let is_buffer = bytes.len() >= BUFFER_BYTES;
    put_length(&mut out.head, bytes.len(), is_buffer);
    if is_buffer {
        out.buffers.push(bytes);
    } else {
        out.head.extend_from_slice(&bytes);
    }
}

fn take<'a>(incoming: &mut Incoming<'a>) -> Result<Cow<'a, [u8]>, CodecError> {
    let mut length = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = incoming.take(1)?[0];
        length |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let n_bytes = usize::try_from(length >> 1).map_err(|_| CodecError::truncated())?;
    if length & 1 == 0 {
        return incoming.take(n_bytes).map(Cow::Borrowed);
    }
    let buffer = incoming.buffer()?;
    if buffer.len() == n_bytes {
        Ok(buffer)
    } else {
        Err(CodecError::truncated())
    }
}

/// A value could not be encoded or decoded; displays which type and why.
///
/// # Examples
/// ```
/// use cf_task::{CodecError, Incoming};
///
/// let error: CodecError = Incoming::new(&[7], Vec::new()).finish().unwrap_err();
/// assert!(error.to_string().contains("other code"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError(Box<str>);

impl CodecError {
    fn encoding<T>(error: &postcard::Error, fault: Option<Fault>) -> Self {
        Self::of::<T>("encoded", error, fault)
    }

    fn decoding<T>(error: &postcard::Error, fault: Option<Fault>) -> Self {
        Self::of::<T>("decoded", error, fault)
    }

    fn of<T>(what: &str, error: &postcard::Error, fault: Option<Fault>) -> Self {
        let name = std::any::type_name::<T>();
        let why = fault.map_or_else(|| error.to_string(), |fault| fault.to_string());
        Self(format!("a value of type {name} could not be {what}: {why}").into())
    }

    /// The values beside the buffers are longer than a message may be.
    #[doc(hidden)]
    pub fn too_long() -> Self {
        Self(
            "values of more than 1 GiB: large data crosses as it is in a `Vec<u8>` or a `String` of its own"
                .into(),
        )
    }

    /// The value's own code panicked while it was encoded.
    #[doc(hidden)]
    pub fn panicked(panic: &dyn fmt::Display) -> Self {
        Self(format!("a value could not be encoded: {panic}").into())
    }

    pub(crate) fn truncated() -> Self {
        Self("the message ends in the middle of a value".into())
    }

    pub(crate) fn left_over() -> Self {
        Self("the message is longer than its values: it was written by other code than that which reads it".into())
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for CodecError {}
