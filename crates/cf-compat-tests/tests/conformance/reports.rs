//! What the library reports as `tracing` events, on whatever thread.

use std::{
    fmt,
    sync::{Mutex, Once},
    thread,
};

use cf_core::Promise;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

static TEXTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What is said to find out whether anybody hears.
const HELLO: &str = "does anybody hear this panic of a callback";

/// Begins to listen, if nobody has yet.
pub(crate) fn listen() {
    static IS_LISTENING: Once = Once::new();
    IS_LISTENING.call_once(|| {
        // Nobody else in this binary sets one.
        tracing::subscriber::set_global_default(Reporter).unwrap();
        // Another thread may just have learnt that nobody listens; it says so only once.
        for _ in 0..1_000 {
            if hears() {
                return;
            }
            tracing::callsite::rebuild_interest_cache();
            thread::yield_now();
        }
        panic!("what is reported is not heard");
    });
}

/// Whether a callback that panics is heard of: other threads may have asked whether to tell of one just before.
fn hears() -> bool {
    let (promise, future) = Promise::new();
    future.add_done_callback(|_| panic!("{HELLO}"));
    let _ = promise.set_result(7);
    let mut texts = TEXTS.lock().unwrap();
    let n_before = texts.len();
    texts.retain(|report| !report.contains(HELLO));
    texts.len() < n_before
}

/// Gives the reports in which this occurs: level, then the fields.
pub(crate) fn with(text: &str) -> Vec<String> {
    let texts = TEXTS.lock().unwrap();
    let found = texts.iter().filter(|report| report.contains(text));
    found.cloned().collect()
}

struct Reporter;

impl Subscriber for Reporter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "concurrent_futures"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        TEXTS.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}
