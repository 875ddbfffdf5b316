//! A call is as private as its function.

mod shop {
    use cf_task::task;

    #[task]
    fn total(n: u32) -> u32 {
        n
    }
}

fn main() {
    let _ = shop::total::task(1);
}
