//! What the library reports as `tracing` events: the counterpart of asyncio's exception handler.

use std::{
    cell::RefCell,
    fmt::{self, Write},
    sync::Once,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

thread_local! {
    static REPORTS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Keeps what is reported on this thread, until it is [`taken`].
pub(crate) fn keep() {
    listen();
    REPORTS.set(Some(Vec::new()));
}

/// What was reported on this thread since it [`keep`]s that.
#[track_caller]
pub(crate) fn taken() -> Vec<String> {
    REPORTS.take().expect("nothing is kept on this thread")
}

/// What was reported on this thread while `f` ran.
pub(crate) fn reports_of(f: impl FnOnce()) -> Vec<String> {
    listen();
    let outer = REPORTS.replace(Some(Vec::new()));
    f();
    REPORTS.replace(outer).unwrap_or_default()
}

/// Fails unless there is one report, with all of these words in it.
#[track_caller]
pub(crate) fn assert_reported(reports: &[String], words: &[&str]) {
    let [report] = reports else {
        panic!("not one report: {reports:?}");
    };
    for word in words {
        assert!(report.contains(word), "no `{word}` in: {report}");
    }
}

/// Has all threads of the test binary listen, each for itself.
fn listen() {
    static IS_LISTENING: Once = Once::new();
    IS_LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(PerThread).unwrap();
        // Another thread may just have learnt that nobody listens; it says so only once.
        for _ in 0..1_000 {
            if hears() {
                return;
            }
            tracing::callsite::rebuild_interest_cache();
            std::thread::yield_now();
        }
    });
}

/// Whether a failure that nobody looks at is heard of.
fn hears() -> bool {
    let outer = REPORTS.replace(Some(Vec::new()));
    let (promise, future) = aio_bridge::future::<()>();
    drop(promise);
    drop(future);
    REPORTS
        .replace(outer)
        .is_some_and(|heard| !heard.is_empty())
}

/// Keeps each event for the thread it is told on.
struct PerThread;

impl Subscriber for PerThread {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "concurrent_futures"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let text = text_of(event);
        REPORTS.with_borrow_mut(|reports| {
            if let Some(reports) = reports {
                reports.push(text);
            }
        });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Level and fields of an event.
pub(crate) fn text_of(event: &Event<'_>) -> String {
    struct Text(String);

    impl Visit for Text {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            let _ = write!(self.0, " {field}={value:?}");
        }
    }

    let mut text = Text(event.metadata().level().to_string());
    event.record(&mut text);
    text.0
}
