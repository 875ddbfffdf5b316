//! A client that tries every endpoint and every refusal, and that stops the server at the end.

use std::{
    fmt::Debug,
    io::{self, Read},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use aio_bridge::AioPromise;
use cf_core::{BoxError, Error};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::{
    client::{Pipelined, Reply, exchange, request},
    gate::{Torn, announced, gate},
    jobs::Kind,
    scheduler::{JobId, Scheduler},
};

pub(crate) const N_QUEUED: usize = 2;
pub(crate) const N_KEPT: usize = 4;
/// Bytes.
pub(crate) const MAX_BODY: usize = 256 * 1024;
pub(crate) const POEM: &str = "the quick brown fox\njumps over\nthe lazy dog\n";
pub(crate) const WAY_OUT: &str = "way_out";
/// Requests for the result of one running job.
const N_POLLS: usize = 100;
/// How long the server may take to do what it is about to do.
const PATIENCE: Duration = Duration::from_secs(30);

type Outcome = Result<(), BoxError>;

pub(crate) struct Visitor {
    pub(crate) address: SocketAddr,
    /// For jobs whose input is not a body, so that they last as long as wanted.
    pub(crate) scheduler: Arc<Scheduler>,
    /// A file outside the root.
    pub(crate) secret: PathBuf,
    /// The server's.
    pub(crate) runtime: Handle,
}

impl Visitor {
    /// Visits everything; `stop` is fulfilled while jobs are left to be finished.
    pub(crate) fn visit(&self, stop: AioPromise<()>) -> Outcome {
        let parts = [
            Self::do_jobs,
            Self::name_files,
            Self::send_too_much,
            Self::fail,
            Self::fill_and_cancel,
            Self::measure,
        ];
        let outcome = parts
            .into_iter()
            .try_for_each(|part| part(self))
            .and_then(|()| self.stop(stop));
        for left in self.scheduler.unfinished() {
            left.request_cancel();
        }
        outcome
    }

    fn do_jobs(&self) -> Outcome {
        let accepted = self.post("/jobs/hash", b"abc")?;
        expect_status("a job is accepted", &accepted, 202)?;
        expect(
            "it has a place",
            accepted.header("location"),
            Some("/jobs/1"),
        )?;
        let links = json!({ "id": 1, "status": "/jobs/1", "result": "/jobs/1/result" });
        expect("and links", accepted.json()?, links)?;
        self.expect_result("its digest", 1, &sha256_of_abc())?;
        expect_status("without a wait", &self.get("/jobs/1/result")?, 200)?;
        self.expect_state("its state", 1, "done")?;
        expect("its progress", self.status(1)?["bytes"].as_u64(), Some(3))?;

        let id = self.accepted("/jobs/words", POEM.as_bytes())?;
        let count = json!({ "lines": 3, "words": 9, "bytes": POEM.len() });
        self.expect_result("the words of a body", id, &count)?;
        let id = self.accepted("/jobs/words?file=deep/poem.txt", b"")?;
        self.expect_result("the words of a file in the root", id, &count)?;

        let long = POEM.repeat(MAX_BODY / POEM.len());
        let id = self.accepted("/jobs/compress", long.as_bytes())?;
        let packed = self.result(id)?;
        let mut unpacked = String::new();
        GzDecoder::new(&*packed.body).read_to_string(&mut unpacked)?;
        expect(
            "compressed and unpacked, it is what it was",
            unpacked == long,
            true,
        )?;
        expect_status("no such kind", &self.post("/jobs/dance", b"")?, 404)?;
        expect_status("no such job", &self.get("/jobs/99")?, 404)?;
        expect_status("no such wait", &self.get("/jobs/1/result?wait=long")?, 400)
    }

    fn name_files(&self) -> Outcome {
        let secret = self.secret.display().to_string().replace('\\', "/");
        let ways_out = [
            "../secret",
            "%2e%2e%2fsecret",
            "deep/../../secret",
            &secret,
            WAY_OUT,
        ];
        for name in ways_out {
            let answer = self.post(&format!("/jobs/hash?file={name}"), b"")?;
            expect_status(&format!("file={name}"), &answer, 403)?;
        }
        let answer = self.post("/jobs/hash?file=deep", b"")?;
        expect_status("a directory", &answer, 403)?;
        let answer = self.post("/jobs/hash?file=missing.txt", b"")?;
        expect_status("a file that does not exist", &answer, 404)
    }

    fn send_too_much(&self) -> Outcome {
        let declared = format!("content-length: {}", MAX_BODY + 1);
        let answer = exchange(self.address, "POST", "/jobs/hash", &declared, b"")?;
        expect_status("a body that says it is too large", &answer, 413)?;
        let mut chunk = format!("{:x}\r\n", MAX_BODY + 1).into_bytes();
        chunk.resize(chunk.len() + MAX_BODY + 1, 0);
        let chunked = "transfer-encoding: chunked";
        let answer = exchange(self.address, "POST", "/jobs/hash", chunked, &chunk)?;
        expect_status("a body that is too large", &answer, 413)
    }

    fn fail(&self) -> Outcome {
        let id = self.scheduler.submit(Kind::Hash, Torn)?;
        expect_status("a job that fails", &self.result(id)?, 500)?;
        let error = &self.status(id)?["error"];
        expect("its error", error.as_str(), Some("the tape is torn"))
    }

    fn fill_and_cancel(&self) -> Outcome {
        let (endless, began) = announced(io::repeat(0));
        let running = self.scheduler.submit(Kind::Hash, endless)?;
        began.recv()?;
        self.poll(running)?;
        self.expect_state("a job without an end", running, "running")?;

        let queued = self.accepted("/jobs/hash", b"never")?;
        let next = self.accepted("/jobs/hash", b"abc")?;
        self.expect_state("a job that waits", queued, "queued")?;
        let refused = self.post("/jobs/hash", b"abc")?;
        expect_status("the queue is full", &refused, 503)?;
        expect(
            "when to come again",
            refused.header("retry-after"),
            Some("1"),
        )?;

        expect_status("a waiting job is cancelled", &self.delete(queued)?, 200)?;
        // 200 if it has stopped before the answer is written.
        let asked = self.delete(running)?.status;
        expect(
            "a running one is asked to stop",
            matches!(asked, 200 | 202),
            true,
        )?;
        let stopped = self.scheduler.result(running);
        expect(
            "and does",
            matches!(stopped, Some(Err(Error::Cancelled))),
            true,
        )?;
        expect_status("it has no result", &self.result(running)?, 410)?;
        self.expect_result("the next one runs", next, &sha256_of_abc())?;
        expect_status("it has ended", &self.delete(next)?, 409)?;
        expect_status("the first job is forgotten", &self.get("/jobs/1")?, 404)
    }

    /// Asks for the result of a job that goes on running.
    fn poll(&self, running: JobId) -> Outcome {
        let path = format!("/jobs/{running}/result");
        expect_status("no result yet", &self.get(&path)?, 202)?;
        let late = self.get(&format!("{path}?wait=1"))?;
        expect_status("nor a second later", &late, 202)?;
        let tasks = self.runtime.metrics();
        let n_before = tasks.num_alive_tasks();
        let polls = (0..N_POLLS).map(|_| Ok(self.get(&path)?.status));
        let answers: Vec<u16> = polls.collect::<Result<_, BoxError>>()?;
        let is_pending = answers.iter().all(|status| *status == 202);
        expect("nor however often one asks", is_pending, true)?;
        // The connections end a moment after their answers.
        until("who asked leaves no task behind", || {
            Ok(tasks.num_alive_tasks() <= n_before)
        })
    }

    fn measure(&self) -> Outcome {
        let mut stats = Value::Null;
        // A job is counted a moment after its result is there.
        until("all jobs are counted", || {
            stats = self.get("/stats")?.json()?;
            Ok(stats["running"] == 0)
        })?;
        let ended = ["completed", "failed", "cancelled"].map(|name| stats[name].as_u64());
        expect("how they ended", ended, [5, 1, 2].map(Some))?;
        let bridge = self.get("/bench/bridge?size=64")?;
        let tokio = self.get("/bench/spawn_blocking?size=64")?;
        expect_status("a hash over the bridge", &bridge, 200)?;
        expect("and over tokio's threads", tokio.body == bridge.body, true)
    }

    fn stop(&self, stop: AioPromise<()>) -> Outcome {
        let (gate, opener) = gate();
        let (input, began) = announced(gate);
        self.scheduler.submit(Kind::Hash, input)?;
        began.recv()?;
        let queued = self.accepted("/jobs/hash", b"abc")?;
        let waiting = Pipelined::begin(self.address, &result_of(queued))?;

        stop.set_result(())?;
        until("nobody listens any more", || {
            Ok(TcpStream::connect(self.address).is_err())
        })?;
        let n_left = self.scheduler.unfinished().len();
        expect("the accepted jobs are not lost", n_left, 2)?;
        drop(opener);
        let answer = waiting.finish()?;
        expect_status("who waited for a result", &answer, 200)?;
        expect("gets it", answer.json()?, sha256_of_abc())
    }

    fn get(&self, path: &str) -> Result<Reply, BoxError> {
        request(self.address, "GET", path, b"")
    }

    fn post(&self, path: &str, body: &[u8]) -> Result<Reply, BoxError> {
        request(self.address, "POST", path, body)
    }

    fn delete(&self, id: JobId) -> Result<Reply, BoxError> {
        request(self.address, "DELETE", &format!("/jobs/{id}"), b"")
    }

    fn accepted(&self, path: &str, body: &[u8]) -> Result<JobId, BoxError> {
        let id = self.post(path, body)?.json()?["id"].as_u64();
        id.ok_or_else(|| format!("POST {path} was refused").into())
    }

    fn status(&self, id: JobId) -> Result<Value, BoxError> {
        self.get(&format!("/jobs/{id}"))?.json()
    }

    fn result(&self, id: JobId) -> Result<Reply, BoxError> {
        self.get(&result_of(id))
    }

    fn expect_state(&self, what: &str, id: JobId, wanted: &str) -> Outcome {
        let what = format!("{what}: {wanted}");
        expect(&what, self.status(id)?["state"].as_str(), Some(wanted))
    }

    fn expect_result(&self, what: &str, id: JobId, wanted: &Value) -> Outcome {
        let answer = self.result(id)?;
        expect_status(what, &answer, 200)?;
        expect(&wanted.to_string(), &answer.json()?, wanted)
    }
}

/// As FIPS 180 has it.
fn sha256_of_abc() -> Value {
    json!({ "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" })
}

fn result_of(id: JobId) -> String {
    format!("/jobs/{id}/result?wait=30")
}

fn expect_status(what: &str, answer: &Reply, wanted: u16) -> Outcome {
    expect(&format!("{wanted} {what}"), answer.status, wanted)
}

#[expect(clippy::needless_pass_by_value, reason = "most callers have values")]
fn expect<T: PartialEq + Debug>(what: &str, saw: T, wanted: T) -> Outcome {
    if saw == wanted {
        println!("ok   {what}");
        return Ok(());
    }
    Err(format!("{what}: expected {wanted:?}, saw {saw:?}").into())
}

/// Asks again and again until it holds.
fn until(what: &str, mut holds: impl FnMut() -> Result<bool, BoxError>) -> Outcome {
    let begun = Instant::now();
    while !holds()? {
        if begun.elapsed() > PATIENCE {
            return Err(format!("{what}: not within {PATIENCE:?}").into());
        }
        thread::yield_now();
    }
    println!("ok   {what}");
    Ok(())
}
