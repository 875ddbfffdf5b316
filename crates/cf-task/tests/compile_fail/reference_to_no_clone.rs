//! The call owns what a reference points to, so it must be possible to clone it.

use cf_task::task;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Ticket(u32);

#[task]
fn number(ticket: &Ticket) -> u32 {
    ticket.0
}

fn main() {
    assert_eq!(number(&Ticket(7)), 7);
}
