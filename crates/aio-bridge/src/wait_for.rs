//! One awaitable, for a limited time.

use std::{future::Future, pin::pin, task::Poll, time::Duration};

use cf_core::{Error, TimedOut};

use crate::{
    awaitable::{Awaitable, Outcome},
    child::{Child, Value, as_handle},
    clock, handles,
    timeout::timeout,
};

/// Awaits for `time` at most (`None`: for ever); then it cancels the awaitable, waits until that has ended, and fails.
///
/// A coroutine runs in the caller's own task; with a time of zero it is dropped without having run. A future or task that
/// has ended gives its outcome even then. One that goes on in spite of the cancellation has its outcome given, however long
/// that takes. A coroutine that borrows cannot be passed (`'static`): use [`timeout`](crate::timeout()). Follows
/// `asyncio.wait_for`.
///
/// # Errors
/// [`TimedOut`]; the inner error is the awaitable's own.
///
/// # Panics
/// Outside a tokio runtime with its timer enabled.
///
/// # Cancellation
/// Dropping it drops the awaitable: a task is cancelled, a bridged call as [`AioFuture`](crate::AioFuture) says.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aio_bridge::{create_task, run, to_thread, wait_for};
///
/// run(async {
///     let in_time = wait_for(to_thread(|| 7), Duration::from_secs(9)).await;
///     assert_eq!(in_time.unwrap().unwrap(), 7);
///     let endless = create_task(std::future::pending::<()>());
///     assert!(wait_for(endless, Duration::from_millis(1)).await.is_err());
/// }).unwrap();
/// ```
pub async fn wait_for<A>(
    awaitable: A,
    time: impl Into<Option<Duration>>,
) -> Result<Result<Value<A>, Error>, TimedOut>
where
    A: Awaitable + 'static,
    A::Gives: Outcome,
{
    let time = time.into();
    match as_handle(awaitable) {
        Ok(child) => wait_for_child(child, time).await,
        // Not even started.
        Err(_) if time.is_some_and(|time| time.is_zero()) && !handles::is_known::<A>() => {
            Err(TimedOut::SINGLE)
        }
        Err(awaitable) => timeout(time, awaitable).await.map(Outcome::into_outcome),
    }
}

async fn wait_for_child<T: Send + 'static>(
    child: Child<T>,
    time: Option<Duration>,
) -> Result<Result<T, Error>, TimedOut> {
    let mut child = CancelOnDrop(Some(child));
    let mut timer = pin!(clock::timer(time.and_then(clock::after)));
    let mut is_late = false;
    std::future::poll_fn(|context| {
        let Some(awaited) = &mut child.0 else {
            return Poll::Ready(Ok(Err(Error::InvalidState)));
        };
        loop {
            match awaited.poll(context) {
                Poll::Ready(Err(Error::Cancelled)) if is_late => {
                    child.0 = None;
                    return Poll::Ready(Err(TimedOut::SINGLE));
                }
                Poll::Ready(outcome) => {
                    child.0 = None;
                    return Poll::Ready(Ok(outcome));
                }
                Poll::Pending if is_late => return Poll::Pending,
                Poll::Pending => {}
            }
            match timer.as_mut().as_pin_mut() {
                None => return Poll::Pending,
                Some(timer) => std::task::ready!(timer.poll(context)),
            }
            is_late = true;
            awaited.cancel();
        }
    })
    .await
}

/// Cancels a child that is not awaited to its end.
struct CancelOnDrop<T: Send + 'static>(Option<Child<T>>);

impl<T: Send + 'static> Drop for CancelOnDrop<T> {
    fn drop(&mut self) {
        if let Some(child) = &self.0 {
            child.cancel();
        }
    }
}
