//! Where a process finds out whether it is a worker: the first line of `main`, or a test that takes no part in testing.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    builder::BuildError,
    process::{spawn::VARIABLE, worker},
};

static IS_INITIALISED: AtomicBool = AtomicBool::new(false);

/// To be the first line of `main` in a program with process pools: in a worker process it works and does not return.
///
/// A worker is this executable, started once more. In the program itself it notes that it was called, and nothing else; without
/// it `ProcessPoolExecutor::new` is an error. It must come before threads are started and files are opened, because a worker
/// closes what it has inherited. (What forks later without `exec` must not use the pool.) What `main` registers by hand ([`registry::register`](cf_task::registry::register)) comes
/// before it.
///
/// In a test binary, which has no `main` of its own, [`worker_test!`](crate::worker_test) does it.
///
/// # Examples
/// ```
/// use cf_pool::{ProcessPoolExecutor, task};
///
/// #[task]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     cf_pool::init();
///
///     let pool = ProcessPoolExecutor::new(2)?;
///     assert_eq!(pool.submit(double::task(21)).result()?, 42);
///     Ok(())
/// }
/// ```
pub fn init() {
    IS_INITIALISED.store(true, Ordering::Release);
    if let Some(parent) = std::env::var_os(VARIABLE) {
        worker::run(&parent);
    }
}

/// The test that is a test binary's way to become a worker.
#[doc(hidden)]
#[derive(Debug)]
pub struct TestEntry(pub &'static str);

inventory::collect!(TestEntry);

/// Lets the tests of this binary use process pools: makes a test that is the workers' way in. Once per test binary, anywhere.
///
/// # Examples
/// ```
/// cf_pool::worker_test!();
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! worker_test {
    () => {
        #[cfg(test)]
        mod cf_pool_worker {
            #[test]
            fn is_the_way_in_for_worker_processes() {
                $crate::init();
            }

            $crate::__process::inventory::submit! {
                $crate::__process::TestEntry(::core::concat!(
                    ::core::module_path!(),
                    "::is_the_way_in_for_worker_processes"
                ))
            }
        }
    };
}

/// The name of the test that a worker is to run, if this is a test binary.
pub(crate) fn test_entry() -> Option<String> {
    let entry = inventory::iter::<TestEntry>.into_iter().next()?;
    // Test names do not begin with the name of the crate.
    entry.0.split_once("::").map(|(_, name)| name.to_owned())
}

/// Checks that this program's workers will know that they are.
pub(crate) fn check() -> Result<(), BuildError> {
    if std::env::var_os(VARIABLE).is_some() {
        // `init` takes it away. Without it, a worker would run this `main` again, and so would its workers.
        let text = "this process is a worker and has not come to `cf_pool::init()`: it is to be the first line of `main`";
        return Err(BuildError::new(text.to_owned()));
    }
    if IS_INITIALISED.load(Ordering::Acquire) || test_entry().is_some() {
        return Ok(());
    }
    Err(BuildError::new(
        "worker processes need `cf_pool::init()` as the first line of `main`, because they are this executable started once \
         more (in tests: `cf_pool::worker_test!();` once in the test crate)"
            .to_owned(),
    ))
}
