//! Median, least and greatest of a few rounds.

/// The middle value, or the mean of the two middle ones; not a number if there are none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

pub(crate) fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::min)
}

pub(crate) fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

#[cfg(test)]
mod tests {
    use super::{greatest, least, median};

    #[test]
    fn median_of_an_even_number_is_the_mean_of_the_middle_two() {
        assert!((median(&[4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn median_of_nothing_is_not_a_number() {
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn extremes_ignore_the_order() {
        assert!((least(&[2.0, 1.0, 3.0]) - 1.0).abs() < f64::EPSILON);
        assert!((greatest(&[2.0, 3.0, 1.0]) - 3.0).abs() < f64::EPSILON);
    }
}
