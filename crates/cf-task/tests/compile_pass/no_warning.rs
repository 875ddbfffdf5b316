//! A task gives no warning, whatever is denied.

#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(
    deprecated_in_future,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    future_incompatible,
    missing_debug_implementations,
    missing_docs,
    non_local_definitions,
    redundant_lifetimes,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use cf_task::task;

/// Is public, and has its words.
#[task]
pub fn public(number: u64, text: &str) -> Result<u64, String> {
    text.parse::<u64>().map(|n| n + number).map_err(|error| error.to_string())
}

/// Is public, and in a module.
pub mod shop {
    use super::task;

    /// Has neither arguments nor a value.
    #[task]
    pub fn open() {}

    #[task]
    pub(crate) fn within((a, _): (u8, u8), mut b: Vec<u8>) -> usize {
        b.push(a);
        b.len()
    }
}

#[task]
fn nobody_calls_this(n: u32) -> u32 {
    n
}

#[task]
fn only_called_here(n: u32) -> u32 {
    n
}

#[deprecated]
#[task]
fn old(text: String) -> String {
    text
}

#[task]
#[must_use]
fn must_be_used() -> u8 {
    1
}

fn main() {
    #[task]
    fn local() {}

    local();
    assert_eq!(only_called_here(2), 2);
    assert_eq!(must_be_used(), 1);
    assert!(public(1, "2").is_ok());
    assert_eq!(shop::within((1, 2), vec![3]), 2);
    drop((public::task(1, "2"), shop::open::task(), shop::within::task((1, 2), vec![3])));
}
