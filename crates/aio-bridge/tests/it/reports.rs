//! A small subscriber that keeps the library's `tracing` events.

use std::{
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::Interest,
};

/// What was reported on this thread while `f` ran: level and fields of each event of the library.
pub(crate) fn reports_of(f: impl FnOnce()) -> Vec<String> {
    let reports = Reports::new();
    tracing::subscriber::with_default(reports.clone(), f);
    reports.all()
}

/// The events so far; clones share them.
#[derive(Clone)]
pub(crate) struct Reports(Arc<Mutex<Vec<String>>>);

impl Reports {
    pub(crate) fn new() -> Self {
        static IS_KNOWN: Once = Once::new();
        IS_KNOWN.call_once(make_known);
        Self(Arc::default())
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Makes the library's event known to `tracing`, which may miss a subscriber that comes while it learns of an event.
fn make_known() {
    let has_seen = Arc::new(AtomicBool::new(false));
    while !has_seen.load(Ordering::SeqCst) {
        let (promise, future) = aio_bridge::future::<()>();
        drop(promise);
        drop(future);
        drop(tracing::Dispatch::new(Probe(Arc::clone(&has_seen))));
        thread::yield_now();
    }
}

/// Sees which events are known; takes none.
struct Probe(Arc<AtomicBool>);

impl Subscriber for Probe {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == "concurrent_futures" && *metadata.level() == Level::ERROR {
            self.0.store(true, Ordering::SeqCst);
        }
        Interest::never()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

impl Subscriber for Reports {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "concurrent_futures"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Text(String);

        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }

        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
