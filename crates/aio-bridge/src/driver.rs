//! Polls a task's coroutine to its end, whatever that end is, and fulfils its promise.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use cf_core::{BlockingGuard, Error, Promise, Reason, unwind};
use pin_project_lite::pin_project;

use crate::{
    control::{self, Control, Wish},
    coroutine::Coroutine,
    delivery::{self, Request},
    event_loop::Registration,
};

pin_project! {
    /// A task as the runtime polls it.
    pub(crate) struct Driver<F, T>
    where
        F: Future,
        T: Send,
        T: 'static,
    {
        #[pin]
        body: Option<F>,
        // What its output is for the task: a value, or a failure.
        outcome: fn(F::Output) -> Result<T, Error>,
        promise: Option<Promise<T>>,
        control: Arc<Control>,
        // Dropped when the task has ended for all to see: the loop, or a group, waits for that.
        keepers: Keepers,
        progress: Progress,
        follows_promise: bool,
        has_followed: bool,
    }

    impl<F, T> PinnedDrop for Driver<F, T>
    where
        F: Future,
        T: Send,
        T: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let never_started = *this.progress == Progress::New;
            let _guard = BlockingGuard::refuse();
            delivery::drop_cancelled(this.body, Request::new());
            this.control.finish();
            if let Some(promise) = this.promise.take() {
                // The runtime is gone.
                if never_started && *this.follows_promise {
                    drop(promise.set_exception(Error::Rejected(Reason::EventLoopClosed)));
                } else {
                    promise.set_cancelled();
                }
            }
            *this.keepers = Keepers::default();
        }
    }
}

/// Those who wait for the end of a task: they are told by the drop.
#[derive(Default)]
#[expect(dead_code, reason = "the fields are there to be dropped")]
pub(crate) struct Keepers {
    pub(crate) registration: Option<Registration>,
    pub(crate) membership: Option<Box<dyn Send>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    New,
    Started,
    Stopping(Request),
}

impl<F: Future, T: Send + 'static> Driver<F, T> {
    pub(crate) fn new<C: Coroutine<Body = F, Output = T>>(
        coroutine: C,
        promise: Promise<T>,
        control: Arc<Control>,
        keepers: Keepers,
    ) -> Self {
        Self {
            body: Some(coroutine.into_body()),
            outcome: C::outcome,
            promise: Some(promise),
            control,
            keepers,
            progress: Progress::New,
            follows_promise: false,
            has_followed: false,
        }
    }

    /// A cancellation of the promise's future cancels the task, too.
    pub(crate) fn following_promise(mut self) -> Self {
        self.follows_promise = true;
        self
    }
}

impl<F: Future, T: Send + 'static> Future for Driver<F, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let control = Arc::clone(&self.control);
        let _guard = BlockingGuard::refuse();
        control::as_current(&control, || delivery::apart(|| self.poll_body(context)))
    }
}

impl<F: Future, T: Send + 'static> Driver<F, T> {
    fn poll_body(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.as_mut().follow_promise(context);
        loop {
            if self.control.look(context.waker()) == Wish::Stop {
                if self.progress == Progress::New {
                    return self.end(Err(Error::Cancelled));
                }
                *self.as_mut().project().progress = Progress::Stopping(Request::new());
            }
            let this = self.as_mut().project();
            let Some(body) = this.body.as_pin_mut() else {
                return Poll::Ready(());
            };
            let polled = match *this.progress {
                Progress::Stopping(request) => unwind::catch(|| {
                    let (polled, answer) = delivery::cancelling(request, || body.poll(context));
                    (polled, Some(answer))
                }),
                Progress::New | Progress::Started => {
                    *this.progress = Progress::Started;
                    unwind::catch(|| (body.poll(context), None))
                }
            };
            match polled {
                Err(panic) => return self.end(Err(panic)),
                Ok((Poll::Ready(output), _)) => {
                    let into_outcome = *this.outcome;
                    let outcome = unwind::catch_call(|| into_outcome(output));
                    return self.end(outcome);
                }
                Ok((Poll::Pending, Some(answer))) if answer.is_heeded => {
                    *this.progress = Progress::Started;
                }
                Ok((Poll::Pending, Some(answer))) if !answer.is_awaited => {
                    return self.end(Err(Error::Cancelled));
                }
                // It may have been cancelled by itself meanwhile.
                Ok((Poll::Pending, _)) => {
                    if this.control.look(context.waker()) == Wish::GoOn {
                        return Poll::Pending;
                    }
                    *this.progress = Progress::Stopping(Request::new());
                }
            }
        }
    }

    fn follow_promise(self: Pin<&mut Self>, context: &mut Context<'_>) {
        let this = self.project();
        if *this.follows_promise
            && let Some(promise) = this.promise
            && !*this.has_followed
            && promise.poll_cancelled(context).is_ready()
        {
            *this.has_followed = true;
            this.control.cancel();
        }
    }

    fn end(self: Pin<&mut Self>, outcome: Result<T, Error>) -> Poll<()> {
        let this = self.project();
        if matches!(outcome, Err(Error::Cancelled)) {
            delivery::drop_cancelled(this.body, Request::new());
        } else {
            delivery::drop_body(this.body);
        }
        let went_unnoticed = this.control.finish() == Wish::Stop;
        if let Some(promise) = this.promise.take() {
            match outcome {
                Err(Error::Cancelled) => promise.set_cancelled(),
                Ok(unwanted) if went_unnoticed => {
                    unwind::contain("drop of an unwanted outcome", || drop(unwanted));
                    promise.set_cancelled();
                }
                Ok(value) => {
                    // Too late where the future was cancelled: nobody wants it.
                    let late = promise.set_result(value);
                    unwind::contain("drop of an unwanted outcome", || drop(late));
                }
                Err(error) => drop(promise.set_exception(error)),
            }
        }
        *this.keepers = Keepers::default();
        Poll::Ready(())
    }
}
