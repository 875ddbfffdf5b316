//! The page for eyes that see few colours, or little contrast.

use std::collections::HashMap;

use libtest_mimic::Failed;
use serde::Deserialize;

use crate::page::{NIGHT, Page};

/// The ratio that the guidelines for accessible pages ask for.
const MIN_RATIO: f64 = 4.5;

#[derive(Deserialize)]
struct Cell {
    python: String,
    here: String,
    class: String,
}

#[derive(Deserialize)]
struct Contrasts {
    classes: Vec<String>,
    found: Vec<Contrast>,
    /// How light the page's background is, from 0 to 1.
    paper: f64,
}

#[derive(Deserialize)]
struct Contrast {
    what: String,
    ratio: f64,
}

/// Cells that are coloured differently have different text, and the legend has every sign.
pub(crate) fn signs_differ(page: &Page<'_>) -> Result<(), Failed> {
    let cells: Vec<Cell> = page.look("return signs()")?;
    let legend: String = page.look("return texts('p.legend').join()")?;
    let mut class_of = HashMap::new();
    for cell in &cells {
        let class = class_of
            .entry((&cell.python, &cell.here))
            .or_insert(&cell.class);
        assert_eq!(*class, &cell.class, "{} {}", cell.python, cell.here);
        for sign in [&cell.python, &cell.here] {
            assert!(!sign.is_empty() && legend.contains(sign.as_str()), "{sign}");
        }
    }
    assert!(class_of.len() > 1);
    Ok(())
}

/// All text can be read, in cells of each class, in their sheets and around.
pub(crate) fn contrast(page: &Page<'_>) -> Result<(), Failed> {
    let Contrasts {
        classes,
        found,
        paper,
    } = page.look("return contrasts()")?;
    assert_eq!(
        paper < 0.5,
        page.view == NIGHT,
        "the page is not in the scheme"
    );
    for class in classes {
        for what in ["cell", "sheet of"] {
            let start = format!("{what} {class} ");
            assert!(
                found.iter().any(|it| it.what.starts_with(&start)),
                "{start}"
            );
        }
    }
    let weak: Vec<_> = found
        .iter()
        .filter(|it| it.ratio < MIN_RATIO)
        .map(|it| format!("{}: {:.2}", it.what, it.ratio))
        .collect();
    match weak.len() {
        0 => Ok(()),
        n => Err(format!("{n} of {} are weak:\n{}", found.len(), weak.join("\n")).into()),
    }
}
