//! What the command line says.

use std::{net::SocketAddr, path::PathBuf, thread};

use lexopt::{Arg, Error, Parser, ValueExt};

use crate::scheduler::Limits;

pub(crate) const HELP: &str = "\
A scheduler of data-intensive jobs behind a web front.

    --listen ADDRESS   where to listen (127.0.0.1:0: any free port)
    --root DIR         the directory that ?file=NAME is looked up in (.)
    --workers N        jobs that run at once (the number of processors)
    --queue N          jobs that may wait, more are answered 503 (64)
    --keep N           finished jobs that are remembered (200); each that compressed keeps a file open until it is
                       forgotten, so N must be well below the limit of open files (ulimit -n), beside the connections
    --max-body BYTES   the largest body (67108864)
    --bench            adds GET /bench/bridge and GET /bench/spawn_blocking, both with ?size=BYTES
    --help";

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) listen: SocketAddr,
    pub(crate) root: PathBuf,
    pub(crate) limits: Limits,
    /// Bytes.
    pub(crate) max_body: u64,
    pub(crate) has_bench: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            root: PathBuf::from("."),
            limits: Limits {
                n_workers: thread::available_parallelism().map_or(1, usize::from),
                n_queued: 64,
                n_kept: 200,
            },
            max_body: 64 << 20,
            has_bench: false,
        }
    }
}

impl Args {
    /// Reads the program's own; `None` if help was asked for.
    pub(crate) fn parse() -> Result<Option<Self>, Error> {
        let mut args = Self::default();
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("listen") => args.listen = parser.value()?.parse()?,
                Arg::Long("root") => args.root = parser.value()?.into(),
                Arg::Long("workers") => args.limits.n_workers = parser.value()?.parse()?,
                Arg::Long("queue") => args.limits.n_queued = parser.value()?.parse()?,
                Arg::Long("keep") => args.limits.n_kept = parser.value()?.parse()?,
                Arg::Long("max-body") => args.max_body = parser.value()?.parse()?,
                Arg::Long("bench") => args.has_bench = true,
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(args))
    }
}
