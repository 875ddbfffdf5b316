//! What each system has its own way for: a program with all that it starts, and being told to stop.

#[cfg(target_os = "linux")]
pub(crate) use linux::{adopt_orphans, outlive_children};
#[cfg(not(target_os = "linux"))]
pub(crate) use not_linux::{adopt_orphans, outlive_children};
#[cfg(unix)]
pub(crate) use unix::{apart, interrupted, kill};
#[cfg(windows)]
pub(crate) use windows::{apart, interrupted, kill};

#[cfg(unix)]
mod unix {
    use std::{
        io,
        os::unix::process::CommandExt as _,
        process::{Child, Command},
    };

    use rustix::process::{Pid, Signal, kill_process_group};
    use tokio::signal::unix::{SignalKind, signal};

    /// Keeps the program and what it starts in a group of their own.
    pub(crate) fn apart(command: &mut Command) {
        command.process_group(0);
    }

    /// Kills the program, not waited for yet, and its group.
    pub(crate) fn kill(child: &mut Child) -> io::Result<()> {
        Ok(kill_process_group(Pid::from_child(child), Signal::KILL)?)
    }

    /// Listens from now on for this process to be asked to stop. Ends when it is, with the code to stop with.
    pub(crate) fn interrupted() -> io::Result<impl Future<Output = i32> + Send> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        Ok(async move {
            let kind = tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hangup.recv() => SignalKind::hangup(),
            };
            128 + kind.as_raw_value()
        })
    }
}

#[cfg(windows)]
mod windows {
    use std::{
        io,
        process::{Child, Command},
    };

    use tokio::signal::windows::ctrl_c;

    pub(crate) fn apart(_: &mut Command) {}

    pub(crate) fn kill(child: &mut Child) -> io::Result<()> {
        child.kill()
    }

    pub(crate) fn interrupted() -> io::Result<impl Future<Output = i32> + Send> {
        let mut interrupt = ctrl_c()?;
        Ok(async move {
            interrupt.recv().await;
            130
        })
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use rustix::{
        io::Errno,
        process::{WaitOptions, getpid, set_child_subreaper, wait},
    };

    /// Makes those whose parents are killed children of this process.
    pub(crate) fn adopt_orphans() -> io::Result<()> {
        Ok(set_child_subreaper(Some(getpid()))?)
    }

    /// Waits until there are no children any more.
    pub(crate) fn outlive_children() -> io::Result<()> {
        loop {
            match wait(WaitOptions::empty()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::CHILD) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod not_linux {
    use std::io;

    pub(crate) fn adopt_orphans() -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn outlive_children() -> io::Result<()> {
        Ok(())
    }
}
