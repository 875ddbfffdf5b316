//! A value is encoded and decoded.

use cf_task::task;
use serde::Serialize;

#[derive(Serialize)]
struct Point {
    x: u32,
}

#[task]
fn origin() -> Point {
    Point { x: 0 }
}

fn main() {
    assert_eq!(origin().x, 0);
}
