//! Output that does not flow: somebody holds its lock, or reads it slowly. In child processes, whose output the test holds.

use std::{
    io::{self, Read, Write},
    os::{fd::BorrowedFd, unix::process::CommandExt},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use cf_pool::{ProcessPoolExecutor, task};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, Signal, kill_process},
    time::Timespec,
};

use crate::{
    child::{end_line, finish, is_child, spawn},
    gate::ends,
    value::double,
    way::{Way, died},
};

const N_LINES: usize = 4_000;

#[task]
fn say(words: &str) {
    println!("{words}");
    eprintln!("{words}");
}

/// More than a pipe holds.
#[task]
fn say_much() {
    let line = "much:".to_owned() + &"x".repeat(95) + "\n";
    for _ in 0..N_LINES {
        io::stdout().write_all(line.as_bytes()).unwrap();
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
}

#[task]
fn say_and_die() {
    say("said:third");
    Way::Exit.go();
}

#[test]
fn who_holds_the_lock_of_the_output_may_wait_for_who_prints() {
    const NAME: &str = "held_output::who_holds_the_lock_of_the_output_may_wait_for_who_prints";
    if is_child() {
        end_line();
        return ends(|| {
            // As programs do that write much.
            let _printed = io::stdout().lock();
            let _errors = io::stderr().lock();
            let pool = ProcessPoolExecutor::new(1).unwrap();
            pool.submit(say::task("said:first")).result().unwrap();
            pool.submit(say_much::task()).result().unwrap();
            pool.submit(say::task("said:second")).result().unwrap();
            died(pool.submit(say_and_die::task()).result());
            assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
            drop(pool);
        });
    }
    let output = finish(spawn(NAME, |_| {}), "");
    for bytes in [output.stdout, output.stderr] {
        let text = String::from_utf8(bytes).unwrap();
        let said: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("said:"))
            .collect();
        assert_eq!(said, ["first", "second", "third"]);
        let n_much = text.lines().filter(|line| line.starts_with("much:"));
        assert_eq!(n_much.count(), N_LINES);
    }
}

/// Starts a process that writes for ever and does not end with its worker; gives its number once it writes faster than anybody
/// reads.
#[task]
fn leave_a_writer() -> Result<u32, io::Error> {
    let mut command = Command::new("yes");
    let command = command.process_group(0).stdin(Stdio::null());
    let writer = command.spawn()?.id();
    let mut n_full = 0;
    while n_full < 100 {
        // time: it is full for a while before it counts as full
        thread::sleep(Duration::from_millis(1));
        n_full = if is_full(rustix::stdio::stdout()) {
            n_full + 1
        } else {
            0
        };
    }
    Ok(writer)
}

/// Whether nothing can be written there now.
fn is_full(pipe: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(pipe, PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec::default())).unwrap() == 0
}

#[test]
fn a_process_that_was_left_behind_and_writes_for_ever_holds_nobody_up() {
    const NAME: &str =
        "held_output::a_process_that_was_left_behind_and_writes_for_ever_holds_nobody_up";
    if is_child() {
        return ends(|| {
            let pool = ProcessPoolExecutor::new(2).unwrap();
            let writer = pool.submit(leave_a_writer::task()).result().unwrap();
            drop(pool);
            let pid = Pid::from_raw(writer.try_into().unwrap()).unwrap();
            // It may have found that nobody listens.
            let _ = kill_process(pid, Signal::KILL);
        });
    }
    let mut child = spawn(NAME, |_| {});
    let mut output = child.stdout.take().unwrap();
    let slow = thread::spawn(move || {
        let mut bytes = [0; 8 << 10];
        while matches!(output.read(&mut bytes), Ok(1..)) {
            // time: that makes it slower than anybody writes
            thread::sleep(Duration::from_millis(3));
        }
    });
    finish(child, "");
    slow.join().unwrap();
}
