//! `cargo xtask ci`: everything that must hold before a change is taken.
//!
//! Crates are linted and tested one by one with each combination of their features: a build of the whole
//! workspace unifies features and so hides the combinations that do not compile.

use crate::cargo::cargo;
use crate::manifest::{self, Manifest};
use crate::report::Report;
use crate::{doc, loom, matrix, tidy};

/// A folder small enough for the tour to be over at once.
const TOUR_DIR: &str = "docs";

pub(crate) fn run(report: &mut Report) -> Result<(), String> {
    let crates = manifest::crates()?;
    let tested = || crates.iter().filter(|package| package.is_tested());

    report.command("fmt", &mut cargo(["fmt", "--all", "--check"]));
    tidy::run(report)?;

    report.command(
        "clippy workspace",
        &mut cargo([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    );
    for package in tested() {
        for features in package.feature_sets() {
            let mut clippy = cargo(["clippy", "-p", package.name(), "--all-targets"]);
            clippy.args(&features).args(["--", "-D", "warnings"]);
            report.command(named("clippy", package, &features), &mut clippy);
        }
    }

    let mut printed = Vec::new();
    for package in tested() {
        for features in package.feature_sets() {
            let name = named("test", package, &features);
            let text = report.captured(name, &mut matrix::tests(package, &features));
            printed.push((package.name().to_owned(), text));
        }
    }
    matrix::pages(report, &printed, matrix::Mode::Check);
    report.command("test xtask", &mut cargo(["test", "-p", "xtask"]));
    report.command(
        "test benchmarks",
        &mut cargo(["test", "-p", manifest::BENCHMARKS]),
    );

    doc::run(report)?;
    for package in tested() {
        for example in package.examples() {
            let mut run = cargo([
                "run",
                "--quiet",
                "-p",
                package.name(),
                "--example",
                &example.name,
            ]);
            if !example.features.is_empty() {
                run.arg("--features").arg(example.features.join(","));
            }
            run.env("CF_SHORT", "1");
            if example.name == "tour" {
                run.args(["--", TOUR_DIR]);
            }
            report.command(format!("example {}", example.name), &mut run);
        }
    }
    loom::run(report)
}

fn named(what: &str, package: &Manifest, features: &[String]) -> String {
    [what, package.name()]
        .into_iter()
        .chain(features.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(" ")
}
