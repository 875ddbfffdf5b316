//! Of a `Result` the value is encoded and decoded.

use cf_task::task;

struct Point {
    x: u32,
}

#[task]
fn origin() -> Result<Point, String> {
    Ok(Point { x: 0 })
}

fn main() {
    assert_eq!(origin().unwrap().x, 0);
}
