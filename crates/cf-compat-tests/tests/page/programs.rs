//! Programs that run for the test, and the directory for their files: nothing of them outlives it.

use std::{
    io::{self, BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::sys;

/// How long a program may take until it says that it has started.
const START: Duration = Duration::from_secs(90);
/// How long a killed program and what it has started may take to be gone.
const END: Duration = Duration::from_secs(30);

/// The programs, until they are ended.
pub(crate) struct Programs(Mutex<Option<Running>>);

struct Running {
    home: TempDir,
    programs: Vec<Program>,
}

struct Program {
    name: String,
    child: Child,
    /// Disconnected when nobody holds the program's output any more: it and its children are gone.
    gone: Receiver<()>,
}

impl Programs {
    pub(crate) fn new() -> io::Result<Self> {
        sys::adopt_orphans()?;
        let running = Running {
            home: TempDir::with_prefix("page-")?,
            programs: Vec::new(),
        };
        Ok(Self(Mutex::new(Some(running))))
    }

    /// Starts a program, given the directory for its files. Gives the rest of the line that begins with `sign`, by which it
    /// says that it has started.
    pub(crate) fn start(
        &self,
        sign: &'static str,
        command: impl FnOnce(&Path) -> Command,
    ) -> Result<String, String> {
        let (tell, told) = mpsc::channel();
        let printed = Arc::new(Mutex::new(String::new()));
        let name = {
            let mut running = self.lock();
            let running = running.as_mut().ok_or("the test is being ended")?;
            let command = command(running.home.path());
            let name = command.get_program().to_string_lossy().into_owned();
            let keep = Arc::clone(&printed);
            let (child, gone) = spawn(command, move |line| {
                let mut printed = keep.lock().unwrap_or_else(PoisonError::into_inner);
                printed.push_str(line);
                if let Some((_, rest)) = line.split_once(sign) {
                    // Only the first is waited for.
                    drop(tell.send(rest.trim().to_owned()));
                }
            })
            .map_err(|error| format!("{name}: {error}"))?;
            running.programs.push(Program {
                name: name.clone(),
                child,
                gone,
            });
            name
        };
        told.recv_timeout(START).map_err(|error| {
            let how = match error {
                RecvTimeoutError::Timeout => format!("did not start within {START:?}"),
                RecvTimeoutError::Disconnected => "ended instead of starting".to_owned(),
            };
            let printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
            format!("{name} {how}; it printed:\n{printed}")
        })
    }

    /// Kills all, waits until they are gone, and removes their files. None can be started any more. Whoever comes second
    /// waits for the first.
    pub(crate) fn end(&self) -> Result<(), String> {
        let mut running = self.lock();
        let Some(Running { home, mut programs }) = running.take() else {
            return Ok(());
        };
        let mut left: Vec<_> = programs
            .iter_mut()
            .filter_map(|program| program.end().err())
            .collect();
        left.extend(outlive_children().err());
        left.extend(home.close().err().map(|error| error.to_string()));
        if left.is_empty() {
            Ok(())
        } else {
            Err(left.join("\n"))
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        if let Err(left) = self.end() {
            eprintln!("{left}");
        }
    }
}

impl Program {
    fn end(&mut self) -> Result<(), String> {
        let ended = sys::kill(&mut self.child).and_then(|()| self.child.wait());
        ended.map_err(|error| format!("{}: {error}", self.name))?;
        match self.gone.recv_timeout(END) {
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("{}: a process of it is left", self.name))
            }
            _ => Ok(()),
        }
    }
}

/// Waits for what the programs have started, too, so that no trace of it is left.
fn outlive_children() -> Result<(), String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || drop(tell.send(sys::outlive_children())));
    match told.recv_timeout(END) {
        Ok(ended) => ended.map_err(|error| error.to_string()),
        Err(_) => Err("a process of a killed program is left".to_owned()),
    }
}

/// Starts a program whose output is read line by line until nobody holds it any more.
fn spawn(
    mut command: Command,
    mut read: impl FnMut(&str) + Send + 'static,
) -> io::Result<(Child, Receiver<()>)> {
    let (output, input) = io::pipe()?;
    sys::apart(&mut command);
    let child = command
        .stdin(Stdio::null())
        .stdout(input.try_clone()?)
        .stderr(input)
        .spawn()?;
    let (alive, gone) = mpsc::channel();
    thread::spawn(move || {
        let _alive = alive;
        let (mut output, mut line) = (BufReader::new(output), Vec::new());
        while output.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            read(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    Ok((child, gone))
}
