//! A very small HTTP client: one request on one connection, blocking.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use cf_core::BoxError;
use serde_json::Value;

/// No answer takes this long.
const PATIENCE: Duration = Duration::from_secs(60);
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut found = headers.filter(|(it, _)| it.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    pub(crate) fn json(&self) -> Result<Value, BoxError> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// Makes a request with a body, or with an empty one.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<Reply, BoxError> {
    let n_bytes = body.len();
    exchange(
        address,
        method,
        path,
        &format!("content-length: {n_bytes}"),
        body,
    )
}

/// Makes a request whose one further header, and what follows the head, are as given.
pub(crate) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    header: &str,
    rest: &[u8],
) -> Result<Reply, BoxError> {
    let mut stream = connect(address)?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{header}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(rest)?;
    read(stream)
}

/// A request that the server has certainly begun with: sent together with one before it that has been answered.
pub(crate) struct Pipelined(TcpStream);

impl Pipelined {
    pub(crate) fn begin(address: SocketAddr, path: &str) -> Result<Self, BoxError> {
        let mut stream = connect(address)?;
        let first = format!("HEAD /stats HTTP/1.1\r\nhost: {address}\r\n\r\n");
        let second = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all((first + &second).as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(END_OF_HEAD) {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            answer.extend(byte);
        }
        Ok(Self(stream))
    }

    pub(crate) fn finish(self) -> Result<Reply, BoxError> {
        read(self.0)
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn read(mut stream: TcpStream) -> Result<Reply, BoxError> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData).into())
}

fn parse(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|it| it == END_OF_HEAD)?;
    let head = String::from_utf8(answer[..end].to_vec()).ok()?;
    Some(Reply {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head,
        body: answer[end + 4..].to_vec(),
    })
}
