//! AT33: what comes back is what was passed, so it has to be a handle.

use aio_bridge::as_completed;

fn main() {
    let _ = as_completed([async { 7 }]);
}
