//! How a cancellation reaches what a coroutine is waiting for: a mark on the thread around a poll.
//!
//! Python throws `CancelledError` in at the innermost await. Here the coroutine is polled once more with the mark set. The
//! futures of this crate see it: a task or a bridged call that is awaited is cancelled and says so, and the coroutine is
//! polled until that has ended. Where nobody says anything the coroutine is dropped, which is how Rust cancels.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use cf_core::{Error, sync::thread_local, unwind};
use pin_project_lite::pin_project;

thread_local! {
    static DELIVERY: Cell<Option<Delivery>> = const { Cell::new(None) };
}

/// What the polled futures answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delivery {
    /// Somebody was told and has not ended yet.
    pub(crate) is_awaited: bool,
    /// The coroutine itself took notice and goes on as it likes.
    pub(crate) is_heeded: bool,
}

/// Whether what is polled now is to end.
pub(crate) fn is_cancelling() -> bool {
    DELIVERY.with(Cell::get).is_some()
}

/// Says that the coroutine takes notice by itself.
pub(crate) fn heed() {
    note(|delivery| delivery.is_heeded = true);
}

/// Says that somebody was told and has to be waited for.
pub(crate) fn expect_end() {
    note(|delivery| delivery.is_awaited = true);
}

fn note(change: impl FnOnce(&mut Delivery)) {
    DELIVERY.with(|mark| {
        if let Some(mut delivery) = mark.get() {
            change(&mut delivery);
            mark.set(Some(delivery));
        }
    });
}

/// Polls with the mark set.
pub(crate) fn cancelling<R>(poll: impl FnOnce() -> R) -> (R, Delivery) {
    let outer = Marked::set(Some(Delivery::default()));
    let polled = poll();
    let delivery = DELIVERY.with(Cell::get).unwrap_or_default();
    drop(outer);
    // What a delivery further out started is answered there, too.
    note(|outer| outer.is_awaited |= delivery.is_awaited);
    (polled, delivery)
}

/// Polls without a mark: for a task of its own, which nobody outside cancels by polling.
pub(crate) fn apart<R>(poll: impl FnOnce() -> R) -> R {
    let _outer = Marked::set(None);
    poll()
}

/// Restores the mark, also when a poll unwinds.
struct Marked(Option<Delivery>);

impl Marked {
    fn set(delivery: Option<Delivery>) -> Self {
        Self(DELIVERY.with(|mark| mark.replace(delivery)))
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        DELIVERY.with(|mark| mark.set(self.0));
    }
}

/// Whether one of this crate's futures, polled just now, is to end and was not told so before.
pub(crate) fn tells_first_time(is_told: &mut bool) -> bool {
    is_cancelling() && !std::mem::replace(is_told, true)
}

/// What a future that was told answers: that it is to be waited for; once it has ended so, what awaits it is not to see it.
pub(crate) fn answer<T>(polled: Poll<Result<T, Error>>) -> Poll<Result<T, Error>> {
    match polled {
        Poll::Ready(Err(Error::Cancelled)) if is_cancelling() => Poll::Pending,
        Poll::Pending => {
            expect_end();
            Poll::Pending
        }
        Poll::Ready(outcome) => Poll::Ready(outcome),
    }
}

pin_project! {
    /// A coroutine that can be cancelled by whoever polls it.
    pub(crate) struct Stoppable<F> {
        #[pin]
        body: Option<F>,
        is_stopping: bool,
    }
}

impl<F: Future> Stoppable<F> {
    pub(crate) fn new(body: F) -> Self {
        Self {
            body: Some(body),
            is_stopping: false,
        }
    }

    /// From now on polls cancel.
    pub(crate) fn stop(self: Pin<&mut Self>) {
        *self.project().is_stopping = true;
    }

    /// Ready with what the body gave; `None` if it was cancelled and is gone.
    pub(crate) fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        if !*this.is_stopping {
            let output = ready!(body.poll(context));
            this.body.set(None);
            return Poll::Ready(Some(output));
        }
        let (polled, delivery) = cancelling(|| body.poll(context));
        *this.is_stopping = !delivery.is_heeded;
        match polled {
            Poll::Ready(output) => {
                this.body.set(None);
                Poll::Ready(Some(output))
            }
            Poll::Pending if delivery.is_awaited || delivery.is_heeded => Poll::Pending,
            Poll::Pending => {
                drop_body(this.body);
                Poll::Ready(None)
            }
        }
    }
}

/// Drops a coroutine whose end nobody sees; a panic in that is reported and goes no further.
pub(crate) fn drop_body<F>(mut body: Pin<&mut Option<F>>) {
    unwind::contain("drop of a coroutine", || body.set(None));
}
