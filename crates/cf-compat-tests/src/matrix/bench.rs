//! What a cell needs: pools, and a gate at which what is pending waits until it may end.

use std::{
    future::{Future, IntoFuture, poll_fn},
    io::Read,
    net::{Ipv4Addr, TcpListener, TcpStream},
    pin::pin,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use aio_bridge::{AioPromise, Runner, run};
use cf_pool::{ProcessPoolExecutor, ThreadPoolExecutor, task};
use tokio::{runtime, sync::Notify};

use super::{kind::Kind, outcome::Failure};

/// What everything here gives in the end.
pub(super) const VALUE: u32 = 42;
/// How long a timed operation waits for what is pending: it comes after that, and never meanwhile.
pub(super) const SHORT: Duration = Duration::from_millis(10);
/// How long a timed operation waits for what comes in time.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Made outside of any loop, so that its pools end there.
pub(super) struct Bench {
    pub(super) kind: Kind,
    pub(super) gate: Gate,
    /// The future of a pool's call, until it is taken.
    of_a_pool: Mutex<Option<cf_core::Future<u32>>>,
    /// What fulfils a bare future, until it does.
    promise: Mutex<Option<AioPromise<u32>>>,
    /// The line to a call in a worker process: it ends when this is closed.
    line: Mutex<Option<TcpStream>>,
    threads: Option<ThreadPoolExecutor>,
    spare: OnceLock<ThreadPoolExecutor>,
    workers: Option<ProcessPoolExecutor>,
}

/// Closed until it is opened; threads and tasks wait at it.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<Bars>);

#[derive(Default)]
struct Bars {
    are_open: Mutex<bool>,
    moved: Condvar,
    told: Notify,
}

/// Runs the operation in a loop, on what it makes there; what is pending goes on at its end.
pub(super) fn in_loop(kind: Kind, operation: impl AsyncFnOnce(&Bench) -> String) -> String {
    let bench = Bench::new(kind);
    let outcome = run(async {
        let _release = bench.released_at_the_end();
        operation(&bench).await
    });
    outcome.unwrap_or_else(|refused| format!("fails: {}", refused.words()))
}

/// Runs the operation where no loop runs; the one that it is given drives its tasks by threads of its own.
pub(super) fn off_loop(
    kind: Kind,
    operation: impl FnOnce(&Bench, &mut Runner) -> String,
) -> String {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let bench = Bench::new(kind);
    let mut runner = Runner::with(runtime);
    let _release = bench.released_at_the_end();
    operation(&bench, &mut runner)
}

impl Bench {
    pub(super) fn new(kind: Kind) -> Self {
        let bench = Self {
            kind,
            gate: Gate::default(),
            of_a_pool: Mutex::new(None),
            promise: Mutex::new(None),
            line: Mutex::new(None),
            threads: matches!(
                kind,
                Kind::CfThreadQueued
                    | Kind::CfThreadRunning
                    | Kind::CfThreadDone
                    | Kind::AioFromRie
                    | Kind::AioFromWrap
            )
            .then(|| pool("pool")),
            spare: OnceLock::new(),
            workers: matches!(kind, Kind::CfProcessRunning | Kind::CfProcessDone)
                .then(|| ProcessPoolExecutor::new(1).expect("a process pool")),
        };
        *lock(&bench.of_a_pool) = bench.submit();
        bench
    }

    fn submit(&self) -> Option<cf_core::Future<u32>> {
        let future = match self.kind {
            Kind::CfThreadQueued => {
                let (hold, held) = self.held();
                drop(self.threads().submit(hold));
                begun(&held);
                self.threads().submit(|| VALUE)
            }
            Kind::CfThreadRunning | Kind::AioFromWrap => {
                let (hold, held) = self.held();
                let future = self.threads().submit(hold);
                begun(&held);
                future
            }
            Kind::CfThreadDone => self.threads().submit(|| VALUE),
            Kind::CfProcessRunning => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
                let port = listener.local_addr().expect("its number").port();
                let future = self.workers().submit(held_by_a_line::task(port));
                let (line, _) = listener.accept().expect("the call's line");
                *lock(&self.line) = Some(line);
                future
            }
            Kind::CfProcessDone => self.workers().submit(value::task()),
            _ => return None,
        };
        if self.kind.is_done() {
            future.wait();
        }
        Some(future)
    }

    pub(super) fn take_future(&self) -> cf_core::Future<u32> {
        lock(&self.of_a_pool).take().expect("made once for a cell")
    }

    pub(super) fn threads(&self) -> &ThreadPoolExecutor {
        self.threads.as_ref().expect("a kind with threads")
    }

    fn workers(&self) -> &ProcessPoolExecutor {
        self.workers.as_ref().expect("a kind with processes")
    }

    /// A pool that has nothing to do with `x`.
    pub(super) fn spare(&self) -> &ThreadPoolExecutor {
        self.spare.get_or_init(|| pool("spare"))
    }

    /// Work that waits at the gate, and what tells that it has begun.
    pub(super) fn held(&self) -> (impl FnOnce() -> u32 + Send + 'static, Receiver<()>) {
        let gate = self.gate.clone();
        let (begins, begun) = mpsc::channel();
        let hold = move || {
            // Nobody listens where it is not asked.
            let _ = begins.send(());
            gate.wait();
            VALUE
        };
        (hold, begun)
    }

    pub(super) fn keep(&self, promise: AioPromise<u32>) {
        *lock(&self.promise) = Some(promise);
    }

    /// Lets what is pending go on to its end.
    pub(super) fn release(&self) {
        self.gate.open();
        drop(lock(&self.line).take());
        let promise = lock(&self.promise).take();
        if let Some(promise) = promise {
            // Refused where the operation has cancelled the future.
            drop(promise.set_result(VALUE));
        }
    }

    fn released_at_the_end(&self) -> impl Drop + '_ {
        struct Release<'a>(&'a Bench);
        impl Drop for Release<'_> {
            fn drop(&mut self) {
                self.0.release();
            }
        }
        Release(self)
    }

    /// Awaits the operation; what is pending goes on once the operation waits for it.
    pub(super) async fn release_for<F: IntoFuture>(&self, operation: F) -> F::Output {
        let mut operation = pin!(operation.into_future());
        poll_fn(|context| {
            let polled = operation.as_mut().poll(context);
            if polled.is_pending() {
                self.release();
            }
            polled
        })
        .await
    }

    /// Makes a call that blocks; what is pending goes on meanwhile, in another thread.
    pub(super) fn release_beside<R>(&self, operation: impl FnOnce() -> R) -> R {
        thread::scope(|scope| {
            scope.spawn(|| self.release());
            operation()
        })
    }
}

/// What is in the bench ends before its pools do.
impl Drop for Bench {
    fn drop(&mut self) {
        self.release();
    }
}

impl Gate {
    fn open(&self) {
        *lock(&self.0.are_open) = true;
        self.0.moved.notify_all();
        self.0.told.notify_waiters();
    }

    fn wait(&self) {
        let mut are_open = lock(&self.0.are_open);
        while !*are_open {
            are_open = self
                .0
                .moved
                .wait(are_open)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) async fn opened(&self) {
        let told = self.0.told.notified();
        if !*lock(&self.0.are_open) {
            told.await;
        }
    }
}

/// Several passes of the loop, for callbacks and tasks that are due.
pub(super) async fn passes() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Waits until held work has begun.
pub(super) fn begun(held: &Receiver<()>) {
    held.recv().expect("the work has begun");
}

fn pool(name: &str) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder()
        .max_workers(1)
        .thread_name_prefix(name)
        .build()
        .expect("a thread pool")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[task]
fn value() -> u32 {
    VALUE
}

/// Ends when the other side closes the line.
#[task]
fn held_by_a_line(port: u16) -> std::io::Result<u32> {
    let mut line = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    line.read_to_end(&mut Vec::new())?;
    Ok(VALUE)
}
