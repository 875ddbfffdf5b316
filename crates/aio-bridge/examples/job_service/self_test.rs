//! The service as its own client (`CF_SHORT=1`): a temporary directory, a free port, and a visitor on a thread.

use std::{fs, io, path::Path};

use aio_bridge::{future, to_thread};
use cf_core::{BoxError, fallible};
use futures::future::join;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Handle};

use crate::{
    args::Args,
    scheduler::Limits,
    server::Service,
    visitor::{self, Visitor},
};

pub(crate) async fn run() -> Result<(), BoxError> {
    let place = to_thread(furnish).await??;
    let args = Args {
        root: place.path().join("root"),
        limits: Limits {
            n_workers: 1,
            n_queued: visitor::N_QUEUED,
            n_kept: visitor::N_KEPT,
        },
        max_body: visitor::MAX_BODY as u64,
        has_bench: true,
        ..Args::default()
    };
    let listener = TcpListener::bind(args.listen).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    let service = Service::new(&args)?;
    let visitor = Visitor {
        address,
        scheduler: service.scheduler(),
        secret: place.path().join("secret"),
        runtime: Handle::current(),
    };

    // The visitor blocks, so it goes to a thread. If it fails, its promise is dropped, and that stops the server as well.
    let (stop, stopped) = future();
    let visited = to_thread(fallible(move || visitor.visit(stop)));
    let served = service.serve(listener, async {
        stopped.await.unwrap_or_default();
    });
    let (visited, served) = join(visited, served).await;
    to_thread(move || place.close()).await??;
    served?;
    Ok(visited?)
}

/// A directory with a secret, and a root beside it with a way out.
fn furnish() -> io::Result<TempDir> {
    let place = tempfile::tempdir()?;
    let (root, secret) = (place.path().join("root"), place.path().join("secret"));
    fs::create_dir_all(root.join("deep"))?;
    fs::write(&secret, "nobody may read this")?;
    fs::write(root.join("deep/poem.txt"), visitor::POEM)?;
    link(&secret, &root.join(visitor::WAY_OUT))?;
    Ok(place)
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Where links are a privilege, a directory stands in: it is refused as well.
#[cfg(not(unix))]
fn link(_target: &Path, link: &Path) -> io::Result<()> {
    fs::create_dir(link)
}
