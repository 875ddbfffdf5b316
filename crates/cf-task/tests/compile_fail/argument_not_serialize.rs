//! An argument is encoded and decoded.

use cf_task::task;

struct Point {
    x: u32,
}

#[task]
fn shift(points: Vec<Point>) -> u32 {
    points.iter().map(|point| point.x).sum()
}

fn main() {
    assert_eq!(shift(vec![Point { x: 1 }]), 1);
}
