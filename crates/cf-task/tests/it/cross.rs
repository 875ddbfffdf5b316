//! The way of a call to another process and back, without one.

use std::borrow::Cow;

use cf_task::{Call, Failure, Incoming, Message, Outgoing};

/// Encodes the arguments, runs the registered task, and decodes what it answers.
pub(crate) fn cross<T>(call: &Call<T>) -> Result<T, Failure> {
    let mut out = Outgoing::default();
    call.encode(&mut out)?;
    let buffers = out.buffers.into_iter().map(Cow::Borrowed).collect();
    let reply = run(call, &mut Incoming::new(&out.head, buffers))?;
    let buffers = reply.buffers.into_iter().map(Cow::Owned).collect();
    Ok(call.decode(&mut Incoming::new(&reply.head, buffers))?)
}

/// Runs the task of a call on arguments of somebody else.
pub(crate) fn run<T>(call: &Call<T>, incoming: &mut Incoming<'_>) -> Result<Message, Failure> {
    let mut reply = Message::default();
    call.task().run(incoming, &mut reply)?;
    Ok(reply)
}
