//! `procspawn::Pool`, results by `JoinHandle::join`.

use std::{
    fmt,
    panic::{self, AssertUnwindSafe},
};

use procspawn::{JoinHandle, Pool};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Visitor},
};

use super::{ProcessPool, sleep};

pub(crate) struct ProcspawnPool(Pool);

impl ProcspawnPool {
    /// The number of the worker, in as many attempts as it takes: a call that finds it dead fails, or panics when it is made.
    pub(crate) fn pid_at_last(&self) -> u32 {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let pid = loop {
            let attempt = || self.pid().join();
            if let Ok(Ok(pid)) = panic::catch_unwind(AssertUnwindSafe(attempt)) {
                break pid;
            }
        };
        panic::set_hook(hook);
        pid
    }
}

impl ProcessPool for ProcspawnPool {
    const NAME: &'static str = "procspawn::Pool";
    /// A pending call holds three descriptors.
    const MAX_PENDING: usize = 128;
    type Handle<T> = JoinHandle<T>;

    fn start(n_workers: usize) -> Self {
        // Standard output is where the case's figures go.
        Self(
            Pool::builder(n_workers)
                .disable_stdout()
                .build()
                .expect("the pool starts"),
        )
    }

    fn tiny(&self, n: u64) -> JoinHandle<u64> {
        self.0.spawn(n, same)
    }

    fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.result(self.0.spawn(Bytes(bytes), |bytes| bytes)).0
    }

    fn pid(&self) -> JoinHandle<u32> {
        self.0.spawn((), |()| std::process::id())
    }

    fn nap(&self, n_millis: u64) -> JoinHandle<()> {
        self.0.spawn(n_millis, sleep)
    }

    fn result<T: Serialize + DeserializeOwned>(&self, handle: JoinHandle<T>) -> T {
        handle.join().expect("the call succeeds")
    }
}

fn same(n: u64) -> u64 {
    n
}

/// A buffer that serde takes as one: a plain `Vec<u8>` is a sequence to it, byte by byte, and several times slower.
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_vec()))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }
}
