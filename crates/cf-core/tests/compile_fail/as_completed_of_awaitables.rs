//! Awaitable futures are not taken by `as_completed`; the message names the function that makes blocking ones.

use cf_core::as_completed;

fn main() {
    for _ in as_completed([std::future::ready(1)]) {}
}
