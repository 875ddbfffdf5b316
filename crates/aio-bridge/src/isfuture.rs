//! `isfuture!`: whether a value is an awaitable future of this crate, found out when compiling.

/// True for `AioFuture`, `SharedAioFuture`, `Task`, and what `gather` and `shield` give; false for everything else.
///
/// It looks at the type only, through references, and evaluates its argument once without consuming it. A blocking future and
/// a bare coroutine are no futures in this sense, and of a generic type nothing is known. Follows `asyncio.isfuture`.
///
/// # Examples
/// ```
/// use aio_bridge::{future, isfuture};
///
/// let (_promise, awaitable) = future::<u32>();
/// let (_promise, blocking) = cf_core::Promise::<u32>::new();
/// assert!(isfuture!(awaitable) && isfuture!(&awaitable));
/// assert!(!isfuture!(blocking) && !isfuture!(async {}) && !isfuture!(7));
/// ```
#[macro_export]
macro_rules! isfuture {
    ($value:expr) => {{
        use $crate::__isfuture::{NotAFuture as _, Probe};
        Probe(&$value).is_future()
    }};
}

/// Finds out by which method the compiler sees first.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// The answer for all types that have no other.
#[doc(hidden)]
pub trait NotAFuture {
    fn is_future(&self) -> bool {
        false
    }
}

impl<T: ?Sized> NotAFuture for Probe<'_, T> {}

/// The futures of this crate.
#[doc(hidden)]
pub trait IsFuture {}

impl<T: Send + 'static> IsFuture for crate::AioFuture<T> {}
impl<T: Send + Sync + 'static> IsFuture for crate::SharedAioFuture<T> {}
impl<T: Send + 'static> IsFuture for crate::Task<T> {}
impl<T: Send + 'static> IsFuture for crate::Gather<T> {}
impl<T: Send + 'static> IsFuture for crate::GatherAll<T> {}
impl<P: crate::__gather::Parts, const ALL: bool> IsFuture for crate::__gather::GatherMixed<P, ALL> {}
impl<T: Send + 'static> IsFuture for crate::Shield<T> {}
impl<F: IsFuture + ?Sized> IsFuture for &F {}
impl<F: IsFuture + ?Sized> IsFuture for &mut F {}

impl<F: IsFuture + ?Sized> Probe<'_, F> {
    #[doc(hidden)]
    pub fn is_future(&self) -> bool {
        true
    }
}
