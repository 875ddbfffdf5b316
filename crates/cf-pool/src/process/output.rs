//! What workers print, line by line to where the parent prints: one thread for all of them.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    sync::mpsc::{self, Receiver, Sender},
    thread::JoinHandle,
    time::Duration,
};

use cf_core::sync::{Mutex, lock};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

/// A line is passed on in pieces of this size when it has no end.
const MAX_LINE_BYTES: usize = 64 << 10;
/// More than a pipe ever holds, in reads of `READ_BYTES`.
const MAX_READS_AT_END: usize = 64;
const READ_BYTES: usize = 16 << 10;
/// What is kept of the errors that a worker printed, to look for last words.
const LAST_WORDS_BYTES: usize = 512;
/// The end of a worker waits for its output for so long.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// The thread that passes on what workers print; started with the first of them.
#[derive(Default)]
pub(crate) struct Output {
    thread: Mutex<Option<Running>>,
}

struct Running {
    orders: Sender<Order>,
    /// A byte has the thread look for orders.
    waker: UnixStream,
    handle: JoinHandle<()>,
}

enum Order {
    Add {
        worker: u64,
        printed: OwnedFd,
        errors: OwnedFd,
    },
    /// The worker has ended: pass on what is left, and tell its last words.
    End {
        worker: u64,
        last_words: Sender<String>,
    },
}

impl Output {
    /// Passes on what `worker` prints from now on.
    pub(crate) fn add(&self, worker: u64, printed: OwnedFd, errors: OwnedFd) -> io::Result<()> {
        for fd in [&printed, &errors] {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        let mut thread = lock(&self.thread);
        let running = match &mut *thread {
            Some(running) => running,
            none => none.insert(start()?),
        };
        running.order(Order::Add {
            worker,
            printed,
            errors,
        });
        Ok(())
    }

    /// Waits until everything that a worker, which has ended, had printed is passed on; gives the end of its errors.
    pub(crate) fn end(&self, worker: u64) -> String {
        let (sender, receiver) = mpsc::channel();
        if let Some(running) = &*lock(&self.thread) {
            running.order(Order::End {
                worker,
                last_words: sender,
            });
        }
        // Where our own output is held up, no result waits for it.
        receiver.recv_timeout(MAX_DELAY).unwrap_or_default()
    }

    /// Waits until the thread has ended; all workers have.
    pub(crate) fn join(&self) {
        let running = lock(&self.thread).take();
        if let Some(Running {
            orders,
            waker,
            handle,
        }) = running
        {
            drop((orders, waker));
            let _ = handle.join();
        }
    }
}

impl Running {
    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
        super::bell::ring(&self.waker);
    }
}

fn start() -> io::Result<Running> {
    let (waker, woken) = UnixStream::pair()?;
    woken.set_nonblocking(true)?;
    let (orders, receiver) = mpsc::channel();
    let handle = std::thread::Builder::new()
        .name("process-pool-output".to_owned())
        .spawn(move || run(&receiver, &woken))?;
    Ok(Running {
        orders,
        waker,
        handle,
    })
}

fn run(orders: &Receiver<Order>, woken: &UnixStream) {
    let mut workers: HashMap<u64, [Stream; 2]> = HashMap::new();
    loop {
        let is_over = take_bytes(woken);
        while let Ok(order) = orders.try_recv() {
            match order {
                Order::Add {
                    worker,
                    printed,
                    errors,
                } => {
                    let streams = [
                        Stream::new(printed, Target::Printed),
                        Stream::new(errors, Target::Errors),
                    ];
                    workers.insert(worker, streams);
                }
                Order::End { worker, last_words } => {
                    let streams = workers.remove(&worker);
                    let words = streams.map(|[printed, errors]| {
                        printed.end();
                        errors.end()
                    });
                    let _ = last_words.send(words.unwrap_or_default());
                }
            }
        }
        if is_over {
            return;
        }
        let mut streams: Vec<_> = workers.values_mut().flatten().collect();
        streams.retain(|stream| stream.is_open);
        let mut fds = vec![PollFd::new(woken, PollFlags::IN)];
        fds.extend(
            streams
                .iter()
                .map(|stream| PollFd::new(&stream.file, PollFlags::IN)),
        );
        if poll(&mut fds, None).is_err() {
            continue;
        }
        let ready: Vec<_> = fds
            .iter()
            .skip(1)
            .map(|fd| !fd.revents().is_empty())
            .collect();
        drop(fds);
        for (stream, is_ready) in streams.into_iter().zip(ready) {
            if is_ready {
                stream.pass_on();
            }
        }
    }
}

