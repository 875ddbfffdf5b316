//! The attribute `#[task]`, to be used from `cf-task`, `cf-pool` or the facade, which export it.

#![forbid(unsafe_code)]

mod arguments;
mod crossing;
mod expand;
mod options;
mod returned;
mod signature;

use proc_macro::TokenStream;

/// Makes a function one that can be called in another process; the function itself stays as it is.
///
/// Beside the function there is a type of the same name, with `name::task(arguments…)`, which makes a `Call` to submit, and
/// `name::TASK`, the registered task. A function that returns a `Result` (also under a path, as `io::Result<T>`, but not under
/// another name) gives its `Ok` value, and its `Err` is the failure of the call.
///
/// Only a plain function can be a task: neither an associated one (in an `impl` or a trait), nor a generic one, nor one that is
/// `async` or `unsafe`. A task is known by the path of its module and its name, and by its signature. Two in one module, within
/// functions, need names of their own: `#[task(name = "…")]`. `#[task(crate = path)]` says where the crate is that exports this
/// attribute, if it was renamed.
///
/// # What crosses
/// Arguments and the value must be `Send`, `serde::Serialize` and `serde::Deserialize`, and owned; what is not does not compile.
/// Arguments may also be plain references (`&str`, `&[u8]`, `&T`), of which the call owns a copy.
///
/// Some of it is seen only when a call crosses to another process. Then these fail it, with an error that says why:
///
/// * a value that is nested more than 128 levels deep (refer to its parts by their index in a `Vec`);
/// * what needs the names of fields, or bytes that tell their type: `skip_serializing_if`, `flatten`, `untagged` and internally
///   tagged enums, `serde_json::Value`. `#[serde(skip)]` is fine.
///
/// Large data belongs into arguments and values that are a `Vec<u8>`, a `String`, a `&[u8]` or a `&str` themselves: those cross
/// beside the rest, and nobody looks at each element.
///
/// # Errors
/// An `Err` of the function fails the call, and is not a failure of the worker. Its type must turn into a
/// `Box<dyn Error + Send + Sync>`, as `?` does it, and need not be serialisable: out of another process it comes as a
/// `RemoteError`, with its messages, those of its sources, and the name of its type.
///
/// # Panics
/// A panic of the function is the failure of the call: `Error::Panicked`, with message, thread and place; the worker goes on. With
/// `panic = "abort"` it is the death of the worker, as are a crash and `std::process::exit`: `Error::WorkerDied`.
///
/// # Cancellation
/// After `request_cancel` the function ends where it calls `cf_core::checkpoint` and returns its error with `?`. A process pool
/// ends the worker of a function that does not come to one.
///
/// # Examples
/// ```ignore (tested in cf-task, on which this crate cannot depend)
/// use cf_task::task;
///
/// #[task]
/// fn count(text: &str, letter: char) -> Result<usize, String> {
///     let n = text.chars().filter(|c| *c == letter).count();
///     if n > 0 { Ok(n) } else { Err(format!("no {letter} in it")) }
/// }
///
/// assert_eq!(count("banana", 'a'), Ok(3));
/// let call = count::task("banana", 'a');
/// assert_eq!(call.task().signature(), "fn(&str, char) -> Result<usize, String>");
/// ```
#[proc_macro_attribute]
pub fn task(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(attribute.into(), &item.into()).into()
}
