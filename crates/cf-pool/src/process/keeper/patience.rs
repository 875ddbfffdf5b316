//! In the middle of a large message: waits for the worker, and watches its end and its time meanwhile.

use std::{sync::Arc, time::Instant};

use super::Keeper;
use crate::process::{
    frame::Broken,
    ring::{Direction, Patience, Ring, linger},
};

impl Patience for Keeper<'_> {
    fn call(&mut self) {
        self.process.link.ring();
    }

    fn wait(&mut self, ring: &Ring, is_ready: &mut dyn FnMut() -> bool) -> Result<(), Broken> {
        let link = Arc::clone(&self.process.link);
        // Of the results it is the reader, as always; of the requests the writer.
        let is_writer = ring.direction() == Direction::Requests;
        while !linger(is_ready) {
            if self.is_gone || self.pool.is_killing() {
                return Err(Broken("the worker is gone"));
            }
            let deadline = self.watch_front(true);
            link.keeper_lies_down();
            if is_writer {
                ring.positions().writer_lies_down();
            }
            if !is_ready() && !link.takes_news() {
                self.poll(deadline);
            }
            if is_writer {
                ring.positions().writer_is_up();
            }
            link.keeper_is_up();
        }
        if is_writer {
            // It reads, so it is not late in beginning.
            link.with_front(|front, _| front.since = Instant::now());
        }
        Ok(())
    }
}
