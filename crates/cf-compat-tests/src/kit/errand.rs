//! What a call can only do in the process that submitted it: it finds its work by a number.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use cf_core::Error;
use cf_task::{Call, task};

type Work = Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>;

static ERRANDS: Mutex<BTreeMap<u64, Work>> = Mutex::new(BTreeMap::new());

/// Work that calls of this process can do, until this is dropped.
#[derive(Debug)]
pub(super) struct Errand(u64);

impl Errand {
    pub(super) fn new(work: impl Fn() -> Result<u64, Error> + Send + Sync + 'static) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut errands = ERRANDS.lock().unwrap_or_else(PoisonError::into_inner);
        errands.insert(number, Arc::new(work));
        Self(number)
    }

    /// A call that does it.
    pub(super) fn call(&self) -> Call<u64> {
        run_errand::task(self.0)
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        let mut errands = ERRANDS.lock().unwrap_or_else(PoisonError::into_inner);
        let work = errands.remove(&self.0);
        drop(errands);
        drop(work);
    }
}

/// Does the work with this number.
#[task]
fn run_errand(number: u64) -> Result<u64, Error> {
    let errands = ERRANDS.lock().unwrap_or_else(PoisonError::into_inner);
    let work = errands.get(&number).map(Arc::clone);
    drop(errands);
    work.map_or_else(
        || Err(Error::from_box("there is no such errand".into())),
        |work| work(),
    )
}
