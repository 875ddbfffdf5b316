//! Durations as bars of one scale, beside their numbers.

use std::time::Duration;

use crate::page::{Page, WIDTH, spoken};

/// Columns left of a row, as under everything that is measured.
const INDENT: usize = 14;
/// Columns of a number with its gaps.
const NUMBER: usize = 12;
/// The last column of a bar, filled by 0 to 7 eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Prints a bar for each duration, as wide as the page allows for the longest one, then the scale, which is linear.
pub(crate) fn draw(page: &Page, rows: &[(&str, Duration)]) {
    let label = rows.iter().map(|row| row.0.chars().count()).max();
    let label = label.unwrap_or(0);
    let longest = rows.iter().map(|row| row.1).max().unwrap_or_default();
    let width = WIDTH.saturating_sub(INDENT + label + NUMBER).max(1);
    for (what, duration) in rows {
        let bar = page.paint("36", &bar(*duration, longest, width));
        let number = spoken(*duration);
        page.line(&format!("{:INDENT$}{what:<label$}  {number:>8}  {bar}", ""));
    }
    let scale = format!("(linear: █ is {})", spoken(longest / width as u32));
    page.line(&format!("{:1$}{scale}", "", INDENT + label + NUMBER));
}

/// At least an eighth of a column: what is small is seen to be there.
fn bar(part: Duration, whole: Duration, width: usize) -> String {
    let share = part.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE);
    let n_eighths = ((share * (width * 8) as f64).round() as usize).max(1);
    format!("{}{}", "█".repeat(n_eighths / 8), EIGHTHS[n_eighths % 8])
}
