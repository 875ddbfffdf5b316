//! The worker process: takes calls from the ring, makes them, and writes what came of them.

mod control;

use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    os::{
        fd::{AsFd, AsRawFd},
        unix::net::UnixStream,
    },
    process::exit,
    sync::{
        Arc,
        atomic::{Ordering, fence},
    },
    time::{Duration, Instant},
};

use cf_core::{Error, spin};
use cf_task::{CodecError, Failure, Incoming, Message, registry};
use rustix::{
    event::{PollFd, PollFlags, poll},
    time::Timespec,
};

use self::control::Current;
use crate::process::{
    bell::{IDLE, ring, tell},
    channel::{self, Encoded, ToParent, ToWorker, VERSION, Welcome},
    clock::monotonic,
    events::Forwarder,
    frame::{Broken, Draft, Header, Kind, Received},
    job::MAX_HEAD_BYTES,
    ring::{Direction, Patience, Reader, Ring, Writer, linger},
    spawn::VARIABLE,
    sys::{memory::Mapping, start},
};

/// The parent is gone, or speaks another language.
const EXIT_LOST: i32 = 70;
/// The memory of large messages is kept for the next ones for so long.
const KEEP_MEMORY: Duration = Duration::from_secs(1);
/// Less than this is not worth giving back.
const LARGE_BYTES: u64 = 256 << 10;

/// The life of a worker; `parent` is the process that started it.
pub(crate) fn run(parent: &OsStr) -> ! {
    let Ok(control) = prepare(parent) else {
        exit(EXIT_LOST)
    };
    let Ok((welcome, mapping, bell)) = greet(&control) else {
        exit(EXIT_LOST)
    };
    let current = Arc::new(Current::default());
    let ring = |direction| Ring::new(Arc::clone(&mapping), direction, welcome.ring_bytes);
    let mut worker = Worker {
        requests: Reader::new(ring(Direction::Requests)),
        results: Writer::new(ring(Direction::Results)),
        bell: Bell(bell),
        mapping: Arc::clone(&mapping),
        received: Received::default(),
        reply: Message::default(),
        scratch: Vec::new(),
        n_passed: 0,
        current: Arc::clone(&current),
    };
    let ready = initialise(&welcome, &control).and_then(|()| {
        control::listen(control.try_clone().ok()?, current).ok()?;
        Some(())
    });
    if ready.is_none() || channel::send(&control, &ToParent::Ready).is_err() {
        exit(EXIT_LOST);
    }
    drop(welcome);
    match worker.work() {
        Ok(()) => exit(0),
        Err(broken) => {
            eprintln!("worker process {}: {broken}", std::process::id());
            exit(EXIT_LOST)
        }
    }
}

/// Makes this process a good worker before anything else happens in it.
fn prepare(parent: &OsStr) -> std::io::Result<UnixStream> {
    start::forget_variable(VARIABLE);
    let stdin = std::io::stdin();
    let control = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(stdin.as_fd(), 3)?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    start::close_inherited(control.as_raw_fd());
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};

        set_parent_process_death_signal(Some(Signal::KILL))?;
        // Should the parent have died before that, there is another one by now.
        let now = getppid().map(|pid| pid.as_raw_nonzero().to_string());
        if now.as_deref().map(OsStr::new) != Some(parent) {
            return Err(std::io::Error::other("the parent is gone"));
        }
    }
    let _ = parent;
    Ok(control)
}

fn greet(control: &UnixStream) -> std::io::Result<(Welcome, Arc<Mapping>, UnixStream)> {
    channel::send(control, &ToParent::Hello { version: VERSION })?;
    let (message, [memory, bell]) = channel::receive_with(control)?;
    let ToWorker::Welcome(welcome) = message else {
        return Err(std::io::Error::other("no welcome"));
    };
    match Mapping::open(memory, welcome.ring_bytes) {
        Ok(mapping) => Ok((welcome, Arc::new(mapping), UnixStream::from(bell))),
        Err(error) => {
            let text = format!("a worker process cannot share memory: {error}");
            channel::send(control, &ToParent::Unable(text))?;
            Err(error)
        }
    }
}

/// Does what the pool's settings ask for; `None` if the worker is of no use then, and the parent knows why.
fn initialise(welcome: &Welcome, control: &UnixStream) -> Option<()> {
    if let Some(level) = welcome.forward_level {
        Forwarder::install(level, control.try_clone().ok()?);
    }
    if let Some(limit) = welcome.memory_limit {
        use rustix::process::{Resource, Rlimit, setrlimit};

        let rlimit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        if let Err(error) = setrlimit(Resource::Data, rlimit) {
            let text = format!("the memory of a worker process cannot be limited: {error}");
            let _ = channel::send(control, &ToParent::Unable(text));
            return None;
        }
    }
    if let Some(Encoded { key, head, buffers }) = &welcome.initializer {
        let buffers = buffers
            .iter()
            .map(|buffer| buffer.as_slice().into())
            .collect();
        let mut incoming = Incoming::new(head, buffers);
        if let Err(failure) = call(*key, &mut incoming, &mut Message::default()) {
            let _ = channel::send(control, &ToParent::InitializerFailed(failure));
            return None;
        }
    }
    Some(())
}

