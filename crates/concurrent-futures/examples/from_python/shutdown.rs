//! The ends of a pool: leaving its scope, work that comes too late, not waiting, cancelling what is queued.
//!
//! `cargo run --example from_python_shutdown`
//!
//! ```python
//! from concurrent.futures import ThreadPoolExecutor
//! from threading import Barrier
//!
//! def leaving_the_scope():
//!     with ThreadPoolExecutor(1) as pool:
//!         future = pool.submit(pow, 2, 10)
//!     print("outside the block:", future.done(), future.result())
//!
//! def too_late():
//!     pool = ThreadPoolExecutor(1)
//!     pool.shutdown()
//!     try:
//!         pool.submit(pow, 2, 10)
//!     except RuntimeError as error:
//!         print("too late:", error)
//!
//! def not_waiting():
//!     meeting = Barrier(2)
//!     pool = ThreadPoolExecutor(1)
//!     running = pool.submit(meeting.wait)
//!     queued = pool.submit(pow, 2, 11)
//!     pool.shutdown(wait=False)
//!     print("not waiting:", running.done(), queued.done())
//!     meeting.wait()
//!     print("not lost:", queued.result())
//!
//! def cancelling():
//!     meeting = Barrier(2)
//!     pool = ThreadPoolExecutor(1)
//!     running = pool.submit(lambda: (meeting.wait(), meeting.wait()))
//!     queued = [pool.submit(pow, 2, n) for n in range(3)]
//!     meeting.wait()
//!     pool.shutdown(wait=False, cancel_futures=True)
//!     print("cancelled:", running.cancelled(), [future.cancelled() for future in queued])
//!     meeting.wait()
//!     pool.shutdown(wait=True)
//!     print("waited:", running.done())
//!
//! for example in [leaving_the_scope, too_late, not_waiting, cancelling]:
//!     example()
//! ```
//!
//! | Python 3.13                                            | here                                                   |
//! |--------------------------------------------------------|--------------------------------------------------------|
//! | `outside the block: True 1024`                         | `outside the block: true 1024`                         |
//! | `too late: cannot schedule new futures after shutdown` | `too late: cannot schedule new futures after shutdown` |
//! | `not waiting: False False`                             | `not waiting: false false`                             |
//! | `not lost: 2048`                                       | `not lost: 2048`                                       |
//! | `cancelled: False [True, True, True]`                  | `cancelled: false [true, true, true]`                  |
//! | `waited: True`                                         | `waited: true`                                         |

use std::sync::{Arc, Barrier};

use concurrent_futures::{BoxError, Future, prelude::*};

fn main() -> Result<(), BoxError> {
    leaving_the_scope()?;
    too_late()?;
    not_waiting()?;
    cancelling()
}

/// The end of the scope is the end of the `with` block: it waits.
fn leaving_the_scope() -> Result<(), BoxError> {
    let future = {
        let pool = ThreadPoolExecutor::new(1)?;
        pool.submit(|| 2_u32.pow(10))
    };
    println!("outside the block: {} {}", future.done(), future.result()?);
    Ok(())
}

/// Refused work is an already failed future.
fn too_late() -> Result<(), BoxError> {
    let pool = ThreadPoolExecutor::new(1)?;
    pool.shutdown();
    if let Err(error) = pool.submit(|| 2_u32.pow(10)).result() {
        println!("too late: {error}");
    }
    Ok(())
}

/// What was accepted is run, whether somebody waits for it or not.
fn not_waiting() -> Result<(), BoxError> {
    let meeting = Arc::new(Barrier::new(2));
    let pool = ThreadPoolExecutor::new(1)?;
    let there = Arc::clone(&meeting);
    let running = pool.submit(move || there.wait());
    let queued = pool.submit(|| 2_u32.pow(11));
    pool.shutdown_with(Shutdown {
        wait: false,
        cancel_futures: false,
    });
    println!("not waiting: {} {}", running.done(), queued.done());
    meeting.wait();
    println!("not lost: {}", queued.result()?);
    Ok(())
}

/// What runs already is finished, what is queued is not started any more.
fn cancelling() -> Result<(), BoxError> {
    let meeting = Arc::new(Barrier::new(2));
    let pool = ThreadPoolExecutor::new(1)?;
    let there = Arc::clone(&meeting);
    let running = pool.submit(move || (there.wait(), there.wait()));
    let queued = [0, 1, 2].map(|n| pool.submit(move || 2_u32.pow(n)));
    meeting.wait();
    pool.shutdown_with(Shutdown {
        wait: false,
        cancel_futures: true,
    });
    let cancelled = queued.each_ref().map(Future::cancelled);
    println!("cancelled: {} {cancelled:?}", running.cancelled());
    meeting.wait();
    pool.shutdown();
    println!("waited: {}", running.done());
    Ok(())
}
