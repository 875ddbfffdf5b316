//! `cargo xtask tour [DIR]`: the walk through the library, on real files.

use std::ffi::OsString;
use std::process::Stdio;

use crate::cargo::{cargo, root};
use crate::report::Report;

const EXAMPLE: [&str; 7] = [
    "--release",
    "-p",
    "concurrent-futures",
    "--features",
    "process",
    "--example",
    "tour",
];

pub(crate) fn run(report: &mut Report, dir: Option<OsString>) -> Result<(), String> {
    let dir = match dir {
        // The tour runs in the workspace's root, so a relative name is resolved here.
        Some(dir) => {
            std::path::absolute(&dir).map_err(|error| format!("{}: {error}", dir.display()))?
        }
        None => root(),
    };
    if report.command("build", cargo(["build"]).args(EXAMPLE)) {
        let mut tour = cargo(["run", "--quiet"]);
        report.command(
            "tour",
            tour.args(EXAMPLE)
                .arg("--")
                .arg(dir)
                .stdin(Stdio::inherit()),
        );
    }
    Ok(())
}
