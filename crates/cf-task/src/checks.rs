//! Says once, and in plain words, which type cannot be part of a task.
//!
//! The expansion of `#[task]` asks for a property of a type in one place, by a trait that has words for it. In all others it
//! calls a method that exists for every type: where the property is missing, the one for a reference is found, which never runs,
//! because the program does not compile.
//!
//! A trait that has but one impl is never complained about, only the bounds of that impl are. So each has a second one, for nothing.

use cf_core::{BoxError, Error};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    call::Work,
    codec::{Codec, Probe},
    failure::Failure,
};

/// There is nothing of this kind.
pub trait Impossible {}

/// The first impl of a check.
#[derive(Debug)]
pub enum Really {}

/// The second.
#[derive(Debug)]
pub enum Never {}

/// What can be an argument or the value of a task.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross to another process",
    label = "cannot be an argument or the value of a task",
    note = "it and all that it is made of must be `Send`, `serde::Serialize` and `serde::Deserialize`, without borrowing",
    note = "for a type of your own: `#[derive(serde::Serialize, serde::Deserialize)]`; \
            for one of another crate: look for its feature `serde`"
)]
pub trait Crosses<How> {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Crosses<Really> for T {}

impl<T: Impossible> Crosses<Never> for T {}

/// Checks an argument or the value of a task.
pub const fn crosses<T: Crosses<How>, How>() {}

/// What can be the error of a task.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a task",
    label = "is not turned into a `Box<dyn Error + Send + Sync>` by `?`",
    note = "an error of your own must be `std::error::Error`, `Send` and `Sync`; in a box, write `Box<dyn Error + Send + Sync>`"
)]
pub trait Fails<How> {}

impl<E: Into<BoxError>> Fails<Really> for E {}

impl<E: Impossible> Fails<Never> for E {}

/// Checks the error of a task.
pub const fn fails<E: Fails<How>, How>() {}

/// What a function gives that returns a `Result`: its value when it succeeds, and its error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is named `Result`, but is not the standard library's",
    label = "is taken for a `Result` whose error is the failure of the call",
    note = "return it under another name: `type Outcome = {Self};`"
)]
pub trait Flatten {
    /// The `T` of `Result<T, E>`.
    type Value;

    /// The `E`.
    type Error;
}

impl<T, E> Flatten for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// The codec of what does not cross.
pub trait NoCodec<T: 'static> {
    /// Never answers.
    fn __cf_codec(self) -> Codec<T>;

    /// Never answers.
    fn __cf_spare(self, value: &mut T) -> Option<Vec<u8>>;
}

impl<T: 'static> NoCodec<T> for &Probe<T> {
    fn __cf_codec(self) -> Codec<T> {
        unreachable!("does not compile")
    }

    fn __cf_spare(self, _: &mut T) -> Option<Vec<u8>> {
        unreachable!("does not compile")
    }
}

/// Arguments on their way into a call.
#[derive(Debug)]
pub struct Packing<W>(pub W);

/// Packs what can be sent.
pub trait Pack<T> {
    /// Packs.
    fn __cf_pack(self) -> Box<dyn Work<T> + Send>;
}

impl<T, W: Work<T> + Send + 'static> Pack<T> for Packing<W> {
    fn __cf_pack(self) -> Box<dyn Work<T> + Send> {
        Box::new(self.0)
    }
}

/// Packs what cannot.
pub trait NoPack<T> {
    /// Never packs.
    fn __cf_pack(self) -> Box<dyn Work<T> + Send>;
}

impl<T, W> NoPack<T> for &Packing<W> {
    fn __cf_pack(self) -> Box<dyn Work<T> + Send> {
        unreachable!("does not compile")
    }
}

/// What a function with a `Result` returned.
#[derive(Debug)]
pub struct Outcome<R>(pub R);

/// The error that it returned, and the name of its type.
#[derive(Debug)]
pub struct Raised {
    error: BoxError,
    type_name: &'static str,
}

impl From<Raised> for Error {
    fn from(raised: Raised) -> Self {
        Self::from_box(raised.error)
    }
}

impl From<Raised> for Failure {
    fn from(raised: Raised) -> Self {
        Self::of(raised.error, raised.type_name)
    }
}

/// Tells value and error apart.
pub trait Settle<T> {
    /// Tells.
    fn __cf_settle(self) -> Result<T, Raised>;
}

impl<T, E: Into<BoxError>> Settle<T> for Outcome<Result<T, E>> {
    fn __cf_settle(self) -> Result<T, Raised> {
        self.0.map_err(|error| Raised {
            error: error.into(),
            type_name: std::any::type_name::<E>(),
        })
    }
}

/// Does not, because what should be an error is none.
pub trait NoSettle<T> {
    /// Never tells.
    fn __cf_settle(self) -> Result<T, Raised>;
}

impl<T, R> NoSettle<T> for &Outcome<R> {
    fn __cf_settle(self) -> Result<T, Raised> {
        unreachable!("does not compile")
    }
}