/// Finds the task and makes the call.
fn call(key: u64, incoming: &mut Incoming<'_>, reply: &mut Message) -> Result<(), Failure> {
    match registry::find(key) {
        Ok(Some(task)) => task.run(incoming, reply),
        Ok(None) => Err(Failure::Unknown),
        Err(error) => Err(Error::from_box(Box::new(error)).into()),
    }
}

/// A value's head has the same limit as the arguments'.
fn check_length(reply: &Message) -> Result<(), Failure> {
    if reply.head.len() <= MAX_HEAD_BYTES {
        return Ok(());
    }
    Err(Failure::Codec(CodecError::too_long().to_string()))
}

struct Worker {
    requests: Reader,
    results: Writer,
    bell: Bell,
    mapping: Arc<Mapping>,
    received: Received,
    reply: Message,
    scratch: Vec<u8>,
    /// How many bytes had passed through the rings when their memory was given back.
    n_passed: u64,
    current: Arc<Current>,
}

impl Worker {
    /// Until the parent has no more work.
    fn work(&mut self) -> Result<(), Broken> {
        while self.wait_for_work()? {
            let head = self.skip_recalled();
            let next = self.look_at_frame();
            // What was looked at was there before this look at whether it counts.
            fence(Ordering::Acquire);
            if self.requests.ring().positions().head() != head {
                // It was recalled, and what we saw there may be anything.
                continue;
            }
            let Some(header) = next? else { continue };
            let begin = head + Header::BYTES as u64;
            let end = begin.saturating_add(header.n_bytes);
            if self.requests.ring().positions().claim(head, end) {
                self.requests.skip_to(begin);
                self.run_frame(header)?;
            }
        }
        Ok(())
    }

    /// Goes on behind what was recalled, and lets it be overwritten.
    fn skip_recalled(&mut self) -> u64 {
        let head = self.requests.ring().positions().head();
        if head != self.requests.position() {
            self.requests.skip_to(head);
            if self.requests.free() {
                self.bell.call();
            }
        }
        head
    }

    /// Looks at the next frame, if there is one.
    fn look_at_frame(&self) -> Result<Option<Header>, Broken> {
        if self.requests.available()? < Header::BYTES {
            return Ok(None);
        }
        let mut bytes = [0; Header::BYTES];
        self.requests.look(&mut bytes);
        Header::from_bytes(&bytes).map(Some)
    }

    /// Looks around for a moment and then sleeps, until something was sent or recalled; false if the parent has said that there
    /// is no more.
    fn wait_for_work(&mut self) -> Result<bool, Broken> {
        let requests = self.requests.ring().clone();
        let results = self.results.ring().clone();
        let (requests, results) = (requests.positions(), results.positions());
        let position = self.requests.position();
        let has_work = || requests.tail() != position;
        loop {
            if has_work() {
                return Ok(true);
            }
            // The parent may be about to look for the answer itself, and then it need not be called.
            spin::look(|| has_work() || results.has_lookers());
            if results.needs_call_of_reader()
                && results.tail() != results.freed()
                && results.takes_call_of_reader()
            {
                self.bell.call();
            }
            if spin::look(has_work) {
                return Ok(true);
            }
            requests.reader_lies_down();
            if has_work() {
                requests.reader_is_up();
                return Ok(true);
            }
            let is_called = spin::learn_from(|| {
                self.keep_no_memory(requests.head().wrapping_add(results.tail()));
                self.bell.sleep()
            });
            requests.reader_is_up();
            if !is_called {
                return Ok(has_work());
            }
        }
    }

    /// When there is nothing to do for a while, gives back the memory of large messages; the parent does so with the rings'.
    fn keep_no_memory(&mut self, n_passed: u64) {
        let has_passed = n_passed.abs_diff(self.n_passed) > LARGE_BYTES;
        if (has_passed || self.received.has_spares()) && !self.bell.sleep_for(KEEP_MEMORY) {
            self.received.forget_spares();
            self.n_passed = n_passed;
            tell(&self.bell.0, IDLE);
        }
    }

