//! What crosses: a head of encoded values, and large buffers beside it that are copied and not looked through.
//!
//! The same idea as the out-of-band buffers of Python's pickle protocol 5 (PEP 574).

use std::borrow::Cow;

use crate::codec::CodecError;

/// The arguments of a call on their way out: small values encoded in the head, large buffers lent by their owner.
///
/// # Examples
/// ```
/// use cf_task::{Outgoing, task};
///
/// #[task]
/// fn length(bytes: Vec<u8>) -> usize {
///     bytes.len()
/// }
///
/// let call = length::task(vec![0; 100_000]);
/// let mut outgoing = Outgoing::default();
/// call.encode(&mut outgoing).unwrap();
/// assert_eq!(outgoing.buffers[0].len(), 100_000);
/// assert!(outgoing.head.len() < 10);
/// ```
#[derive(Debug, Default)]
pub struct Outgoing<'a> {
    /// Small values, one after the other.
    pub head: Vec<u8>,
    /// Large ones, in the order in which the head mentions them.
    pub buffers: Vec<&'a [u8]>,
}

/// A result on its way back: as [`Outgoing`], but it owns its buffers.
///
/// # Examples
/// ```
/// use cf_task::{Incoming, Message, task};
///
/// #[task]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// let mut reply = Message::default();
/// double::TASK.run(&mut Incoming::new(&[21], Vec::new()), &mut reply).unwrap();
/// assert_eq!(reply.head, [42]);
/// ```
#[derive(Debug, Default)]
pub struct Message {
    /// Small values, one after the other.
    pub head: Vec<u8>,
    /// Large ones, in the order in which the head mentions them.
    pub buffers: Vec<Vec<u8>>,
}

/// A message that has come and is decoded value by value.
///
/// # Examples
/// ```
/// use cf_task::{Incoming, Message, task};
///
/// #[task]
/// fn length(bytes: &[u8]) -> usize {
///     bytes.len()
/// }
///
/// let garbage = [0xFF; 3];
/// let mut incoming = Incoming::new(&garbage, Vec::new());
/// assert!(length::TASK.run(&mut incoming, &mut Message::default()).is_err());
/// ```
#[derive(Debug)]
pub struct Incoming<'a> {
    head: &'a [u8],
    buffers: std::vec::IntoIter<Cow<'a, [u8]>>,
}

impl<'a> Incoming<'a> {
    /// Reads from this head and these buffers.
    ///
    /// # Examples
    /// ```
    /// use cf_task::Incoming;
    ///
    /// let mut incoming = Incoming::new(&[1, 2, 3], Vec::new());
    /// assert!(incoming.finish().is_err()); // nobody has read them
    /// ```
    pub fn new(head: &'a [u8], buffers: Vec<Cow<'a, [u8]>>) -> Self {
        Self {
            head,
            buffers: buffers.into_iter(),
        }
    }

    /// What is left of the head, to be read and moved on.
    pub(crate) fn head(&mut self) -> &mut &'a [u8] {
        &mut self.head
    }

    /// Takes so many bytes of the head.
    pub(crate) fn take(&mut self, n_bytes: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self
            .head
            .split_at_checked(n_bytes)
            .ok_or_else(CodecError::truncated)?;
        self.head = rest;
        Ok(taken)
    }

    /// Takes the next buffer.
    pub(crate) fn buffer(&mut self) -> Result<Cow<'a, [u8]>, CodecError> {
        self.buffers.next().ok_or_else(CodecError::truncated)
    }

    /// Checks that all of it was read.
    ///
    /// # Errors
    /// [`CodecError`], if not: then it was written by other code than that which read it.
    ///
    /// # Examples
    /// ```
    /// use cf_task::Incoming;
    ///
    /// assert!(Incoming::new(&[], Vec::new()).finish().is_ok());
    /// ```
    pub fn finish(&mut self) -> Result<(), CodecError> {
        if self.head.is_empty() && self.buffers.next().is_none() {
            Ok(())
        } else {
            Err(CodecError::left_over())
        }
    }
}