/// Takes the bytes that called; true if the caller is gone.
fn take_bytes(woken: &UnixStream) -> bool {
    let mut bytes = [0; 64];
    matches!((&*woken).read(&mut bytes), Ok(0))
}

#[derive(Clone, Copy)]
enum Target {
    Printed,
    Errors,
}

/// One pipe of a worker.
struct Stream {
    file: File,
    target: Target,
    is_open: bool,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    last_words: Vec<u8>,
}

impl Stream {
    fn new(fd: OwnedFd, target: Target) -> Self {
        Self {
            file: fd.into(),
            target,
            is_open: true,
            line: Vec::new(),
            last_words: Vec::new(),
        }
    }

    /// Reads once, and passes on the lines that are whole.
    fn pass_on(&mut self) {
        let mut bytes = [0; READ_BYTES];
        match self.file.read(&mut bytes) {
            Ok(0) => self.is_open = false,
            Ok(n) => self.line.extend_from_slice(&bytes[..n]),
            Err(error) => self.is_open = is_temporary(&error),
        }
        let is_too_long = self.line.len() >= MAX_LINE_BYTES;
        let end = self
            .line
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map(|at| at + 1);
        let end = if is_too_long {
            Some(self.line.len())
        } else {
            end
        };
        if let Some(end) = end {
            let lines: Vec<u8> = self.line.drain(..end).collect();
            self.write(&lines);
        }
    }

    /// Passes on all that is left, the last line with an end; gives the last words.
    fn end(mut self) -> String {
        // A process that the worker left behind may go on writing.
        for _ in 0..MAX_READS_AT_END {
            if !self.is_open || !self.has_more() {
                break;
            }
            self.pass_on();
        }
        if !self.line.is_empty() {
            let mut line = std::mem::take(&mut self.line);
            line.push(b'\n');
            self.write(&line);
        }
        String::from_utf8_lossy(&self.last_words).into_owned()
    }

    /// Whether something is there.
    fn has_more(&self) -> bool {
        let mut fds = [PollFd::from_borrowed_fd(self.file.as_fd(), PollFlags::IN)];
        let now = rustix::time::Timespec::default();
        matches!(poll(&mut fds, Some(&now)), Ok(n) if n > 0)
    }

    fn write(&mut self, lines: &[u8]) {
        // Whoever closed our own output does not want to hear of it.
        let _ = match self.target {
            Target::Printed => write(rustix::stdio::stdout(), lines),
            Target::Errors => write(rustix::stdio::stderr(), lines),
        };
        if let Target::Errors = self.target {
            self.last_words.extend_from_slice(lines);
            let excess = self.last_words.len().saturating_sub(LAST_WORDS_BYTES);
            self.last_words.drain(..excess);
        }
    }
}

/// Writes to the descriptor itself: the lock of `std::io::stdout()` may be held by who waits for us.
fn write(fd: BorrowedFd<'_>, mut lines: &[u8]) -> rustix::io::Result<()> {
    while !lines.is_empty() {
        match rustix::io::write(fd, lines) {
            Ok(n) => lines = &lines[n..],
            Err(Errno::INTR) => {}
            // A terminal may be set so.
            Err(Errno::AGAIN) => {
                poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
