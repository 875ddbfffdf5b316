//! A small subscriber that knows which `tracing` spans a thread is in.

use std::{cell::RefCell, sync::Mutex};

use tracing::{
    Dispatch, Event, Metadata, Subscriber, dispatcher,
    span::{Attributes, Id, Record},
};
use tracing_core::span::Current;

thread_local!(static ENTERED: RefCell<Vec<(Id, &'static str)>> = const { RefCell::new(Vec::new()) });

/// Runs `f` where spans are known.
pub(crate) fn with_spans<R>(f: impl FnOnce() -> R) -> R {
    dispatcher::with_default(&Dispatch::new(Spans::default()), f)
}

/// The names of the spans that this thread is in, the outermost first.
pub(crate) fn entered() -> Vec<&'static str> {
    ENTERED.with(|entered| entered.borrow().iter().map(|(_, name)| *name).collect())
}

/// Knows which spans each thread is in.
#[derive(Default)]
struct Spans {
    kinds: Mutex<Vec<&'static Metadata<'static>>>,
}

impl Spans {
    fn kind(&self, id: &Id) -> &'static Metadata<'static> {
        self.kinds.lock().unwrap()[usize::try_from(id.into_u64()).unwrap() - 1]
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut kinds = self.kinds.lock().unwrap();
        kinds.push(attributes.metadata());
        Id::from_u64(kinds.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        let name = self.kind(id).name();
        ENTERED.with(|entered| entered.borrow_mut().push((id.clone(), name)));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with(|entered| {
            let mut entered = entered.borrow_mut();
            let place = entered.iter().rposition(|(it, _)| it == id);
            entered.remove(place.expect("a span is left that was not entered"));
        });
    }

    fn current_span(&self) -> Current {
        ENTERED.with(|entered| match entered.borrow().last() {
            None => Current::none(),
            Some((id, _)) => Current::new(id.clone(), self.kind(id)),
        })
    }
}
