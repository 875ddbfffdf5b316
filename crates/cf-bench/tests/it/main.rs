//! The command `ratios`: everything runs, and nothing is left behind.
#![cfg(target_os = "linux")]

mod family;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use family::Family;

/// What is not done by then hangs, on any machine.
const LONG: Duration = Duration::from_secs(600);
const PROCESS_WORKLOADS: [&str; 8] = [
    "process_round_trip",
    "process_round_trip_pinned",
    "process_throughput",
    "process_echo_1mb",
    "process_echo_64mb",
    "process_cold",
    "process_after_kill",
    "process_idle",
];
const POOLS: [&str; 3] = ["ours", "procspawn::Pool", "CPython's ProcessPoolExecutor"];

#[test]
fn every_case_runs_and_leaves_nothing_behind() {
    let family = Family::adopt();
    let folder = Folder::new("smoke");
    let table = output(ratios(&folder.0).arg("--smoke"));
    assert!(table.contains(" 0 cases failed"), "{table}");
    for pool in POOLS {
        assert!(table.contains(pool), "{pool} is not in {table}");
    }
    assert_eq!(family.bury_all(), 0, "processes were left behind");
    assert_eq!(folder.files(), Vec::<String>::new());
}

#[test]
fn a_peer_that_is_not_there_is_named_as_missing() {
    let _family = Family::adopt();
    let folder = Folder::new("missing");
    let command = &mut ratios(&folder.0);
    let table = output(command.args(["--smoke", "process_cold"]).env("PATH", ""));
    let line = table.lines().find(|line| line.contains("CPython"));
    assert!(
        line.is_some_and(|line| line.ends_with("missing")),
        "{table}"
    );
    assert!(table.contains(" 0 cases failed"), "{table}");
}

#[test]
fn a_run_that_is_killed_leaves_no_process_behind() {
    let family = Family::adopt();
    for workload in PROCESS_WORKLOADS {
        let folder = Folder::new(workload);
        let mut ratios = ratios(&folder.0)
            .arg(workload)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(ratios.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        assert!(line.contains(workload), "{line}");
        // time: to be killed in the midst of something
        thread::sleep(Duration::from_millis(300));
        ratios.kill().unwrap();
        ratios.wait().unwrap();
        assert_ne!(family.bury_all(), 0, "{workload} was done already");
    }
}

fn ratios(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ratios"));
    command.env("TMPDIR", folder).stdin(Stdio::null());
    command
}

/// What the command prints; it must succeed.
fn output(command: &mut Command) -> String {
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let output = receiver.recv_timeout(LONG).expect("it ends").unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// For temporary files, and nobody else's.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("{name}-{}", process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
