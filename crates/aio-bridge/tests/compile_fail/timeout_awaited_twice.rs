//! AT41: a limit is entered once.

use std::time::Duration;

use aio_bridge::timeout;

fn main() {
    let _ = aio_bridge::run(async {
        let limited = timeout(Duration::from_secs(1), async { 7 });
        let _ = limited.await;
        let _ = limited.await;
    });
}
