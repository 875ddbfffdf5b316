//! `cargo xtask doc`: the documentation of every published crate, warnings being errors.

use crate::cargo::{cargo, flags_and, target_dir};
use crate::manifest;
use crate::report::Report;

pub(crate) fn run(report: &mut Report) -> Result<(), String> {
    let mut doc = cargo(["doc", "--no-deps", "--all-features"]);
    doc.env("RUSTDOCFLAGS", flags_and("RUSTDOCFLAGS", "-D warnings"));
    for package in manifest::crates()?
        .iter()
        .filter(|package| package.is_published())
    {
        doc.args(["-p", package.name()]);
    }
    if report.command("rustdoc", &mut doc) {
        println!(
            "open {}",
            target_dir()
                .join("doc/concurrent_futures/index.html")
                .display()
        );
    }
    Ok(())
}
