//! The table: one block for each quantity, its contenders below, its targets and verdicts last.

use std::fmt::Write as _;

use crate::{
    measured::{Measured, OURS, Report, Target},
    statistics::{greatest, least, median},
};

const NAME_WIDTH: usize = 46;

/// The whole report as text.
pub(crate) fn render(report: &Report) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!("{}; less is better everywhere", report.setting()),
    );
    line(&mut text, &head());
    for measured in &report.measured {
        block(&mut text, measured);
    }
    for failed in &report.failed {
        line(&mut text, &format!("FAILED {failed}"));
    }
    let verdicts: Vec<bool> = report.measured.iter().flat_map(verdicts).collect();
    let n_ok = verdicts.iter().filter(|&&ok| ok).count();
    line(
        &mut text,
        &format!(
            "{n_ok} of {} targets met, {} cases failed",
            verdicts.len(),
            report.failed.len()
        ),
    );
    text
}

fn head() -> String {
    format!(
        "{:<NAME_WIDTH$} {:>10}  {:>21}  {:>8}  {:>8}",
        "", "median", "least-greatest", "ours/it", "target"
    )
}

fn block(text: &mut String, measured: &Measured) {
    line(text, &format!("\n{} [{}]", measured.title, measured.unit));
    for series in &measured.series {
        if series.values.is_empty() {
            let name = format!("  {}", series.contender);
            line(text, &format!("{name:<NAME_WIDTH$} {:>10}", "missing"));
            continue;
        }
        let ratio = if series.contender == OURS {
            None
        } else {
            measured.ours_over(series)
        };
        let ratio = ratio
            .filter(|ratio| ratio.is_finite())
            .map_or(String::new(), number);
        let range = format!(
            "{}-{}",
            number(least(&series.values)),
            number(greatest(&series.values))
        );
        let value = number(median(&series.values));
        line(
            text,
            &format!(
                "{:<NAME_WIDTH$} {value:>10}  {range:>21}  {ratio:>8}",
                format!("  {}", series.contender)
            ),
        );
    }
    for target in &measured.targets {
        verdict(text, measured, target);
    }
}

fn verdict(text: &mut String, measured: &Measured, target: &Target) {
    let label = format!("  = {}", target.label);
    let Some(judged) = measured.judged(target) else {
        line(text, &format!("{label:<NAME_WIDTH$} not measured"));
        return;
    };
    let range = format!("{}-{}", number(least(&judged)), number(greatest(&judged)));
    let value = number(median(&judged));
    let at_most = format!("<= {}", target.at_most);
    let word = match (meets(&judged, target), target.is_stretch) {
        (true, false) => "ok",
        (false, false) => "MISS",
        (true, true) => "stretch reached",
        (false, true) => "stretch not reached",
    };
    line(
        text,
        &format!(
            "{label:<NAME_WIDTH$} {:>10}  {range:>21}  {value:>8}  {at_most:>8}  {word}",
            ""
        ),
    );
}

/// For each target that counts, whether it is met; one that was not measured is not.
fn verdicts(measured: &Measured) -> impl Iterator<Item = bool> {
    let counted = measured.targets.iter().filter(|target| !target.is_stretch);
    counted.map(|target| {
        let judged = measured.judged(target);
        judged.is_some_and(|judged| meets(&judged, target))
    })
}

/// Judges what the table shows: a median that prints as the target itself meets it.
fn meets(judged: &[f64], target: &Target) -> bool {
    let median = median(judged);
    median <= target.at_most || number(median) == number(target.at_most)
}

/// Three digits or so: 0.083, 1.23, 12.3, 123, 12,345, 1,234,567.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.1 => format!("{value:.3}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        size if size < 10_000.0 => format!("{value:.0}"),
        _ => {
            let mut digits = format!("{value:.0}");
            let n_before = digits.len() % 3;
            for at in (1..digits.len()).rev().filter(|at| at % 3 == n_before) {
                digits.insert(at, ',');
            }
            digits
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_has_three_digits_or_so() {
        let numbers = [
            (0.0, "0"),
            (0.0831, "0.083"),
            (-1.234, "-1.23"),
            (12.34, "12.3"),
            (9999.0, "9999"),
            (12_345.0, "12,345"),
            (123_456.0, "123,456"),
            (1_234_567.0, "1,234,567"),
        ];
        for (value, text) in numbers {
            assert_eq!(number(value), text);
        }
    }
}
