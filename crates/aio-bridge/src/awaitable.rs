//! What the combinators take, and what it may give.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque},
    ffi::OsString,
    future::{Future, IntoFuture},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::{NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use cf_core::{BoxError, Error};

/// What can be awaited: every std future, and what turns into one. A blocking future cannot.
///
/// # Examples
/// ```
/// use aio_bridge::{Awaitable, Error, Outcome, run, shield};
///
/// async fn twice(number: impl Awaitable<Gives = u32>) -> u32 {
///     2 * number.await
/// }
///
/// async fn go_on<A>(awaitable: A) -> bool
/// where
///     A: Awaitable<Gives: Outcome, Body: Send + 'static> + 'static,
/// {
///     shield(awaitable).await.is_ok()
/// }
///
/// assert_eq!(run(twice(async { 21 })).unwrap(), 42);
/// assert!(run(go_on(async { Ok::<_, Error>("tea") })).unwrap());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be awaited",
    label = "not an awaitable",
    note = "a blocking future is made awaitable by `aio_bridge::wrap_future`"
)]
pub trait Awaitable:
    IntoFuture<Output = <Self as Awaitable>::Gives, IntoFuture = <Self as Awaitable>::Body>
{
    /// What awaiting it gives: its `Output`.
    type Gives;
    /// The future that is polled: its `IntoFuture`.
    type Body: Future<Output = Self::Gives>;
}

/// Both types are parameters, because a compiler that looks for `F::Output` complains of `Future` before it comes to `Awaitable`.
#[diagnostic::do_not_recommend]
impl<F, G, B> Awaitable for F
where
    F: IntoFuture<Output = G, IntoFuture = B>,
    B: Future<Output = G>,
{
    type Gives = G;
    type Body = B;
}

/// Several awaitables: any list or iterator (`IntoIterator`) of them.
///
/// # Examples
/// ```
/// use aio_bridge::{AioFuture, Awaitables, Error, gather, run};
///
/// async fn sum(numbers: impl Awaitables<AioFuture<u32>>) -> Result<u32, Error> {
///     Ok(gather(numbers).await?.iter().sum())
/// }
///
/// assert_eq!(run(async { sum([]).await }).unwrap().unwrap(), 0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a collection of awaitables",
    label = "neither a list nor an iterator of them",
    note = "one by itself is put in a list, `[x]`, or simply awaited; `aio_bridge::wait_for` awaits it for a limited time",
    note = "a blocking future is made awaitable by `aio_bridge::wrap_future`, a coroutine is made a task by `aio_bridge::create_task`"
)]
pub trait Awaitables<A>: IntoIterator<Item = A> {}

#[diagnostic::do_not_recommend]
impl<I: IntoIterator<Item = A>, A> Awaitables<A> for I {}

/// What an awaitable may give where its failure matters: a `Result`, whose `Err` is the failure, or a plain value.
///
/// It is there for `Result` and for common values of the standard library. For a type of your own, implement it; for
/// any type, end the coroutine with `Ok::<_, Error>(value)`, or make it a task with [`create_task`](crate::create_task), which gives a `Result`.
///
/// # Examples
/// ```
/// use aio_bridge::{Error, Outcome, gather, run};
///
/// struct Page(String);
///
/// impl Outcome for Page {
///     type Value = Self;
///
///     fn into_outcome(self) -> Result<Self, Error> {
///         Ok(self)
///     }
/// }
///
/// let pages = run(async { gather(["a", "b"].map(|name| async { Page(name.to_owned()) })).await });
/// assert_eq!(pages.unwrap().unwrap()[1].0, "b");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether it is a failure",
    label = "the awaitable gives neither a `Result` nor a common value of the standard library",
    note = "end the coroutine with `Ok::<_, Error>(value)`, make it a task with `aio_bridge::create_task`, or implement `Outcome` for the type"
)]
pub trait Outcome: Sized {
    /// The value of a success.
    type Value: Send + 'static;

    /// Gives the value, or how it failed.
    ///
    /// # Errors
    /// The failure.
    fn into_outcome(self) -> Result<Self::Value, Error>;
}

impl<T: Send + 'static, E: Into<BoxError>> Outcome for Result<T, E> {
    type Value = T;

    fn into_outcome(self) -> Result<T, Error> {
        self.map_err(|error| Error::from_box(error.into()))
    }
}

macro_rules! values {
    ($(<$($parameter:ident $(: ?$sized:ident)?),*> $type:ty;)+) => {$(
        impl<$($parameter $(: ?$sized)?),*> Outcome for $type
        where
            Self: Send + 'static,
        {
            type Value = Self;

            fn into_outcome(self) -> Result<Self, Error> {
                Ok(self)
            }
        }
    )+};
}

values! {
    <> (); <> bool; <> char; <> String; <> &'static str; <> OsString; <> PathBuf;
    <> &'static [u8]; <> Cow<'static, str>;
    <> u8; <> u16; <> u32; <> u64; <> u128; <> usize;
    <> i8; <> i16; <> i32; <> i64; <> i128; <> isize;
    <> f32; <> f64;
    <> NonZeroU8; <> NonZeroU16; <> NonZeroU32; <> NonZeroU64; <> NonZeroU128; <> NonZeroUsize;
    <> IpAddr; <> Ipv4Addr; <> Ipv6Addr; <> SocketAddr;
    <> Duration; <> Instant; <> SystemTime; <> std::thread::ThreadId;
    <T> Option<T>; <T> Vec<T>; <T> VecDeque<T>; <T> BinaryHeap<T>; <T: ?Sized> Box<T>; <T: ?Sized> Arc<T>;
    <T> BTreeSet<T>; <K, V> BTreeMap<K, V>; <T, S> HashSet<T, S>; <K, V, S> HashMap<K, V, S>;
    <A> (A,); <A, B> (A, B); <A, B, C> (A, B, C); <A, B, C, D> (A, B, C, D);
    <A, B, C, D, E> (A, B, C, D, E); <A, B, C, D, E, F> (A, B, C, D, E, F);
    <A, B, C, D, E, F, G> (A, B, C, D, E, F, G); <A, B, C, D, E, F, G, H> (A, B, C, D, E, F, G, H);
}

impl<T, const N: usize> Outcome for [T; N]
where
    Self: Send + 'static,
{
    type Value = Self;

    fn into_outcome(self) -> Result<Self, Error> {
        Ok(self)
    }
}
