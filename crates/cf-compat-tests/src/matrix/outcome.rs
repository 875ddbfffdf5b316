//! What came out of an operation, in the words that the measurement of Python uses.

use aio_bridge::GroupError;
use cf_core::{DoneAndNotDone, Error, TimedOut};

/// `ok: …`, `returns …` or `fails: …`.
pub(super) fn told(outcome: impl Told) -> String {
    match outcome.told() {
        Ok(Words::Answer(answer)) => format!("returns {answer}"),
        Ok(Words::Value(value)) => format!("ok: {value}"),
        Err(failure) => format!("fails: {failure}"),
    }
}

/// What a success is called.
pub(super) enum Words {
    Answer(bool),
    Value(String),
}

impl Words {
    fn into_text(self) -> String {
        match self {
            Self::Answer(answer) => answer.to_string(),
            Self::Value(value) => value,
        }
    }
}

/// What can be told. A `Result` in a `Result` is told as one: which of the two failed is seen in the failure.
pub(super) trait Told {
    fn told(self) -> Result<Words, String>;
}

impl Told for bool {
    fn told(self) -> Result<Words, String> {
        Ok(Words::Answer(self))
    }
}

impl Told for u32 {
    fn told(self) -> Result<Words, String> {
        Ok(Words::Value(self.to_string()))
    }
}

impl Told for String {
    fn told(self) -> Result<Words, String> {
        Ok(Words::Value(self))
    }
}

impl Told for &str {
    fn told(self) -> Result<Words, String> {
        Ok(Words::Value(self.to_owned()))
    }
}

/// What `exception` gives.
impl Told for Option<Error> {
    fn told(self) -> Result<Words, String> {
        Ok(Words::Value(
            self.map_or_else(|| "None".to_owned(), |error| error.words()),
        ))
    }
}

impl<T: Told> Told for Vec<T> {
    fn told(self) -> Result<Words, String> {
        let texts: Vec<_> = self
            .into_iter()
            .map(|each| match each.told() {
                Ok(words) => words.into_text(),
                Err(failure) => failure,
            })
            .collect();
        Ok(Words::Value(format!("[{}]", texts.join(", "))))
    }
}

impl<F> Told for DoneAndNotDone<F> {
    fn told(self) -> Result<Words, String> {
        let (n_done, n_pending) = (self.done.len(), self.not_done.len());
        Ok(Words::Value(format!("done={n_done} pending={n_pending}")))
    }
}

impl<T: Told, E: Failure> Told for Result<T, E> {
    fn told(self) -> Result<Words, String> {
        match self {
            Ok(value) => value.told(),
            Err(failure) => Err(failure.words()),
        }
    }
}

/// A failure by its name and with its message, as `raises: TypeError(…)`.
pub(super) trait Failure {
    fn words(&self) -> String;
}

impl Failure for Error {
    fn words(&self) -> String {
        let variant = format!("{self:?}");
        let end = variant
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(variant.len());
        format!("{}({self})", &variant[..end])
    }
}

impl Failure for TimedOut {
    fn words(&self) -> String {
        format!("TimedOut({self})")
    }
}

impl Failure for GroupError {
    fn words(&self) -> String {
        format!("GroupError({self})")
    }
}
