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
/// another name) gives its `Ok` value, and its `Err` is the failure of the call. Arguments may be plain references (`&str`,
/// `&[u8]`, `&T`): the call owns a copy.
///
/// Arguments and the value must be `Send`, `serde::Serialize` and `serde::Deserialize` (owned). The error must turn into a
/// `Box<dyn Error + Send + Sync>`, as `?` does it; it crosses as its messages and the name of its type. The function itself
/// may be neither generic, nor `async`, nor `unsafe`, nor stand in an `impl`.
///
/// A task is known by the path of its module and its name, and by its signature. Two in one module, within functions, need
/// names of their own: `#[task(name = "…")]`. `#[task(crate = path)]` says where the crate is that exports this attribute, if
/// it was renamed.
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
