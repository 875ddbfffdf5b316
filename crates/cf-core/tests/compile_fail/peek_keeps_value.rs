//! A look at the outcome ends with the call of `peek`.

use cf_core::Promise;

fn main() {
    let (_promise, future) = Promise::<String>::new();
    let text: Option<&String> = future.peek(|outcome| outcome.unwrap());
    drop(text);
}
