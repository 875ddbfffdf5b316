//! What the command line says.

use std::{num::NonZeroUsize, path::PathBuf, thread, time::Duration};

use lexopt::{Arg, Error, Parser, ValueExt};

pub(crate) const HELP: &str = "\
Decodes every PNG and JPEG file of a directory in worker processes.

    crash_isolated_images [DIR]   without DIR: a directory of made-up images, some of them bad, one of them deadly
    --workers N                   processes (as many as there are processors)
    --limit SECONDS               what one image may take (10)
    --help";

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) dir: Option<PathBuf>,
    pub(crate) n_workers: usize,
    pub(crate) limit: Duration,
}

impl Args {
    /// Reads the program's own; `None` if help was asked for.
    pub(crate) fn parse() -> Result<Option<Self>, Error> {
        let mut args = Self {
            dir: None,
            n_workers: thread::available_parallelism().map_or(1, usize::from),
            limit: Duration::from_secs(10),
        };
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("workers") => {
                    args.n_workers = parser.value()?.parse::<NonZeroUsize>()?.get();
                }
                Arg::Long("limit") => {
                    let seconds: f64 = parser.value()?.parse()?;
                    args.limit = Duration::try_from_secs_f64(seconds)
                        .map_err(|error| Error::from(format!("--limit: {error}")))?;
                }
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Value(dir) if args.dir.is_none() => args.dir = Some(dir.into()),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(args))
    }
}
