//! A door at which tasks in worker processes wait until the test lets them in: how tests order what happens elsewhere.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use cf_pool::task;
use rustix::event::{PollFd, PollFlags, poll};

use crate::gate::LONG;

/// Make it after the pool: when a test fails, it is dropped first, and whoever waits at it goes on.
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
}

/// A task that waits at a door; dropping it lets it in.
pub(crate) struct Guest {
    /// The process in which the task runs.
    pub(crate) pid: u32,
    /// What it told of itself.
    pub(crate) name: u32,
    stream: UnixStream,
}

/// What the test says to the task.
pub(crate) type Word = u8;

impl Door {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cf-pool-door-{}-{number}", process::id());
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).unwrap();
        Self { listener, path }
    }

    /// Where tasks find it.
    pub(crate) fn address(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Waits for the next task to come.
    pub(crate) fn guest(&self) -> Guest {
        self.guest_within(LONG).expect("nobody came to the door")
    }

    /// Waits for the next task, but not longer than this.
    pub(crate) fn guest_within(&self, time: Duration) -> Option<Guest> {
        let timeout = time.try_into().unwrap();
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        if poll(&mut fds, Some(&timeout)).unwrap() == 0 {
            return None;
        }
        let (mut stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let mut bytes = [0; 8];
        stream.read_exact(&mut bytes).unwrap();
        let [pid, name] = [0, 4].map(|at| {
            let word = bytes[at..at + 4].try_into().unwrap();
            u32::from_le_bytes(word)
        });
        Some(Guest { pid, name, stream })
    }

    /// Waits for so many tasks.
    pub(crate) fn guests(&self, n_guests: usize) -> Vec<Guest> {
        (0..n_guests).map(|_| self.guest()).collect()
    }

    /// Whether nobody is there who was not let in.
    pub(crate) fn is_deserted(&self) -> bool {
        self.guest_within(Duration::ZERO).is_none()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Guest {
    /// Lets it in with a word.
    pub(crate) fn tell(mut self, word: Word) {
        let _ = self.stream.write_all(&[word]);
    }

    /// Waits until its process has ended, without letting it in.
    pub(crate) fn wait_for_its_end(mut self) {
        let started = Instant::now();
        let mut byte = [0];
        // Its end of the stream is closed by its end, however that came.
        let read = self.stream.read(&mut byte);
        assert!(!matches!(read, Ok(1..)), "it is not at its end");
        assert!(started.elapsed() < LONG, "it does not end");
    }
}

/// In a task: waits at the door and gives what the test says; 0 if it says nothing.
pub(crate) fn knock(address: &str, name: u32) -> Word {
    let Ok(mut stream) = UnixStream::connect(address) else {
        return 0;
    };
    let mut bytes = [process::id().to_le_bytes(), name.to_le_bytes()];
    let mut answer = [0];
    if stream.write_all(bytes.as_flattened_mut()).is_ok() {
        let _ = stream.read(&mut answer);
    }
    answer[0]
}

/// Waits at a door and gives the number that it came with.
#[task]
pub(crate) fn visit(address: &str, name: u32) -> u32 {
    knock(address, name);
    name
}

/// Waits at a door and gives what it is told.
#[task]
pub(crate) fn ask(address: &str) -> Word {
    knock(address, 0)
}
