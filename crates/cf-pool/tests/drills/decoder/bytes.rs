//! Any bytes through the decoders: no panic, whatever they are. The fuzz targets and the drill run the same functions.

use std::{borrow::Cow, collections::BTreeMap, convert::Infallible};

use cf_pool::{
    __process::frame::{Draft, Header, Kind, Received},
    Call, task,
};
use cf_task::{Failure, Incoming, Message, Outgoing};

type List = Vec<(u8, Option<String>)>;
type Table = BTreeMap<i16, Vec<u32>>;

/// What arguments can be, given back.
#[task]
fn mixed(
    number: u64,
    text: String,
    bytes: Vec<u8>,
    list: List,
    table: Table,
    shape: Result<f32, char>,
) -> (u64, String, Vec<u8>, List, Table, Option<f32>) {
    (number, text, bytes, list, table, shape.ok())
}

#[task]
fn buffers(one: Vec<u8>, two: String, three: Vec<u8>) -> Vec<u8> {
    [one, two.into_bytes(), three].concat()
}

fn run(task: &cf_pool::Task, mut incoming: Incoming<'_>) -> Option<Message> {
    let mut reply = Message::default();
    match task.run(&mut incoming, &mut reply) {
        Ok(()) => Some(reply),
        Err(Failure::Codec(_)) => None,
        Err(failure) => panic!("{failure:?}"),
    }
}

fn incoming(message: &Message) -> Incoming<'_> {
    let buffers = message.buffers.iter();
    Incoming::new(
        &message.head,
        buffers
            .map(|bytes| Cow::Borrowed(bytes.as_slice()))
            .collect(),
    )
}

/// As a frame: its header, its messages, and these as arguments.
pub(crate) fn frame(bytes: &[u8]) {
    let Some((start, mut rest)) = bytes.split_first_chunk::<{ Header::BYTES }>() else {
        return;
    };
    let Ok(header) = Header::from_bytes(start) else {
        return;
    };
    assert_eq!(header.to_bytes(), *start);
    let mut received = Received::default();
    let mut left = header.n_bytes;
    for index in 0..header.n_messages {
        let (n_rest, n_left) = (rest.len() as u64, left);
        if received.read(&mut rest, &mut left).is_err() {
            return;
        }
        assert_eq!(n_rest - rest.len() as u64, n_left - left);
        let task = if index % 2 == 0 {
            mixed::TASK
        } else {
            buffers::TASK
        };
        run(task, received.incoming());
    }
}

/// As the arguments of a call: a byte says how many buffers there are, and a byte for each how long it is.
pub(crate) fn arguments(bytes: &[u8]) {
    let Some((n_buffers, mut rest)) = bytes.split_first() else {
        return;
    };
    let mut message = Message::default();
    for _ in 0..n_buffers % 8 {
        let Some((length, after)) = rest.split_first() else {
            break;
        };
        let (buffer, after) = after.split_at(after.len().min(usize::from(*length)));
        message.buffers.push(buffer.to_vec());
        rest = after;
    }
    message.head = rest.to_vec();
    run(buffers::TASK, incoming(&message));
    let Some(reply) = run(mixed::TASK, incoming(&message)) else {
        return;
    };
    // What was decoded crosses again, and stays what it is.
    let example = example(&[]);
    let (number, text, bytes, list, table, float) = example.decode(&mut incoming(&reply)).unwrap();
    let again = mixed::task(number, text, bytes, list, table, float.ok_or('x'));
    let mut outgoing = Outgoing::default();
    again.encode(&mut outgoing).unwrap();
    let buffers = outgoing.buffers.iter().map(|bytes| Cow::Borrowed(*bytes));
    let same = run(
        mixed::TASK,
        Incoming::new(&outgoing.head, buffers.collect()),
    );
    let same = same.expect("what was encoded can be decoded");
    assert_eq!((same.head, same.buffers), (reply.head, reply.buffers));
}

type Mixed = Call<(u64, String, Vec<u8>, List, Table, Option<f32>)>;

/// A call whose arguments are made of these bytes, some of them so long that they are sent as buffers.
fn example(bytes: &[u8]) -> Mixed {
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let number = u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(at));
    let text = String::from_utf8_lossy(bytes).repeat(usize::from(at(8)) * 8);
    let long = bytes.repeat(usize::from(at(9)) * 8);
    let list = bytes.iter().take(9);
    let list = list.map(|byte| (*byte, (byte % 2 == 0).then(|| byte.to_string())));
    let list = list.collect();
    let table = bytes.iter().map(|byte| {
        let key = i16::from(*byte) - 100;
        (key, vec![u32::from(*byte) << 20; usize::from(byte % 3)])
    });
    let table = table.collect();
    let shape = char::from_u32(number as u32).map_or(Ok(0.5), Err);
    mixed::task(number, text, long, list, table, shape)
}

/// As what calls are made of, which are sent, received and run: the same comes out, and cut off it does not.
pub(crate) fn round_trip(bytes: &[u8]) {
    let calls: Vec<_> = bytes.chunks(16).take(20).map(example).collect();
    let mut draft = Draft::new(vec![7]);
    for (call, tag) in calls.iter().zip(0..) {
        let added: Result<(), Infallible> = draft.add(tag, |bytes| {
            let mut outgoing = Outgoing {
                head: std::mem::take(bytes),
                buffers: Vec::new(),
            };
            call.encode(&mut outgoing).unwrap();
            *bytes = outgoing.head;
            Ok(outgoing.buffers)
        });
        let Ok(()) = added;
    }
    draft.finish(Kind::Run, 9);
    let n_bytes = draft.n_bytes();
    let sent: Vec<u8> = draft.parts().flatten().copied().collect();
    assert_eq!(sent.len(), n_bytes);
    let (start, mut rest) = sent.split_first_chunk().unwrap();
    let header = Header::from_bytes(start).unwrap();
    assert_eq!((header.kind, header.id), (Kind::Run, 9));
    assert_eq!(header.n_messages as usize, calls.len());
    let mut left = header.n_bytes;
    let mut received = Received::default();
    for (call, tag) in calls.iter().zip(0..) {
        received.read(&mut rest, &mut left).unwrap();
        assert_eq!(received.tag, tag);
        let reply = run(mixed::TASK, received.incoming()).expect("it was encoded");
        let mut here = Outgoing::default();
        call.encode(&mut here).unwrap();
        let buffers = here.buffers.iter().map(|bytes| Cow::Borrowed(*bytes));
        let expected = run(mixed::TASK, Incoming::new(&here.head, buffers.collect())).unwrap();
        assert_eq!(
            (reply.head, reply.buffers),
            (expected.head, expected.buffers)
        );
    }
    assert_eq!((left, rest.len()), (0, 0));
    if let Some((_, cut)) = sent.split_last() {
        frame(cut);
    }
    frame(&sent);
}
