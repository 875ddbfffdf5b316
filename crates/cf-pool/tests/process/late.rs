//! A value that takes its time to be decoded, until the test lets it go on.

use std::sync::{Mutex, PoisonError, mpsc};

use cf_pool::task;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{door::knock, gate::LONG};

/// What [`come_late`] gives.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Late(pub(crate) u32);

/// The next one that is decoded is held up until this is dropped; for one test at a time.
pub(crate) struct Hold {
    has_come: mpsc::Receiver<()>,
    _leave: mpsc::Sender<()>,
}

static HELD: Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>> = Mutex::new(None);

impl Hold {
    pub(crate) fn new() -> Self {
        let (come, has_come) = mpsc::channel();
        let (leave, left) = mpsc::channel();
        *HELD.lock().unwrap() = Some((come, left));
        Self {
            has_come,
            _leave: leave,
        }
    }

    /// Waits until one is held up.
    pub(crate) fn wait_for_one(&self) {
        self.has_come.recv_timeout(LONG).unwrap();
    }
}

impl<'de> Deserialize<'de> for Late {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let late = u32::deserialize(deserializer)?;
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((come, left)) = held {
            let _ = come.send(());
            // Its other end is dropped.
            let _ = left.recv_timeout(LONG);
        }
        Ok(Self(late))
    }
}

/// Waits at a door.
#[task]
pub(crate) fn come_late(address: &str) -> Late {
    knock(address, 0);
    Late(7)
}
