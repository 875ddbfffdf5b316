//! Raw peers: what two processes can do without any pool. The other one is this executable again, told so by a variable.

use std::{
    env,
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::{net::UnixStream, process::parent_id},
    },
    process::{self, Child, Command, Stdio, exit},
    time::{Duration, Instant},
};

use crate::sys::{self, Exchange};

pub(crate) const PING_PONG: &str = "shared memory, spin then futex";
pub(crate) const PING_PONG_APART: &str = "shared memory, spin then futex, a core each";
pub(crate) const SOCKET: &str = "socketpair";
pub(crate) const START: &str = "fork + exec of this binary, until its main";

const VARIABLE: &str = "CF_BENCH_PEER";
const PARENT: &str = "CF_BENCH_PARENT";
const ANSWER: &str = "answer";
const ANSWER_FROM_LAST_CORE: &str = "answer from the last core";
const ECHO: &str = "echo ";
const HELLO: &str = "hello";

/// If this process is a peer, is one and does not return.
pub(crate) fn init() {
    let Ok(work) = env::var(VARIABLE) else { return };
    match work_off(&work) {
        Ok(()) => exit(0),
        Err(error) => {
            eprintln!("the peer for `{work}`: {error}");
            exit(1)
        }
    }
}

fn work_off(work: &str) -> io::Result<()> {
    sys::end_with_parent()?;
    if env::var(PARENT).ok() != Some(parent_id().to_string()) {
        // It ended before it could take this process with it.
        return Ok(());
    }
    match work {
        ANSWER => answer(),
        ANSWER_FROM_LAST_CORE => sys::pin_to_last_core().and_then(|()| answer()),
        HELLO => io::stdout().write_all(b"\n"),
        work => echo(work.strip_prefix(ECHO)),
    }
}

fn answer() -> io::Result<()> {
    Exchange::open(&stdin()?).map(|exchange| exchange.answer_all())
}

fn echo(n_bytes: Option<&str>) -> io::Result<()> {
    let n_bytes = n_bytes.and_then(|n| n.parse().ok());
    let mut bytes = vec![0; n_bytes.ok_or(io::ErrorKind::InvalidInput)?];
    let mut socket = UnixStream::from(stdin()?);
    loop {
        match socket.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        socket.write_all(&bytes)?;
    }
}

fn stdin() -> io::Result<OwnedFd> {
    io::stdin().as_fd().try_clone_to_owned()
}

fn peer(work: &str, stdin: Stdio, stdout: Stdio) -> io::Result<Child> {
    Command::new(env::current_exe()?)
        .env(VARIABLE, work)
        .env(PARENT, process::id().to_string())
        .stdin(stdin)
        .stdout(stdout)
        .spawn()
}

/// Passes numbers by shared memory.
pub(crate) struct PingPong {
    exchange: Exchange,
    peer: Child,
}

impl PingPong {
    /// Wherever the system places both.
    pub(crate) fn start() -> io::Result<Self> {
        Self::with(ANSWER)
    }

    /// The calling thread on a core of its own, and the peer on another.
    pub(crate) fn start_apart() -> io::Result<Self> {
        let started = Self::with(ANSWER_FROM_LAST_CORE)?;
        sys::pin_to_first_core()?;
        Ok(started)
    }

    fn with(work: &str) -> io::Result<Self> {
        let (exchange, fd) = Exchange::create()?;
        let peer = peer(work, fd.into(), Stdio::null())?;
        Ok(Self { exchange, peer })
    }

    /// Passes a number, which is neither 0 nor `u32::MAX` nor the last one, there and back.
    pub(crate) fn ask(&self, n: u32) -> u32 {
        self.exchange.ask(n)
    }
}

impl Drop for PingPong {
    fn drop(&mut self) {
        self.exchange.hang_up();
        let _ = self.peer.wait();
    }
}

/// Passes bytes by a socket pair, so many at a time.
pub(crate) struct SocketEcho {
    socket: Option<UnixStream>,
    peer: Child,
}

impl SocketEcho {
    pub(crate) fn start(n_bytes: usize) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let work = format!("{ECHO}{n_bytes}");
        let peer = peer(&work, OwnedFd::from(theirs).into(), Stdio::null())?;
        Ok(Self {
            socket: Some(socket),
            peer,
        })
    }

    /// There and back; as many bytes as was said at the start, into the same buffer.
    pub(crate) fn echo(&self, bytes: &mut [u8]) -> io::Result<()> {
        let mut socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        socket.write_all(bytes)?;
        socket.read_exact(bytes)
    }
}

impl Drop for SocketEcho {
    fn drop(&mut self) {
        // The peer ends with its input.
        self.socket.take();
        let _ = self.peer.wait();
    }
}

/// How long it takes until this executable, started once more, says its first word.
pub(crate) fn start() -> io::Result<Duration> {
    let started = Instant::now();
    let mut peer = peer(HELLO, Stdio::null(), Stdio::piped())?;
    let mut word = [0];
    let said = match &mut peer.stdout {
        Some(stdout) => stdout.read_exact(&mut word),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    };
    let elapsed = started.elapsed();
    peer.wait()?;
    said.map(|()| elapsed)
}
