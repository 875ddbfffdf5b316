//! A method is no task.

use cf_task::task;

struct Shop(u32);

impl Shop {
    #[task]
    fn total(&self, n: u32) -> u32 {
        self.0 * n
    }
}

fn main() {
    assert_eq!(Shop(3).total(2), 6);
}
