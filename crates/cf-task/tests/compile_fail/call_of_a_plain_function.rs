//! Only tasks have calls.

fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = double::task(2);
    assert_eq!(double(1), 2);
}
