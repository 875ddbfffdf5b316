//! A function of an `impl` is no task either: there is no place for the type of its name.

use cf_task::task;

struct Shop;

impl Shop {
    #[task]
    fn total(n: u32) -> u32 {
        n
    }
}

fn main() {
    assert_eq!(Shop::total(2), 2);
}
