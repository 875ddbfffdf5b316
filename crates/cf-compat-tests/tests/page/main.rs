//! `docs/compat-matrix.html` in a real browser: one trial a fact.
//!
//! It is Chromium or Chrome, driven through chromedriver. Where there is none the trials are ignored, and that is said.

mod browser;
mod eyes;
mod filters;
mod keyboard;
mod page;
mod phone;
mod programs;
mod quiet;
mod sheets;
mod sys;

use std::{
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use browser::{Browser, Installed};
use libtest_mimic::{Arguments, Failed, Trial};
use page::{DESK, NIGHT, PHONE, Page, View};

type Fact = fn(&Page<'_>) -> Result<(), Failed>;

const FACTS: [(&str, View, Fact); 15] = [
    ("every_cell_opens_a_full_sheet", DESK, sheets::are_full),
    ("a_click_opens_a_cell", DESK, sheets::open_by_click),
    ("tab_and_enter_open_a_cell", DESK, keyboard::opens),
    ("focus_is_in_sight", DESK, keyboard::focus_is_in_sight),
    ("a_filter_dims_the_others", DESK, filters::dim),
    ("nothing_is_asked_or_complained", DESK, quiet::is_quiet),
    ("a_complaint_would_be_heard", DESK, quiet::is_heard),
    ("signs_differ_not_only_colours", DESK, eyes::signs_differ),
    ("contrast_by_day", DESK, eyes::contrast),
    ("contrast_by_night", NIGHT, eyes::contrast),
    ("phone_shows_the_page_whole", PHONE, phone::page_is_whole),
    ("phone_swipes_move_the_table", PHONE, phone::swipes),
    ("phone_shows_each_sheet_whole", PHONE, phone::sheets_fit),
    ("phone_taps_open_a_cell", PHONE, phone::taps),
    ("phone_targets_are_high", PHONE, phone::targets_are_high),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let installed = Installed::find();
    if let (Err(missing), false) = (&installed, arguments.list) {
        eprintln!("docs/compat-matrix.html was NOT LOOKED AT: {missing}");
    }
    let is_ignored = installed.is_err();
    let stage = Arc::new(Stage {
        installed,
        browser: Mutex::default(),
    });
    let trials = FACTS.into_iter().map(|(name, view, fact)| {
        let stage = Arc::clone(&stage);
        Trial::test(name, move || stage.show(view, fact)).with_ignored_flag(is_ignored)
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    match stage.clear() {
        Ok(()) => conclusion.exit_code(),
        Err(left) => {
            eprintln!("{left}");
            ExitCode::FAILURE
        }
    }
}

/// The one browser of the run; it starts for the first trial, and trials take turns.
struct Stage {
    installed: Result<Installed, String>,
    browser: Mutex<Option<Result<Browser, String>>>,
}

impl Stage {
    fn show(&self, view: View, fact: Fact) -> Result<(), Failed> {
        let installed = self.installed.as_ref()?;
        let mut browser = self.browser.lock().unwrap_or_else(PoisonError::into_inner);
        let browser = browser.get_or_insert_with(|| Browser::start(installed));
        browser.as_ref()?.show(view, fact)
    }

    fn clear(&self) -> Result<(), String> {
        let mut browser = self.browser.lock().unwrap_or_else(PoisonError::into_inner);
        match browser.take() {
            Some(Ok(browser)) => browser.end(),
            _ => Ok(()),
        }
    }
}
