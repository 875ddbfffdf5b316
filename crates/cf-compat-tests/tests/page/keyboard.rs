//! The page without a mouse.

use fantoccini::key::Key;
use libtest_mimic::Failed;
use serde::Deserialize;

use crate::{page::Page, sheets::spread};

/// How often Tab may have to be pressed to get from the top into the table.
const MAX_STOPS: usize = 8;
/// How many cells are gone through one by one.
const N_CELLS: usize = 16;
/// How many cells over the whole table get the focus.
const N_FOCUSED: usize = 40;

#[derive(Deserialize)]
struct Table {
    ids: Vec<String>,
}

/// Tab gets into the table and from cell to cell, Enter and Space open one, and Escape closes it where one was.
pub(crate) fn opens(page: &Page<'_>) -> Result<(), Failed> {
    let Table { ids } = page.look("return table()")?;
    let focused = || page.look::<String>("return focused()");
    let mut n_stops = 0;
    while focused()? != ids[0] {
        page.press(Key::Tab)?;
        n_stops += 1;
        assert!(n_stops <= MAX_STOPS, "still at {}", focused()?);
    }
    for (place, id) in ids.iter().enumerate().take(N_CELLS) {
        assert_eq!(focused()?, *id);
        let is_open = || page.look::<bool>(&format!("return isOpen('{id}')"));
        if place % 3 == 0 {
            page.press(if place % 2 == 0 {
                Key::Enter
            } else {
                Key::Space
            })?;
            assert!(is_open()?, "{id} did not open");
            page.press(Key::Escape)?;
            assert!(!is_open()?, "{id} did not close");
            assert_eq!(focused()?, *id);
        }
        page.press(Key::Tab)?;
    }
    // In an open sheet, the next stop is its button.
    let id = focused()?;
    page.press(Key::Enter)?;
    page.press(Key::Tab)?;
    let label: String = page.look("return document.activeElement.ariaLabel")?;
    assert_eq!(label, "close");
    page.press(Key::Enter)?;
    assert!(!page.look::<bool>(&format!("return isOpen('{id}')"))?);
    Ok(())
}

/// What has the focus is not under the heads of rows and columns, whichever way one came.
pub(crate) fn focus_is_in_sight(page: &Page<'_>) -> Result<(), Failed> {
    let ids = spread(page, N_FOCUSED)?;
    let there_and_back: Vec<_> = ids.iter().chain(ids.iter().rev()).collect();
    let hidden: Option<String> = page.look(&format!(
        "return firstOutOfSight({})",
        serde_json::to_string(&there_and_back)?
    ))?;
    assert_eq!(hidden, None);
    // From the middle of the table up, for its head is above.
    let middle = [&ids[ids.len() / 2]];
    page.look::<Option<String>>(&format!(
        "return firstOutOfSight({})",
        serde_json::to_string(&middle)?
    ))?;
    for _ in 0..N_CELLS {
        page.press_with(&[Key::Shift], Key::Tab)?;
        let (id, is_in_sight): (String, bool) = page.look("return [focused(), isInSight()]")?;
        assert!(is_in_sight, "{id} has the focus and cannot be seen");
    }
    Ok(())
}
