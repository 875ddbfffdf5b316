//! `tracing` events of a worker on their way to the parent's subscriber.

use std::{
    fmt::{self, Write},
    os::unix::net::UnixStream,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use cf_core::unwind;
use serde::{Deserialize, Serialize};
use tracing::{
    Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::process::channel::{self, ToParent};

/// What is told of one event.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    level: u8,
    target: String,
    message: String,
    fields: String,
}

/// More than this of a text is not told.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// Cuts what is too long, and says so.
fn cut(text: &mut String) {
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        text.push_str(" (cut)");
    }
}

pub(crate) fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

impl Event {
    /// Tells the parent's subscriber, whose panic is contained.
    pub(crate) fn emit(&self, pid: u32) {
        unwind::contain("tracing subscriber", || self.emit_uncontained(pid));
    }

    fn emit_uncontained(&self, pid: u32) {
        macro_rules! emit {
            ($level:ident) => {
                tracing::event!(
                    target: "concurrent_futures::worker",
                    Level::$level,
                    pid,
                    origin = self.target.as_str(),
                    fields = self.fields.as_str(),
                    "{}",
                    self.message
                )
            };
        }
        match self.level {
            1 => emit!(ERROR),
            2 => emit!(WARN),
            3 => emit!(INFO),
            4 => emit!(DEBUG),
            _ => emit!(TRACE),
        }
    }
}

/// The worker's subscriber: sends events from `level` on, and knows nothing of spans but that they have numbers.
pub(crate) struct Forwarder {
    level: u8,
    socket: Mutex<UnixStream>,
    next_span: AtomicU64,
}

impl Forwarder {
    /// Makes it the subscriber of this process, unless the program has one already.
    pub(crate) fn install(level: u8, socket: UnixStream) {
        let forwarder = Self {
            level,
            socket: Mutex::new(socket),
            next_span: AtomicU64::new(1),
        };
        let _ = tracing::dispatcher::set_global_default(tracing::Dispatch::new(forwarder));
    }
}

impl Subscriber for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        number(*metadata.level()) <= self.level
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(self.next_span.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut told = Event {
            level: number(*event.metadata().level()),
            target: event.metadata().target().to_owned(),
            message: String::new(),
            fields: String::new(),
        };
        event.record(&mut told);
        cut(&mut told.message);
        cut(&mut told.fields);
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        // A parent that does not listen has died or will be told next time.
        let _ = channel::send(&socket, &ToParent::Event(told));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

impl Visit for Event {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            let gap = if self.fields.is_empty() { "" } else { " " };
            let _ = write!(self.fields, "{gap}{}={value:?}", field.name());
        }
    }
}
