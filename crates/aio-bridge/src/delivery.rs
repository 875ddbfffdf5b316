//! How a cancellation reaches what a coroutine is waiting for: a mark on the thread around a poll.
//!
//! Python throws `CancelledError` in at the innermost await. Here the coroutine is polled once more with the mark set. The
//! futures of this crate see it: a task or a bridged call that is awaited is cancelled and says so, and the coroutine is
//! polled until that has ended. Where nobody says anything the coroutine is dropped, which is how Rust cancels.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, ready},
};

use cf_core::{Error, sync::thread_local, unwind};
use pin_project_lite::pin_project;

thread_local! {
    static DELIVERY: Cell<Option<Delivery>> = const { Cell::new(None) };
}

/// A request that is being delivered, and what the polled futures answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    request: Request,
    /// Somebody was told and has not ended yet.
    pub(crate) is_awaited: bool,
    /// The coroutine itself took notice and goes on as it likes.
    pub(crate) is_heeded: bool,
}

/// Which request to end it is; a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request(u64);

impl Request {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The last request that one of this crate's futures was told of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told(u64);

impl Told {
    /// Whether the future, polled just now, is to end and has not been told of this request.
    pub(crate) fn hears(&mut self) -> bool {
        let Some(delivery) = DELIVERY.with(Cell::get) else {
            return false;
        };
        let is_news = self.0 < delivery.request.0;
        self.0 = self.0.max(delivery.request.0);
        is_news
    }

    /// Whether it was told to end at all.
    pub(crate) fn has_heard(self) -> bool {
        self.0 != 0
    }
}

/// Whether what is polled, or dropped, now is to end.
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

/// Polls with the mark set; a later request from further out goes before.
pub(crate) fn cancelling<R>(request: Request, poll: impl FnOnce() -> R) -> (R, Delivery) {
    let outer = DELIVERY.with(Cell::get);
    let ours = Delivery {
        request: outer.map_or(request, |outer| outer.request.max(request)),
        is_awaited: false,
        is_heeded: false,
    };
    let mark = Marked::set(Some(ours));
    let polled = poll();
    let answered = DELIVERY.with(Cell::get).unwrap_or(ours);
    drop(mark);
    // What a delivery further out started is answered there, too.
    note(|outer| outer.is_awaited |= answered.is_awaited);
    (polled, answered)
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
        stopping: Option<Request>,
    }
}

impl<F: Future> Stoppable<F> {
    pub(crate) fn new(body: F) -> Self {
        Self {
            body: Some(body),
            stopping: None,
        }
    }

    /// From now on polls cancel; called again, those who were told are told again. What is being cancelled from further out
    /// is told of that only.
    pub(crate) fn stop(self: Pin<&mut Self>) {
        let from_outside = DELIVERY.with(Cell::get).map(|delivery| delivery.request);
        *self.project().stopping = Some(from_outside.unwrap_or_else(Request::new));
    }

    /// Ready with what the body gave; `None` if it was cancelled and is gone.
    pub(crate) fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(request) = *this.stopping else {
            let output = ready!(body.poll(context));
            this.body.set(None);
            return Poll::Ready(Some(output));
        };
        let (polled, answer) = cancelling(request, || body.poll(context));
        if answer.is_heeded {
            *this.stopping = None;
        }
        match polled {
            Poll::Ready(output) => {
                this.body.set(None);
                Poll::Ready(Some(output))
            }
            Poll::Pending if answer.is_awaited || answer.is_heeded => Poll::Pending,
            Poll::Pending => {
                drop_cancelled(this.body, request);
                Poll::Ready(None)
            }
        }
    }
}

/// Drops a coroutine that is cancelled: tasks that it awaits and that were not polled are cancelled as well, not detached.
pub(crate) fn drop_cancelled<F>(body: Pin<&mut Option<F>>, request: Request) {
    cancelling(request, || drop_body(body));
}

/// Drops a coroutine whose end nobody sees; a panic in that is reported and goes no further.
pub(crate) fn drop_body<F>(mut body: Pin<&mut Option<F>>) {
    unwind::contain("drop of a coroutine", || body.set(None));
}
