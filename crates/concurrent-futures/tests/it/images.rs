//! The example `crash_isolated_images` as its users run it: what it says of good, corrupt and deadly files.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use image::{ImageBuffer, Luma, RgbImage};

/// `cargo test` builds the examples, too, before it runs anything; `cargo test --test it` does not.
fn example() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).unwrap();
    let example = profile.join("examples/crash_isolated_images");
    let hint = "build it: cargo build --features process --example crash_isolated_images";
    assert!(example.exists(), "{hint}");
    example
}

fn run(args: &[&str]) -> Output {
    Command::new(example())
        .args(args)
        .env("CF_SHORT", "1")
        .output()
        .unwrap()
}

fn said(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The line of the table that is about this file.
fn line_of<'a>(report: &'a str, file: &str) -> &'a str {
    let lines: Vec<_> = report
        .lines()
        .filter(|line| line.starts_with(file))
        .collect();
    assert_eq!(lines.len(), 1, "{file}: {report}");
    lines[0]
}

fn path(dir: &Path) -> &str {
    dir.to_str().unwrap()
}

#[test]
fn the_bad_ones_among_the_made_up_images_fail_and_no_other() {
    let output = run(&["--workers", "3"]);
    let report = said(&output);
    assert!(report.starts_with("40 images: 36 decoded ("), "{report}");
    assert!(report.contains(" 4 failed, ") && report.contains(" by 3 workers\n"));
    // Nothing is drawn where there is no terminal.
    assert!(output.stderr.is_empty(), "{output:?}");
    for file in ["cut off.png", "no image.jpg", "wrong bits.png"] {
        assert!(!line_of(report, file).contains("killed"), "{report}");
    }
    assert!(line_of(report, "poison.png").contains("it killed its worker: signal 6"));
    // Each was seen in a process, which is none of this test.
    for line in report
        .lines()
        .skip_while(|line| !line.starts_with("file "))
        .skip(1)
    {
        let pid: u32 = line
            .split_whitespace()
            .next_back()
            .unwrap()
            .parse()
            .unwrap();
        assert_ne!(pid, std::process::id());
    }
}

#[test]
fn all_images_of_a_directory_are_decoded_whatever_their_names_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let picture = RgbImage::new(20, 10);
    picture.save(dir.path().join("a b.png")).unwrap();
    picture.save(dir.path().join("c.jpg")).unwrap();
    fs::rename(dir.path().join("c.jpg"), dir.path().join("is a jpeg.PNG")).unwrap();
    fs::write(dir.path().join("notes.txt"), "no image").unwrap();
    fs::create_dir(dir.path().join("folder.png")).unwrap();
    let output = run(&[path(dir.path())]);
    let report = said(&output);
    assert!(report.starts_with("2 images: 2 decoded ("), "{report}");
    assert!(report.contains("2 other entries were passed over"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_text_is_no_obstacle() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().join(OsStr::from_bytes(b"\xFF.png"));
    RgbImage::new(2, 2).save(name).unwrap();
    let output = run(&[path(dir.path())]);
    assert!(
        said(&output).starts_with("1 images: 1 decoded ("),
        "{output:?}"
    );
}

#[test]
fn an_image_that_takes_too_long_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    // Far more than can be decoded in the time, and of one colour, so that it is soon written.
    let large = ImageBuffer::<Luma<u8>, _>::new(8000, 8000);
    large.save(dir.path().join("large.png")).unwrap();
    let output = run(&["--limit", "0.001", path(dir.path())]);
    let report = said(&output);
    assert!(report.starts_with("1 images: 0 decoded ("), "{report}");
    assert!(line_of(report, "large.png").contains("it took longer than 1ms"));
}

#[test]
fn an_empty_directory_has_no_failures() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(&[path(dir.path())]);
    assert!(said(&output).starts_with("0 images: 0 decoded ("));
}

#[test]
fn only_wrong_arguments_are_a_failure_of_the_program() {
    for (args, complaint) in [
        (&["--workers", "0"][..], "non-zero"),
        (&["--limit", "-1"], "negative"),
        (&["--colour"], "--colour"),
        (&["one", "two"], "two"),
        (&["no such directory"], "no such directory"),
    ] {
        let output = run(args);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(complained.contains(complaint), "{args:?}: {complained}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    assert!(said(&run(&["--help"])).contains("--workers N"));
}
