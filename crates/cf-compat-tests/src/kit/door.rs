//! A door at which calls wait until they are let in, whatever thread or process they run in: how a test orders what happens.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    process,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Far beyond what anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a call says at the door: its process and its name.
const N_HELLO_BYTES: usize = 12;

/// Calls that [`knock`] wait here, each until its [`Guest`] is dropped or told to go on; dropping the door lets all in.
///
/// # Examples
/// ```
/// use cf_compat_tests::kit::{Door, tasks};
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(1)?;
/// let door = Door::new();
/// let future = pool.submit(tasks::visit::task(door.address(), 7));
/// let guest = door.guest();
/// assert!(guest.name == 7 && future.running());
/// drop(guest);
/// assert_eq!(future.result().unwrap(), 7);
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Door {
    address: String,
    hall: Arc<Hall>,
    porter: Option<JoinHandle<()>>,
}

/// A call that waits at a door; dropping it lets it in.
#[derive(Debug)]
pub struct Guest {
    /// The process in which the call runs.
    pub pid: u32,
    /// What it told of itself.
    pub name: u64,
    stream: TcpStream,
}

#[derive(Debug, Default)]
struct Hall {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Guest>,
    /// Process and name of all who have come.
    seen: Vec<(u32, u64)>,
    is_open: bool,
    is_closed: bool,
}

impl Hall {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `get` gives something, but not longer than this.
    fn wait<R>(&self, time: Duration, mut get: impl FnMut(&mut State) -> Option<R>) -> Option<R> {
        let deadline = Instant::now() + time;
        let mut state = self.lock();
        loop {
            if let Some(got) = get(&mut state) {
                return Some(got);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            let woken = self.changed.wait_timeout(state, left);
            (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn receive(&self, guest: Guest) {
        let mut state = self.lock();
        state.seen.push((guest.pid, guest.name));
        if !state.is_open {
            state.waiting.push_back(guest);
        }
        self.changed.notify_all();
    }
}

impl Door {
    /// Makes a door that is shut.
    ///
    /// # Panics
    /// If the system gives no socket.
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket to listen at");
        let address = listener.local_addr().expect("the address of a socket");
        let hall = Arc::new(Hall::default());
        let its_hall = Arc::clone(&hall);
        let porter = thread::spawn(move || {
            for stream in listener.incoming() {
                if its_hall.lock().is_closed {
                    break;
                }
                if let Ok(guest) = stream.and_then(greet) {
                    its_hall.receive(guest);
                }
            }
        });
        Self {
            address: address.to_string(),
            hall,
            porter: Some(porter),
        }
    }

    /// Gives where calls find it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the next call to come.
    ///
    /// # Panics
    /// If none comes within a minute.
    pub fn guest(&self) -> Guest {
        self.guest_within(PATIENCE)
            .expect("nobody came to the door")
    }

    /// Waits for so many calls.
    ///
    /// # Panics
    /// If one does not come within a minute.
    pub fn guests(&self, n_guests: usize) -> Vec<Guest> {
        (0..n_guests).map(|_| self.guest()).collect()
    }

    /// Waits for the next call, but not longer than this.
    pub fn guest_within(&self, time: Duration) -> Option<Guest> {
        self.hall.wait(time, |state| state.waiting.pop_front())
    }

    /// Lets all in who wait, and from now on everyone at once.
    pub fn open(&self) {
        let mut state = self.hall.lock();
        state.is_open = true;
        state.waiting.clear();
    }

    /// Gives the names of all who have come, in the order in which they came.
    pub fn names(&self) -> Vec<u64> {
        let state = self.hall.lock();
        state.seen.iter().map(|(_, name)| *name).collect()
    }

    /// Gives the processes of all who have come, in the order in which they came.
    pub fn pids(&self) -> Vec<u32> {
        let state = self.hall.lock();
        state.seen.iter().map(|(pid, _)| *pid).collect()
    }

    /// Waits until so many have come, but not longer than this; true if they have.
    pub fn has_seen(&self, n_guests: usize, time: Duration) -> bool {
        let all = |state: &mut State| (state.seen.len() >= n_guests).then_some(());
        self.hall.wait(time, all).is_some()
    }
}

impl Default for Door {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.hall.lock().is_closed = true;
        // The porter sleeps until somebody comes.
        let woken = TcpStream::connect(&self.address).is_ok();
        if let Some(porter) = self.porter.take().filter(|_| woken) {
            let _ = porter.join();
        }
        self.open();
    }
}

fn greet(mut stream: TcpStream) -> io::Result<Guest> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut hello = [0; N_HELLO_BYTES];
    stream.read_exact(&mut hello)?;
    let (pid, name) = hello.split_at(4);
    Ok(Guest {
        pid: pid.try_into().map_or(0, u32::from_le_bytes),
        name: name.try_into().map_or(0, u64::from_le_bytes),
        stream,
    })
}

impl Guest {
    /// Lets it in with a word.
    pub fn tell(mut self, word: u8) {
        let _ = self.stream.write_all(&[word]);
    }

    /// Waits until its process has ended, without letting it in; false if that takes more than a minute.
    pub fn sees_its_end(mut self) -> bool {
        // Its end of the stream is closed by its end, however that came.
        match self.stream.read(&mut [0]) {
            Ok(n_bytes) => n_bytes == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// In a call: waits at the door and gives the word with which it is let in; 0 if there is none.
pub fn knock(address: &str, name: u64) -> u8 {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return 0;
    };
    let mut hello = [0; N_HELLO_BYTES];
    hello[..4].copy_from_slice(&process::id().to_le_bytes());
    hello[4..].copy_from_slice(&name.to_le_bytes());
    let mut word = [0];
    if stream.set_nodelay(true).is_ok() && stream.write_all(&hello).is_ok() {
        let _ = stream.read(&mut word);
    }
    word[0]
}
