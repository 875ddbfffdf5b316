//! AT51: a duration is a number.

fn main() {
    // time: what is not one is refused.
    let _ = aio_bridge::sleep(f64::NAN);
}
