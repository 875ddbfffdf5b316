//! Two tasks of one name are found before anything is sent, and the error names both places.

use cf_task::{registry, task};

mod first {
    #[cf_task::task(name = "shop::pay")]
    pub(crate) fn pay(n: u32) -> u32 {
        n
    }
}

#[task(name = "shop::pay")]
fn pay(n: u64) -> u64 {
    n
}

fn main() {
    let error = registry::check().unwrap_err().to_string();
    assert!(error.starts_with("two tasks are named `shop::pay`: "), "{error}");
    for part in [
        format!("`fn(u32) -> u32` at {}", first::pay::TASK.place()),
        format!("`fn(u64) -> u64` at {}", pay::TASK.place()),
    ] {
        assert!(error.contains(&part), "{error}");
    }
    // Everything else says the same.
    assert_eq!(registry::find(pay::TASK.key()).unwrap_err().to_string(), error);
    assert_eq!(registry::find_by_name("shop::pay", "fn(u64) -> u64").unwrap_err().to_string(), error);
    assert_eq!(registry::register(pay::TASK).unwrap_err().to_string(), error);
    // Calls that do not leave the process run all the same.
    assert_eq!((first::pay(1), pay(2)), (1, 2));
    assert_eq!(cf_core::Callable::call(pay::task(3)).unwrap(), 3);
}
