//! The page on a phone.

use libtest_mimic::Failed;
use serde::Deserialize;

use crate::{page::Page, sheets::spread};

/// What a finger hits, in pixels.
const MIN_HEIGHT: f64 = 40.0;
/// How far a finger is drawn, in pixels.
const DISTANCE: f64 = 120.0;
/// How many cells are touched.
const N_TAPPED: usize = 6;

#[derive(Debug, Deserialize)]
struct Sideways {
    width: u32,
    needed: u32,
    moved: f64,
    outside: Vec<String>,
    is_table_wider: bool,
}

#[derive(Debug, Deserialize)]
struct Scrolled {
    page: f64,
    table: f64,
}

#[derive(Debug, Deserialize)]
struct Target {
    what: String,
    height: f64,
}

/// The page is as wide as the screen; only the table is wider, in its own region.
pub(crate) fn page_is_whole(page: &Page<'_>) -> Result<(), Failed> {
    let it: Sideways = page.look("return sideways()")?;
    assert_eq!((it.width, it.needed), (page.view.width, page.view.width));
    assert_eq!(it.outside, [""; 0]);
    assert_eq!(it.moved, 0.0);
    assert!(it.is_table_wider);
    Ok(())
}

/// A finger that is drawn over the text moves nothing sideways; over the table it moves the table, and only that.
pub(crate) fn swipes(page: &Page<'_>) -> Result<(), Failed> {
    page.look::<()>("watchScrolling()")?;
    page.swipe("h1 + p", DISTANCE)?;
    page.swipe("td:nth-child(5) button", DISTANCE)?;
    let moved: Scrolled = page.look("await window.scrollEnds; return scrolled()")?;
    assert_eq!(moved.page, 0.0);
    assert!(moved.table > 0.0);
    Ok(())
}

/// Nothing of a sheet is out of the screen, and none must be scrolled sideways.
pub(crate) fn sheets_fit(page: &Page<'_>) -> Result<(), Failed> {
    let wrong: Vec<String> =
        page.look("return layOutSheets(1).filter((it) => !fits(it)).map((it) => it.id)")?;
    assert_eq!(wrong, [""; 0]);
    Ok(())
}

/// A finger opens a cell, and closes its sheet.
pub(crate) fn taps(page: &Page<'_>) -> Result<(), Failed> {
    for id in spread(page, N_TAPPED)? {
        let cell = format!("td [popovertarget={id}]");
        page.look::<()>(&format!("watch('{id}')"))?;
        page.tap(&cell)?;
        assert_eq!(page.look::<String>("return window.toggled")?, "open");
        let fits = format!("return fits(document.getElementById('{id}'))");
        assert!(page.look::<bool>(&fits)?, "{id} does not fit");
        page.look::<()>(&format!("watch('{id}')"))?;
        page.tap(&format!("#{id} .close"))?;
        assert_eq!(page.look::<String>("return window.toggled")?, "closed");
    }
    Ok(())
}

/// All that a finger aims at is high enough.
pub(crate) fn targets_are_high(page: &Page<'_>) -> Result<(), Failed> {
    let targets: Vec<Target> = page.look("return targets()")?;
    assert!(!targets.is_empty());
    let low: Vec<_> = targets.iter().filter(|it| it.height < MIN_HEIGHT).collect();
    match low.first() {
        None => Ok(()),
        Some(first) => Err(format!(
            "{} targets are low: {} is {}",
            low.len(),
            first.what,
            first.height
        )
        .into()),
    }
}
