//! A loop whose clock stands still while anything can run, and notes of what happened in which order.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use aio_bridge::{Error, Task, cancelled, create_task, fallible};
use tokio::runtime::Builder;

/// No wait in a test comes near it; on this clock it is over at once.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// Awaits the test on a loop of one thread, where time passes only when all tasks wait; what hangs fails at once.
pub(crate) fn paused<R>(test: impl Future<Output = R>) -> R {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(FAR, test).await.expect("it hangs") })
}

/// Lets time pass: on a paused clock at once, as soon as nothing can run.
pub(crate) async fn elapse(time: Duration) {
    // time: on the paused clock it costs none
    aio_bridge::sleep(time).await;
}

/// Waits until all tasks wait, or have ended; on a paused clock.
pub(crate) async fn settle() {
    elapse(ms(1)).await;
}

/// What happened, in order; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Notes {
    pub(crate) fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    pub(crate) fn all(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }

    /// Notes it when what this gives is dropped.
    pub(crate) fn at_drop(&self, what: &'static str) -> impl Send + 'static + use<> {
        struct AtDrop(Notes, &'static str);

        impl Drop for AtDrop {
            fn drop(&mut self) {
                self.0.note(self.1);
            }
        }

        AtDrop(self.clone(), what)
    }
}

/// A task that, when it is cancelled, cleans up for this long, notes that, and then ends as cancelled.
pub(crate) fn cleaning(time: Duration, notes: &Notes) -> Task<()> {
    let notes = notes.clone();
    create_task(fallible(async move {
        cancelled().await;
        elapse(time).await;
        notes.note("cleaned up");
        Err(Error::Cancelled)
    }))
}

/// A task that, when it is cancelled, goes on for this long and gives a value.
pub(crate) fn stubborn(time: Duration) -> Task<u32> {
    create_task(async move {
        cancelled().await;
        elapse(time).await;
        7
    })
}
