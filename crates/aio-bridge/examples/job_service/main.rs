//! A blocking scheduler of data-intensive jobs behind an async web front.
//!
//! The scheduler (`scheduler.rs`, `jobs.rs`) knows nothing of async and was not changed for it; the front (`front.rs`)
//! never blocks its loop. Run it, and talk to the address that it prints:
//! ```text
//! cargo run -p aio-bridge --example job_service -- --root docs
//! curl -i --data-binary @Cargo.lock $ADDRESS/jobs/compress     202, Location: /jobs/1
//! curl -i -X POST "$ADDRESS/jobs/words?file=decisions.md"      a file under --root
//! curl -i $ADDRESS/jobs/1                                      queued, running, done, failed, cancelled
//! curl -o lock.gz "$ADDRESS/jobs/1/result?wait=10"             waits up to 10 s; 202 while there is none
//! curl -i -X DELETE $ADDRESS/jobs/2                            cancels; 409 if it has ended
//! curl $ADDRESS/stats
//! ```
//! A full queue is 503, a body that is too large 413, a name that leads out of the root 403. Ctrl-C finishes the accepted
//! jobs, a second one ends at once. With `CF_SHORT=1` it is its own client, checks all of that, and ends.

#![forbid(unsafe_code)]

mod args;
mod bench;
mod client;
mod files;
mod front;
mod gate;
mod jobs;
mod refusal;
mod scheduler;
mod self_test;
mod server;
mod signals;
mod spool;
mod transfer;
mod visitor;

use std::{
    env,
    process::{self, ExitCode},
};

use aio_bridge::{create_task, shutdown_default_executor};
use cf_core::BoxError;
use tokio::net::TcpListener;

use args::{Args, HELP};
use server::Service;
use signals::Signals;

/// What a shell reports for a program that was ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let ended = if env::var_os("CF_SHORT").is_some() {
        self_test::run().await
    } else {
        match Args::parse() {
            Ok(Some(args)) => serve(args).await,
            Ok(None) => {
                println!("{HELP}");
                return ExitCode::SUCCESS;
            }
            Err(error) => {
                eprintln!("job_service: {error}\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    };
    // The threads that `to_thread` used.
    let drained = shutdown_default_executor(None).await;
    match ended.and_then(|()| Ok(drained?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("job_service: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until Ctrl-C.
async fn serve(args: Args) -> Result<(), BoxError> {
    let mut signals = Signals::new()?;
    let service = Service::new(&args)?;
    let listener = TcpListener::bind(args.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async move {
        signals.next().await;
        drop(create_task(async move {
            signals.next().await;
            println!("ended at once");
            process::exit(INTERRUPTED);
        }));
    };
    service.serve(listener, stop).await
}