    /// Makes the calls of a frame, which was claimed.
    fn run_frame(&mut self, header: Header) -> Result<(), Broken> {
        let is_timed = header.kind == Kind::RunTimed;
        if !is_timed && header.kind != Kind::Run {
            return Err(Broken("the parent answers what was not asked"));
        }
        let mut left = header.n_bytes;
        // A frame that does not fit into the ring is read in full before the first call, because the parent may not read
        // answers while it is writing.
        let mut ahead = Vec::new();
        if left > self.requests.ring().capacity() as u64 / 2 {
            for _ in 0..header.n_messages {
                let mut received = Received::default();
                self.read(&mut received, &mut left)?;
                ahead.push(received);
            }
        }
        let mut ahead = ahead.into_iter();
        for index in 0..header.n_messages {
            let mut received = match ahead.next() {
                Some(received) => received,
                None => {
                    let mut received = std::mem::take(&mut self.received);
                    self.read(&mut received, &mut left)?;
                    received
                }
            };
            if is_timed {
                let progress = &self.mapping.words().progress;
                progress.begin(header.id, index, monotonic());
            }
            let is_last = index + 1 == header.n_messages;
            self.run_call(header.id, &mut received, is_last)?;
            self.received = received;
        }
        if left == 0 {
            Ok(())
        } else {
            Err(Broken("a frame is longer than its messages"))
        }
    }

    fn read(&mut self, received: &mut Received, left: &mut u64) -> Result<(), Broken> {
        received.read(&mut self.requests.source(&mut self.bell), left)?;
        if self.requests.free() {
            self.bell.call();
        }
        Ok(())
    }

    /// Makes one call and writes its answer.
    fn run_call(&mut self, id: u64, received: &mut Received, is_last: bool) -> Result<(), Broken> {
        let start = Instant::now();
        let mut reply = std::mem::take(&mut self.reply);
        reply.head.clear();
        reply.buffers.clear();
        let key = received.tag;
        let outcome = self.current.run(id, || {
            let mut incoming = received.incoming();
            Ok(call(key, &mut incoming, &mut reply))
        });
        let outcome = outcome
            .unwrap_or_else(|error| Err(error.into()))
            .and_then(|()| check_length(&reply));
        let run_time = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let kind = match outcome {
            Ok(()) => Kind::Value,
            Err(failure) => {
                reply.buffers.clear();
                reply.head = postcard::to_allocvec(&failure).unwrap_or_default();
                Kind::Failure
            }
        };
        self.answer(kind, id, run_time, &reply, is_last)?;
        for buffer in reply.buffers.drain(..) {
            received.offer(buffer);
        }
        self.reply = reply;
        Ok(())
    }

    fn answer(
        &mut self,
        kind: Kind,
        id: u64,
        run_time: u64,
        reply: &Message,
        is_last: bool,
    ) -> Result<(), Broken> {
        let mut draft = Draft::new(std::mem::take(&mut self.scratch));
        let added: Result<(), std::convert::Infallible> = draft.add(run_time, |bytes| {
            bytes.extend_from_slice(&reply.head);
            Ok(reply.buffers.iter().map(Vec::as_slice).collect())
        });
        let Ok(()) = added;
        draft.finish(kind, id);
        let is_large = !self.results.has_room(draft.n_bytes())?;
        for part in draft.parts() {
            self.results.stream(part, &mut self.bell)?;
        }
        self.scratch = draft.into_bytes();
        let requests = self.requests.ring().positions();
        let has_more = !is_last || requests.tail() != requests.head();
        // With nothing else to do, the worker first sees whether the parent comes by itself.
        self.results.publish_silently();
        if (has_more || is_large) && self.results.ring().positions().takes_call_of_reader() {
            self.bell.call();
        }
        Ok(())
    }
}

/// The worker's end of the bell.
struct Bell(UnixStream);

impl Bell {
    /// Sleeps until there is something to be heard, for as long at most; true if there is.
    fn sleep_for(&self, limit: Duration) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        let limit = Timespec::try_from(limit).ok();
        !matches!(poll(&mut fds, limit.as_ref()), Ok(0))
    }

    /// Sleeps until it rings; false if it never will again.
    fn sleep(&mut self) -> bool {
        let mut bytes = [0; 64];
        loop {
            match self.0.read(&mut bytes) {
                Ok(0) => return false,
                Ok(_) => return true,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}

impl Patience for Bell {
    fn call(&mut self) {
        ring(&self.0);
    }

    fn wait(&mut self, ring: &Ring, is_ready: &mut dyn FnMut() -> bool) -> Result<(), Broken> {
        if linger(is_ready) {
            return Ok(());
        }
        let positions = ring.positions();
        loop {
            match ring.direction() {
                Direction::Requests => positions.reader_lies_down(),
                Direction::Results => positions.writer_lies_down(),
            }
            let is_awake = is_ready() || self.sleep();
            match ring.direction() {
                Direction::Requests => positions.reader_is_up(),
                Direction::Results => positions.writer_is_up(),
            }
            if is_ready() {
                return Ok(());
            }
            if !is_awake {
                return Err(Broken("the parent is gone"));
            }
        }
    }
}
