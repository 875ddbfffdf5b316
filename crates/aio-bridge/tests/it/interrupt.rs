//! Ctrl-C while a loop runs, in processes of their own: the first one cancels, the second one ends the process.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use aio_bridge::{Error, Runner, cancelled, create_task, run, to_thread};

use crate::{
    loops::{LONG, many_threads},
    paused::elapse,
};

const CHILD: &str = "AIO_BRIDGE_CHILD";
const SIGINT: i32 = 2;

/// Has the test binary run `body` in a process of its own, on a thread of the main thread's name; `check` looks after it.
///
/// `body` gives what the process is to say at its end.
fn in_child<S: ToString + Send + 'static>(
    test: &str,
    body: impl FnOnce() -> S + Send + 'static,
    check: impl FnOnce(&mut Interrupted),
) {
    if std::env::var_os(CHILD).is_some() {
        let main = thread::Builder::new().name("main".to_owned()).spawn(body);
        say(&main.unwrap().join().unwrap().to_string());
        return;
    }
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("interrupt::{test}"), "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = lines_of(process.stdout.take().unwrap());
    check(&mut Interrupted { process, lines });
}

fn say(text: &str) {
    // Not by a macro, whose output the test harness may keep; in a line of its own.
    let mut out = std::io::stdout();
    writeln!(out, "\nchild: {text}").unwrap();
    out.flush().unwrap();
}

fn lines_of(output: ChildStdout) -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel();
    // It ends with the process's output.
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(text) = line.strip_prefix("child: ") {
                drop(tell.send(text.to_owned()));
            }
        }
    });
    told
}

/// A process of ours that is to be interrupted.
struct Interrupted {
    process: Child,
    lines: mpsc::Receiver<String>,
}

impl Interrupted {
    /// Waits until it has said this.
    fn says(&self, expected: &str) {
        let text = self.lines.recv_timeout(LONG).expect("it says nothing");
        assert_eq!(text, expected);
    }

    fn interrupt(&self) {
        let kill = format!("kill -INT {}", self.process.id());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success());
    }

    /// Interrupts it until it has ended: for where nothing tells that it is ready for the next one.
    fn interrupt_until_it_ends(&mut self) -> ExitStatus {
        for _ in 0..1_000 {
            self.interrupt();
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            // time: signals that come too close together are one
            thread::sleep(Duration::from_millis(20));
        }
        panic!("it cannot be interrupted");
    }

    /// Waits for its end.
    fn ends(&mut self) -> ExitStatus {
        // Its output ends when it does.
        match self.lines.recv_timeout(LONG) {
            Err(mpsc::RecvTimeoutError::Disconnected) => self.process.wait().unwrap(),
            other => panic!("it has not ended: {other:?}"),
        }
    }
}

