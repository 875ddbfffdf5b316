//! The filters above the table.

use libtest_mimic::Failed;
use serde::Deserialize;

use crate::page::Page;

/// What is less opaque than this is dimmed.
const DIMMED: f64 = 0.5;

/// Unfolds them.
pub(crate) const SUMMARY: &str = "details:has(.filters) > summary";

#[derive(Deserialize)]
struct Filter {
    id: String,
    label: String,
}

#[derive(Deserialize)]
struct Cell {
    python: String,
    here: String,
    opacity: f64,
}

/// Each filter leaves the cells with its sign as they are, on the side it speaks of, and dims all others; the first dims none.
pub(crate) fn dim(page: &Page<'_>) -> Result<(), Failed> {
    let filters: Vec<Filter> = page.look("return filters()")?;
    assert!(filters.len() > 1);
    page.click(SUMMARY)?;
    // The first last, for it is what the page begins with.
    for Filter { id, label } in filters.iter().skip(1).chain(&filters[..1]) {
        page.click(&format!("label:has(#{id})"))?;
        let cells: Vec<Cell> = page.look("return signs()")?;
        let sign = label.chars().next().ok_or("a filter without a label")?;
        let is_meant = |cell: &Cell| match sign {
            _ if *id == filters[0].id => true,
            _ if label.ends_with("in Python") => cell.python.starts_with(sign),
            // True and false are results, too.
            '✓' => ["✓", "T", "F"].contains(&cell.here.as_str()),
            _ => cell.here.starts_with(sign),
        };
        for cell in &cells {
            let is_shown = cell.opacity > DIMMED;
            assert_eq!(
                is_shown,
                is_meant(cell),
                "{label}: {} {}",
                cell.python,
                cell.here
            );
        }
        let n_shown = cells.iter().filter(|cell| is_meant(cell)).count();
        assert!(n_shown > 0, "{label} shows nothing");
        assert!(
            *id == filters[0].id || n_shown < cells.len(),
            "{label} dims nothing"
        );
    }
    Ok(())
}
