//! What `serde` does to a value, within limits: how deep the value may be nested, and what does not cross.

use std::{cell::Cell, fmt};

/// Values are nested at most so deeply; a list of nodes that own the next one takes two levels for each.
const MAX_DEPTH: u32 = 128;

/// Why a value does not cross, where `serde`'s own error would not say it.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    TooDeep,
    /// The other side would take the next field for this one.
    Skips(&'static str),
    /// It is to be read without its type being known.
    Untyped,
    /// How many parts it has is known only at its end.
    NoLength,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => write!(
                f,
                "it is nested more than {MAX_DEPTH} levels deep; keep what it is made of in a `Vec` and refer to it by index"
            ),
            Self::Skips(field) => write!(
                f,
                "its field `{field}` is left out (`skip_serializing_if`), but fields cross by their order, not by their names"
            ),
            Self::Untyped => f.write_str(
                "the bytes do not say of what type they are, as `untagged`, `tag = …`, `flatten` and `serde_json::Value` need; \
                 send it as text, or as an ordinary struct or enum",
            ),
            Self::NoLength => f.write_str(
                "its length is not known beforehand (`flatten`, or an iterator); collect it into a `Vec` or a map first",
            ),
        }
    }
}

/// How deep it still may go, and where to say what was wrong.
#[derive(Clone, Copy)]
pub(crate) struct Depth<'a> {
    left: u32,
    fault: &'a Cell<Option<Fault>>,
}

impl<'a> Depth<'a> {
    /// At the top of a value; what is wrong with it is said in `fault`.
    pub(crate) fn new(fault: &'a Cell<Option<Fault>>) -> Self {
        Self {
            left: MAX_DEPTH,
            fault,
        }
    }

    /// Limits a part of `serde`'s work.
    pub(crate) fn limit<T>(self, inner: T) -> Limited<'a, T> {
        Limited { inner, depth: self }
    }

    pub(crate) fn one_deeper(mut self) -> Result<Self, Fault> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| self.refuse(Fault::TooDeep))?;
        Ok(self)
    }

    /// The same for so many parts.
    pub(crate) fn of_length(self, n: Option<usize>) -> Result<Self, Fault> {
        match n {
            Some(_) => self.one_deeper(),
            None => Err(self.refuse(Fault::NoLength)),
        }
    }

    pub(crate) fn refuse(self, fault: Fault) -> Fault {
        self.fault.set(Some(fault));
        fault
    }
}

/// A part of `serde`'s work whose own parts are limited too.
pub(crate) struct Limited<'a, T> {
    pub(crate) inner: T,
    pub(crate) depth: Depth<'a>,
}
