//! A registered function: its name, its signature, and how to run it from an encoded message.

use std::fmt;

use cf_core::unwind;

use crate::{
    failure::Failure,
    message::{Incoming, Message},
};

/// A function that can be called from elsewhere; made by `#[task]`, which gives it as `name::TASK`.
///
/// # Examples
/// ```
/// use cf_task::task;
///
/// #[task(name = "billing::total")]
/// fn total(prices: Vec<u32>) -> u32 {
///     prices.iter().sum()
/// }
///
/// assert_eq!(total::TASK.name(), "billing::total");
/// assert_eq!(total::TASK.signature(), "fn(Vec<u32>) -> u32");
/// ```
pub struct Task {
    name: &'static str,
    signature: &'static str,
    key: u64,
    place: Place,
    body: fn(&mut Incoming<'_>, &mut Message) -> Result<(), Failure>,
}

impl Task {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        signature: &'static str,
        place: Place,
        body: fn(&mut Incoming<'_>, &mut Message) -> Result<(), Failure>,
    ) -> Self {
        Self {
            name,
            signature,
            key: hash(hash(FNV_START, name), signature),
            place,
            body,
        }
    }

    /// Gives the name under which it is registered: the path of the function, or what `#[task(name = "…")]` says.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::task;
    /// #[task(name = "echo")]
    /// fn ping() {}
    /// assert_eq!(ping::TASK.name(), "echo");
    /// ```
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the types of its arguments and of what it returns, as they are written.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::task;
    /// #[task]
    /// fn ping() {}
    /// assert_eq!(ping::TASK.signature(), "fn()");
    /// ```
    pub fn signature(&self) -> &'static str {
        self.signature
    }

    /// Gives the number that stands for name and signature in a message.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::{registry, task};
    /// #[task]
    /// fn ping() {}
    /// assert!(std::ptr::eq(registry::find(ping::TASK.key()).unwrap().unwrap(), ping::TASK));
    /// ```
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Gives where it is written.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::task;
    /// #[task]
    /// fn ping() {}
    /// assert!(ping::TASK.place().to_string().contains(':'));
    /// ```
    pub fn place(&self) -> Place {
        self.place
    }

    /// Decodes the arguments, calls the function and encodes what it returns. A panic of it is a [`Failure`].
    ///
    /// # Errors
    /// How the call failed.
    ///
    /// # Examples
    /// ```
    /// # use cf_task::{Incoming, Message, task};
    /// #[task]
    /// fn add(a: u8, b: u8) -> u8 { a + b }
    ///
    /// let mut reply = Message::default();
    /// add::TASK.run(&mut Incoming::new(&[3, 4], Vec::new()), &mut reply).unwrap();
    /// assert_eq!(reply.head, [7]);
    /// ```
    pub fn run(&self, incoming: &mut Incoming<'_>, reply: &mut Message) -> Result<(), Failure> {
        unwind::catch(|| (self.body)(incoming, reply)).unwrap_or_else(|error| Err(error.into()))
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .field("signature", &self.signature)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Where a task is written.
///
/// # Examples
/// ```
/// # use cf_task::task;
/// #[task]
/// fn ping() {}
/// assert!(ping::TASK.place().line > 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The source file, as the compiler saw its path.
    pub file: &'static str,
    /// The line, counted from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a, which can be computed by the compiler; the zero ends the text, so that no two texts run into each other.
const fn hash(start: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = start;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(FNV_PRIME);
        index += 1;
    }
    hash.wrapping_mul(FNV_PRIME)
}
