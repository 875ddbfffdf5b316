//! What is expanded gives no warning of clippy, however much of it is asked for: checked by running it over the tests.

#![deny(
    clippy::pedantic,
    clippy::nursery,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::exhaustive_structs,
    clippy::missing_inline_in_public_items,
    clippy::min_ident_chars,
    clippy::question_mark_used,
    clippy::pattern_type_mismatch,
    clippy::shadow_reuse,
    clippy::same_name_method,
    clippy::module_name_repetitions
)]

use cf_task::task;

#[task]
const fn unused_one(number: u8) -> u8 {
    number
}

#[task]
#[expect(clippy::too_many_arguments, reason = "so that there are many")]
fn many(
    one: u8,
    two: u8,
    three: u8,
    four: u8,
    five: u8,
    six: u8,
    seven: u8,
    eight: &str,
) -> Result<u64, String> {
    let sum = [one, two, three, four, five, six, seven]
        .map(u64::from)
        .iter()
        .sum::<u64>();
    eight
        .parse::<u64>()
        .map(|number| number + sum)
        .map_err(|error| error.to_string())
}

#[test]
fn what_is_checked_runs() {
    assert_eq!(
        crate::cross::cross(&many::task(1, 1, 1, 1, 1, 1, 1, "1")),
        Ok(8)
    );
}
