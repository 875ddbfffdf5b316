//! `cargo xtask loom`: runs the models of every race. They are built apart, since their cfg changes every crate.

use crate::cargo::{cargo, flags_and, target_dir};
use crate::report::Report;

/// The crates with a `tests/loom.rs`.
const CRATES: [&str; 3] = ["cf-core", "cf-pool", "aio-bridge"];
/// Loom's own advice: 2 or 3 catch most bugs, and the time grows exponentially with it.
const MAX_PREEMPTIONS: &str = "3";

pub(crate) fn run(report: &mut Report) -> Result<(), String> {
    let preemptions =
        std::env::var("LOOM_MAX_PREEMPTIONS").unwrap_or_else(|_| MAX_PREEMPTIONS.into());
    for package in CRATES {
        let mut models = cargo(["test", "--release", "-p", package, "--test", "loom"]);
        models
            .env("RUSTFLAGS", flags_and("RUSTFLAGS", "--cfg cf_loom"))
            .env("CARGO_TARGET_DIR", target_dir().join("loom"))
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("LOOM_MAX_PREEMPTIONS", &preemptions);
        report.command(format!("loom {package}"), &mut models);
    }
    Ok(())
}
