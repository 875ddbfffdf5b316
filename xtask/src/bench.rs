//! `cargo xtask bench [ARGS]`: the ratios against other libraries, all contenders in one run of one binary.

use std::ffi::OsString;

use crate::cargo::cargo;
use crate::report::Report;

const BINARY: [&str; 5] = ["--release", "-p", "cf-bench", "--bin", "ratios"];

pub(crate) fn run(report: &mut Report, args: Vec<OsString>) -> Result<(), String> {
    if report.command("build", cargo(["build"]).args(BINARY)) {
        report.command(
            "ratios",
            cargo(["run", "--quiet"]).args(BINARY).arg("--").args(args),
        );
    }
    Ok(())
}
