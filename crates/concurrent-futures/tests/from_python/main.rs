//! The programs that Python users know print what their comments say they do.
#![cfg(unix)]

mod comment;
mod program;

use std::{fs, io::Write, process::Command};

use comment::Comment;
use tempfile::NamedTempFile;

/// One test for each program.
macro_rules! programs {
    ($($name:ident)*) => {
        const PROGRAMS: &[&str] = &[$(stringify!($name)),*];

        mod prints_what_its_comment_says {
            $(
                #[test]
                fn $name() {
                    super::check(stringify!($name));
                }
            )*
        }
    };
}

programs! {
    blocking_io
    cpu_bound
    future_set_by_a_task
    shutdown
    sleepers
    slow_op
    to_thread
    wrap_future
}

fn check(name: &str) {
    let said = program::said(Command::new(program::built(name)));
    assert_eq!(said, Comment::of(&program::source(name)).ours);
}

#[test]
fn none_is_left_out() {
    let files = fs::read_dir(program::FOLDER).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().path().file_stem().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, PROGRAMS);
}

#[test]
#[ignore = "needs python3, 3.11 or newer"]
fn python_prints_what_the_comments_say_it_does() {
    for name in PROGRAMS {
        let comment = Comment::of(&program::source(name));
        let mut original = NamedTempFile::with_suffix(".py").unwrap();
        original.write_all(comment.python.as_bytes()).unwrap();
        let mut python = Command::new("python3");
        python.arg(original.path());
        assert_eq!(program::said(python), comment.theirs, "{name}");
    }
}
