//! P09: nor is it a value of one.

use cf_pool::task;

struct Answer(u32);

#[task]
fn answer() -> Answer {
    Answer(42)
}

fn main() {
    println!("{}", answer().0);
}
