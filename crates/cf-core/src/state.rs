//! The life of a future as a picture, and the byte that mirrors it for looks without the lock.
//!
//! ```text
//!   Pending ──start──▶ Running ──complete──▶ Settling ──publish──▶ Succeeded | Failed
//!      │ │                 │    (callbacks run)      ▲
//!      │ └────complete─────┴──────────────────publish┘ (nobody asked to be called)
//!      └──cancel──▶ (Settling ──▶) Cancelled
//! ```
//!
//! A move that is not drawn does not exist. Every move is made under the cell's lock; the byte is written there too,
//! and may be read without it. `Settling` is final for the thread that runs the callbacks and not yet final for others.

use crate::{
    error::Error,
    sync::atomic::{AtomicU8, Ordering},
};

/// Where a future is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Pending = 0,
    Running = 1,
    Settling = 2,
    Succeeded = 3,
    Failed = 4,
    Cancelled = 5,
}

impl Phase {
    /// The phase of what ended so; cancelled only where that was asked for.
    pub(crate) fn of<T>(outcome: &Result<T, Error>, is_cancelled: bool) -> Self {
        match outcome {
            Ok(_) => Self::Succeeded,
            Err(Error::Cancelled) if is_cancelled => Self::Cancelled,
            Err(_) => Self::Failed,
        }
    }

    pub(crate) fn is_final(self) -> bool {
        self >= Self::Succeeded
    }
}

/// The mirror of a cell's phase.
#[derive(Debug)]
pub(crate) struct PhaseMirror(AtomicU8);

impl PhaseMirror {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(Phase::Pending as u8))
    }

    pub(crate) fn get(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Pending,
            1 => Phase::Running,
            2 => Phase::Settling,
            3 => Phase::Succeeded,
            4 => Phase::Failed,
            _ => Phase::Cancelled,
        }
    }

    /// To be called under the cell's lock only.
    pub(crate) fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }
}
