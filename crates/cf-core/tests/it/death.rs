//! `WorkerDied`: what an error says of the process that died.

use std::error::Error as _;

use cf_core::{Error, WorkerDied, WorkerExit};

fn died(exit: WorkerExit, task: Option<&str>, oom_likely: bool) -> WorkerDied {
    WorkerDied::new(4242, exit, task.map(str::to_owned), oom_likely)
}

#[test]
fn a_death_says_which_process_how_and_in_which_call() {
    let (killed, exited) = (WorkerExit::Signal(11), WorkerExit::Code(3));
    let messages = [
        (
            died(killed, Some("my_crate::crash"), false),
            "worker process 4242 was killed by signal 11 (SIGSEGV) while it ran `my_crate::crash`",
        ),
        (
            died(exited, Some("x::y"), false),
            "worker process 4242 exited with code 3 while it ran `x::y`",
        ),
        (
            died(WorkerExit::Signal(9), Some("x::y"), true),
            "worker process 4242 was killed by signal 9 (SIGKILL) while it ran `x::y`: probably out of memory, the system or its `memory_limit`",
        ),
        (
            died(WorkerExit::Unknown, Some("x::y"), false),
            "worker process 4242 died while it ran `x::y`",
        ),
        (
            died(WorkerExit::Signal(9), None, true),
            "worker process 4242 was killed by signal 9 (SIGKILL): probably out of memory, the system or its `memory_limit`",
        ),
        (
            died(exited, None, false),
            "worker process 4242 exited with code 3",
        ),
        (
            died(WorkerExit::Unknown, None, false),
            "worker process 4242 died",
        ),
    ];
    for (died, message) in messages {
        assert_eq!(died.to_string(), message);
        assert_eq!(Error::WorkerDied(died).to_string(), message);
    }
}

#[test]
fn the_usual_signals_have_names() {
    let names = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (5, "SIGTRAP"),
        (6, "SIGABRT"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
    ];
    for (signal, name) in names {
        let text = died(WorkerExit::Signal(signal), None, false).to_string();
        let expected = format!("worker process 4242 was killed by signal {signal} ({name})");
        assert_eq!(text, expected);
    }
}

#[test]
fn the_number_of_sigbus_is_that_of_the_system() {
    let signal = if cfg!(target_os = "linux") { 7 } else { 10 };
    let text = died(WorkerExit::Signal(signal), None, false).to_string();
    assert!(text.ends_with("(SIGBUS)"), "{text}");
}

#[test]
fn other_signals_are_numbers() {
    let text = died(WorkerExit::Signal(42), None, false).to_string();
    assert_eq!(text, "worker process 4242 was killed by signal 42");
}

#[test]
fn a_death_gives_what_it_knows() {
    let killed = died(WorkerExit::Signal(11), Some("x::y"), true);
    assert_eq!((killed.pid(), killed.task()), (4242, Some("x::y")));
    assert_eq!((killed.signal(), killed.code()), (Some(11), None));
    assert!(killed.oom_likely());
    let exited = died(WorkerExit::Code(3), None, false);
    assert_eq!((exited.signal(), exited.code()), (None, Some(3)));
    assert_eq!(exited.task(), None);
    assert!(!exited.oom_likely());
    let unknown = died(WorkerExit::Unknown, None, false);
    assert_eq!((unknown.signal(), unknown.code()), (None, None));
}

#[test]
fn a_death_is_the_same_only_as_its_clones() {
    let one = Error::WorkerDied(died(WorkerExit::Code(3), None, false));
    let other = Error::WorkerDied(died(WorkerExit::Code(3), None, false));
    assert!(one.is_same(&one.clone()));
    assert!(!one.is_same(&other));
    assert!(one.source().is_none());
}
