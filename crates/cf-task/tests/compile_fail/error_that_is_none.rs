//! An error is what `?` turns into a `Box<dyn Error + Send + Sync>`.

use cf_task::task;

struct Refusal;

#[task]
fn open(path: String) -> Result<usize, Refusal> {
    if path.is_empty() { Err(Refusal) } else { Ok(1) }
}

fn main() {
    assert!(open(String::new()).is_err());
}
