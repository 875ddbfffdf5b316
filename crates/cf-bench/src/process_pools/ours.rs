//! This workspace: `cf_pool::ProcessPoolExecutor`, results by `cf_core::Future::result`.

use std::{
    io::Read as _,
    net::{Ipv4Addr, TcpStream},
};

use cf_core::Future;
use cf_pool::{ProcessPoolExecutor, task};

use super::{ProcessPool, sleep};
use crate::measured::OURS;

pub(crate) struct OnProcesses(pub(crate) ProcessPoolExecutor);

#[task]
fn same(n: u64) -> u64 {
    n
}

#[task]
fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[task]
fn pid() -> u32 {
    std::process::id()
}

#[task]
fn nap(n_millis: u64) {
    sleep(n_millis);
}

/// Tells who listens at this port that it runs, and then keeps its worker busy until that one hangs up.
#[task]
pub(crate) fn hold(port: u16) -> std::io::Result<()> {
    let mut listener = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    listener.read_to_end(&mut Vec::new())?;
    Ok(())
}

impl OnProcesses {
    /// Collects `0..n`, sent in chunks, and gives the sum.
    pub(crate) fn sum_in_chunks(&self, n: u64, chunk_size: usize) -> u64 {
        let results = self.0.map(same::task, 0..n).chunk_size(chunk_size);
        results
            .map(|result| result.expect("the call succeeds"))
            .sum()
    }
}

impl ProcessPool for OnProcesses {
    const NAME: &'static str = OURS;
    const MAX_PENDING: usize = usize::MAX;
    type Handle<T> = Future<T>;

    fn start(n_workers: usize) -> Self {
        Self(ProcessPoolExecutor::new(n_workers).expect("the pool starts"))
    }

    fn tiny(&self, n: u64) -> Future<u64> {
        self.0.submit(same::task(n))
    }

    fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.result(self.0.submit(echo::task(bytes)))
    }

    fn pid(&self) -> Future<u32> {
        self.0.submit(pid::task())
    }

    fn nap(&self, n_millis: u64) -> Future<()> {
        self.0.submit(nap::task(n_millis))
    }

    fn result<T: 'static>(&self, handle: Future<T>) -> T {
        handle.result().expect("the call succeeds")
    }
}
