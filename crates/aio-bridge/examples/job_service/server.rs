//! From the first connection to the end of the last accepted job.

use std::{sync::Arc, time::Duration};

use aio_bridge::{Close, as_completed, create_task, future, to_thread, wait_for, wrap_future};
use axum::Router;
use cf_core::{BoxError, Error};
use cf_pool::ThreadPoolExecutor;
use tokio::net::TcpListener;

use crate::{
    args::Args,
    bench,
    files::Root,
    front::{self, Front},
    scheduler::Scheduler,
};

/// How long connections may take to end after the last job has.
const GRACE: Duration = Duration::from_secs(5);
/// Threads that read and write files, and the reads and writes that may wait for them before clients must.
const DISK_THREADS: usize = 4;
const DISK_QUEUE: usize = 64;

/// All that is needed to serve.
pub(crate) struct Service {
    scheduler: Arc<Scheduler>,
    routes: Router,
    /// To be closed when nobody uses them any more.
    pools: Vec<ThreadPoolExecutor>,
}

impl Service {
    pub(crate) fn new(args: &Args) -> Result<Self, BoxError> {
        let root = Root::new(&args.root)
            .map_err(|error| format!("{} is not a directory: {error}", args.root.display()))?;
        let scheduler = Arc::new(Scheduler::new(args.limits)?);
        let disk = ThreadPoolExecutor::builder()
            .max_workers(DISK_THREADS)
            .queue_capacity(DISK_QUEUE)
            .thread_name_prefix("disk")
            .build()?;
        let mut routes = front::routes(Front {
            scheduler: Arc::clone(&scheduler),
            root: Arc::new(root),
            disk: disk.clone(),
            max_body: args.max_body,
        });
        let mut pools = vec![disk];
        if args.has_bench {
            let pool = ThreadPoolExecutor::builder().build()?;
            routes = routes.merge(bench::routes(pool.clone()));
            pools.push(pool);
        }
        Ok(Self {
            scheduler,
            routes,
            pools,
        })
    }

    pub(crate) fn scheduler(&self) -> Arc<Scheduler> {
        Arc::clone(&self.scheduler)
    }

    /// Serves until `stop` is ready, then finishes what was accepted.
    ///
    /// No connection and no job is accepted any more; the accepted jobs run to their ends, and those who wait for a
    /// result on a connection get it.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), BoxError> {
        let (closing, closed) = future::<()>();
        let server = axum::serve(listener, self.routes).with_graceful_shutdown(async {
            closed.await.unwrap_or_default();
        });
        let server = create_task(async { server.await });

        stop.await;
        println!("stopping: no more connections, no more jobs");
        closing.set_result(())?;
        finish_jobs(&self.scheduler).await?;
        match wait_for(server, GRACE).await {
            Ok(ended) => ended??,
            Err(_timed_out) => println!("stopping: some clients did not take their answers"),
        }
        for pool in self.pools {
            pool.close().await;
        }
        Ok(())
    }
}

/// Waits for the accepted jobs and tells how many have ended; the scheduler's own waiting happens on a thread.
async fn finish_jobs(scheduler: &Arc<Scheduler>) -> Result<(), Error> {
    let unfinished = scheduler.unfinished();
    let (n_jobs, mut n_ended) = (unfinished.len(), 0);
    let blocking = Arc::clone(scheduler);
    let closed = to_thread(move || blocking.close());
    let mut ends = as_completed(unfinished.into_iter().map(wrap_future));
    while ends.next().await.is_some() {
        n_ended += 1;
        println!("stopping: {n_ended} of {n_jobs} accepted jobs have ended");
    }
    closed.await
}
