//! A door between a task in a worker process and the test: the task knocks, and stays until it is let in.

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream as Visitor},
    time::timeout,
};

/// Far beyond what anything here takes on a loaded machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The test's side; made inside the loop.
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
    _dir: TempDir,
}

/// A task that has knocked; it stays outside until it is let in, or until its end.
pub(crate) struct Guest(Visitor);

impl Door {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("door");
        Self {
            listener: UnixListener::bind(&path).unwrap(),
            path,
            _dir: dir,
        }
    }

    /// Where tasks are to knock.
    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Waits until a task has knocked: it runs by then.
    pub(crate) async fn open(&self) -> Guest {
        let visitor = timeout(LONG, self.listener.accept()).await;
        Guest(visitor.expect("nobody knocked").unwrap().0)
    }
}

impl Guest {
    pub(crate) async fn let_in(mut self) {
        self.0.write_all(&[1]).await.unwrap();
    }

    /// Waits until the task has left, or its process has ended.
    pub(crate) async fn leaves(mut self) {
        let n_bytes = timeout(LONG, self.0.read(&mut [0])).await;
        let n_bytes = n_bytes.expect("it stays").unwrap_or(0);
        assert_eq!(n_bytes, 0);
    }
}

/// Knocks, in the worker.
pub(crate) fn knock(path: &str) -> io::Result<UnixStream> {
    UnixStream::connect(path)
}

/// Knocks and waits to be let in, in the worker.
pub(crate) fn knock_and_wait(path: &str) -> io::Result<()> {
    knock(path)?.read_exact(&mut [0])
}
