//! Whether a child has failed must be known from its type.

use aio_bridge::gather;

struct Page;

fn main() {
    let _ = gather([async { Page }]);
}
