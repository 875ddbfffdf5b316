//! The living workers, as a thread that waits for one of their results looks at them.

use std::sync::{Arc, Weak};

use cf_core::host::Lookout;

use super::{Pool, inside::Inside};
use crate::process::link::Link;

#[derive(Default)]
pub(super) struct Links {
    pub(super) pool: Weak<Pool>,
    pub(super) links: Vec<Arc<Link>>,
}

impl Lookout for Links {
    fn begin(&self) {
        self.links.iter().for_each(|link| link.looker_comes());
    }

    fn look(&self) {
        let _inside = Inside::enter();
        for link in &self.links {
            if !link.has_results() {
                continue;
            }
            let Some(pool) = self.pool.upgrade() else {
                return;
            };
            match link.pump(None, &pool.tallies) {
                Ok(0) => {}
                Ok(_) => pool.has_answered(link),
                Err(broken) => link.denounce(broken),
            }
        }
    }

    fn end(&self) {
        self.links.iter().for_each(|link| link.looker_goes());
    }
}
