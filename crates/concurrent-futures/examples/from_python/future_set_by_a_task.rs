//! A future that another task sets: to a value, to a failure, or never.
//!
//! The side that sets it is a handle of its own here. Who drops it unset has broken a promise, and whoever awaits is told so.
//!
//! `cargo run --example from_python_future_set_by_a_task`
//!
//! ```python
//! import asyncio
//!
//! async def serve(order, seconds):
//!     await asyncio.sleep(seconds)
//!     order.set_result("tea is served")
//!
//! async def fail(order):
//!     order.set_exception(RuntimeError("out of tea"))
//!
//! async def forget(order):
//!     pass
//!
//! async def main():
//!     loop = asyncio.get_running_loop()
//!
//!     order = loop.create_future()
//!     serving = asyncio.create_task(serve(order, 0.1))
//!     print("served:", order.done())
//!     print(await order)
//!     await serving
//!
//!     order = loop.create_future()
//!     failing = asyncio.create_task(fail(order))
//!     try:
//!         await order
//!     except RuntimeError as error:
//!         print("no tea:", error)
//!     await failing
//!
//!     order = loop.create_future()
//!     forgetting = asyncio.create_task(forget(order))
//!     try:
//!         await asyncio.wait_for(order, 0.1)
//!     except TimeoutError:
//!         print("no tea: waited in vain")
//!     await forgetting
//!
//! asyncio.run(main())
//! ```
//!
//! | Python 3.13              | here                                                      |
//! |--------------------------|-----------------------------------------------------------|
//! | `served: False`          | `served: false`                                           |
//! | `tea is served`          | `tea is served`                                           |
//! | `no tea: out of tea`     | `no tea: out of tea`                                      |
//! | `no tea: waited in vain` | `no tea: the promise was dropped before it was fulfilled` |

use std::time::Duration;

use concurrent_futures::{BoxError, future, prelude::*, sleep};

async fn serve(order: AioPromise<String>, time: Duration) {
    sleep(time).await;
    let _ = order.set_result("tea is served".to_owned()); // an error if the order was cancelled
}

async fn fail(order: AioPromise<String>) {
    let _ = order.set_exception("out of tea");
}

async fn forget(_order: AioPromise<String>) {}

fn main() -> Result<(), BoxError> {
    run(async {
        let (promise, order) = future();
        let serving = create_task(serve(promise, Duration::from_millis(100)));
        println!("served: {}", order.done());
        println!("{}", order.await?);
        serving.await?;

        let (promise, order) = future();
        let failing = create_task(fail(promise));
        if let Err(error) = order.await {
            println!("no tea: {error}");
        }
        failing.await?;

        let (promise, order) = future();
        let forgetting = create_task(forget(promise));
        if let Err(error) = order.await {
            println!("no tea: {error}"); // at once, and not after a timeout
        }
        forgetting.await?;
        Ok(())
    })?
}