impl Drop for Interrupted {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn told(outcome: &Result<(), Error>) -> String {
    match outcome {
        Err(Error::Interrupted) => "interrupted".to_owned(),
        other => format!("{other:?}"),
    }
}

async fn endless(word: &str) {
    say(word);
    std::future::pending::<()>().await;
}

// AT50
#[test]
fn the_first_one_cancels_the_coroutine() {
    in_child(
        "the_first_one_cancels_the_coroutine",
        || told(&run(endless("ready"))),
        |child| {
            child.says("ready");
            child.interrupt();
            child.says("interrupted");
            assert!(child.ends().success());
        },
    );
}

// AT50
#[test]
fn the_first_one_cancels_the_coroutine_on_a_loop_of_several_threads() {
    in_child(
        "the_first_one_cancels_the_coroutine_on_a_loop_of_several_threads",
        || told(&Runner::with(many_threads()).run(endless("ready"))),
        |child| {
            child.says("ready");
            child.interrupt();
            child.says("interrupted");
            assert!(child.ends().success());
        },
    );
}

// AT50
#[test]
fn a_coroutine_that_is_interrupted_can_clean_up() {
    in_child(
        "a_coroutine_that_is_interrupted_can_clean_up",
        || {
            let inner = async {
                let task = create_task(aio_bridge::fallible(async {
                    tokio::select! {
                        () = endless("ready") => {}
                        () = cancelled() => {}
                    }
                    elapse(Duration::from_millis(5)).await;
                    say("cleaned up");
                    Err::<(), _>(Error::Cancelled)
                }));
                drop(task.await);
            };
            told(&run(inner))
        },
        |child| {
            child.says("ready");
            child.interrupt();
            child.says("cleaned up");
            child.says("interrupted");
            assert!(child.ends().success());
        },
    );
}

// AT50
#[test]
fn a_coroutine_that_takes_notice_may_give_its_value() {
    in_child(
        "a_coroutine_that_takes_notice_may_give_its_value",
        || {
            let value = run(async {
                tokio::select! {
                    () = endless("ready") => 0,
                    () = cancelled() => 7,
                }
            });
            value.unwrap()
        },
        |child| {
            child.says("ready");
            child.interrupt();
            child.says("7");
            assert!(child.ends().success());
        },
    );
}

// AT50
#[test]
fn the_second_one_ends_the_process_while_the_coroutine_cleans_up() {
    in_child(
        "the_second_one_ends_the_process_while_the_coroutine_cleans_up",
        || {
            told(&run(async {
                tokio::select! {
                    () = endless("ready") => {}
                    () = cancelled() => endless("cleaning up").await,
                }
            }))
        },
        |child| {
            child.says("ready");
            child.interrupt();
            child.says("cleaning up");
            child.interrupt();
            assert_eq!(child.ends().signal(), Some(SIGINT));
        },
    );
}

// AT50
#[test]
fn the_second_one_ends_the_process_even_if_the_loop_is_stuck() {
    in_child(
        "the_second_one_ends_the_process_even_if_the_loop_is_stuck",
        || {
            told(&run(async {
                say("ready");
                loop {
                    thread::park();
                }
            }))
        },
        |child| {
            child.says("ready");
            assert_eq!(child.interrupt_until_it_ends().signal(), Some(SIGINT));
        },
    );
}

// AT50
#[test]
fn the_second_one_ends_the_process_while_the_loop_is_taken_down() {
    in_child(
        "the_second_one_ends_the_process_while_the_loop_is_taken_down",
        || {
            told(&run(async {
                drop(create_task(async {
                    cancelled().await;
                    endless("taken down").await;
                }));
                endless("ready").await;
            }))
        },
        |child| {
            child.says("ready");
            child.interrupt();
            child.says("taken down");
            child.interrupt();
            assert_eq!(child.ends().signal(), Some(SIGINT));
        },
    );
}

// AT50
#[test]
fn after_the_run_it_ends_the_process_as_usual() {
    in_child(
        "after_the_run_it_ends_the_process_as_usual",
        || {
            run(async { to_thread(|| ()).await }).unwrap().unwrap();
            say("run is over");
            loop {
                thread::park();
            }
            #[expect(unreachable_code, reason = "it gives the closure its type")]
            ""
        },
        |child| {
            child.says("run is over");
            child.interrupt();
            assert_eq!(child.ends().signal(), Some(SIGINT));
        },
    );
}

// AT50
#[test]
fn after_an_interrupted_run_it_ends_the_process_as_usual() {
    in_child(
        "after_an_interrupted_run_it_ends_the_process_as_usual",
        || {
            say(&told(&run(endless("ready"))));
            loop {
                thread::park();
            }
            #[expect(unreachable_code, reason = "it gives the closure its type")]
            ""
        },
        |child| {
            child.says("ready");
            child.interrupt();
            child.says("interrupted");
            child.interrupt();
            assert_eq!(child.ends().signal(), Some(SIGINT));
        },
    );
}

// AT50
#[test]
fn each_run_has_a_first_one() {
    in_child(
        "each_run_has_a_first_one",
        || {
            let mut runner = Runner::new().unwrap();
            for word in ["first", "second"] {
                say(&told(&runner.run(endless(word))));
            }
            runner.run(async { "value" }).unwrap()
        },
        |child| {
            for word in ["first", "second"] {
                child.says(word);
                child.interrupt();
                child.says("interrupted");
            }
            child.says("value");
            assert!(child.ends().success());
        },
    );
}

// AT50
#[test]
fn on_another_thread_than_the_main_one_nothing_is_caught() {
    in_child(
        "on_another_thread_than_the_main_one_nothing_is_caught",
        || {
            let other = thread::spawn(|| told(&run(endless("ready"))));
            other.join().unwrap()
        },
        |child| {
            child.says("ready");
            child.interrupt();
            assert_eq!(child.ends().signal(), Some(SIGINT));
        },
    );
}
