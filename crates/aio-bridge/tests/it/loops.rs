//! Loops to run a test on, gates for threads, and an end to what hangs.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, mpsc},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use cf_core::{Callable, Executor};
use cf_pool::ThreadPoolExecutor;
use tokio::runtime::{Builder, Runtime};

/// Far beyond what anything here takes on a loaded machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn many_threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Awaits the test on this loop, but not longer than [`LONG`].
pub(crate) fn block_on<R>(runtime: &Runtime, test: impl Future<Output = R>) -> R {
    runtime.block_on(async { tokio::time::timeout(LONG, test).await.expect("it hangs") })
}

pub(crate) fn on_one_thread<R>(test: impl Future<Output = R>) -> R {
    block_on(&one_thread(), test)
}

/// Runs the test on a loop of one thread, and again on one of several.
pub(crate) fn on_each_loop<F: Future<Output = ()>>(test: impl Fn() -> F) {
    on_one_thread(test());
    block_on(&many_threads(), test());
}

/// Runs `f` on a thread of its own and gives what it returns; fails if it takes longer than [`LONG`].
pub(crate) fn ends<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || drop(tell.send(f())));
    match told.recv_timeout(LONG) {
        Ok(value) => {
            thread.join().unwrap();
            value
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}

/// Polls once, for a look; nobody is woken.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Closed at first; once open it stays open. The library knows nothing of waits here.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn pass(&self) {
        let is_open = self.0.0.lock().unwrap();
        let (is_open, _) = self
            .0
            .1
            .wait_timeout_while(is_open, LONG, |is_open| !*is_open)
            .unwrap();
        assert!(*is_open, "nobody opened the gate");
    }
}

/// Opens its gate when dropped, so that a failing assertion does not leave a worker at the gate.
pub(crate) struct Opener(Gate);

impl Opener {
    pub(crate) fn open(&self) {
        self.0.open();
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// A call that runs by now and goes on as `callable` once it is let through.
pub(crate) fn held<C>(
    pool: &ThreadPoolExecutor,
    callable: C,
) -> (Opener, cf_core::Future<C::Output>)
where
    C: Callable + 'static,
    C::Output: Send + 'static,
{
    struct Held<C>(mpsc::Sender<()>, Gate, C);

    impl<C: Callable> Callable for Held<C> {
        type Output = C::Output;

        fn call(self) -> Result<C::Output, cf_core::Error> {
            self.0.send(()).unwrap();
            self.1.pass();
            self.2.call()
        }
    }

    let (tell, told) = mpsc::channel();
    let gate = Gate::new();
    let future = Executor::submit(pool, Held(tell, gate.clone(), callable));
    told.recv_timeout(LONG).expect("it did not start");
    (Opener(gate), future)
}
