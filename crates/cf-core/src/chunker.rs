//! What `Map` sends: several items as one task.

use std::{fmt, sync::Arc};

use crate::{callable::Callable, error::Error, unwind};

/// Makes one callable of several items, which [`Map`](crate::Map) submits as one task; for authors of executors.
///
/// # Examples
/// ```
/// use cf_core::{Callable, Chunker, Error, InlineExecutor, Map};
///
/// /// What could be sent elsewhere: the items, and no closure.
/// struct Double;
/// struct Doubles(Vec<u32>);
///
/// impl Chunker<u32> for Double {
///     type Output = u32;
///     type Chunk = Doubles;
///
///     fn chunk(&self, items: Vec<u32>) -> Doubles {
///         Doubles(items)
///     }
/// }
///
/// impl Callable for Doubles {
///     type Output = Vec<Result<u32, Error>>;
///
///     fn call(self) -> Result<Self::Output, Error> {
///         Ok(self.0.into_iter().map(|item| Ok(item * 2)).collect())
///     }
/// }
///
/// let doubled = Map::over(InlineExecutor::new(), Double, 1..=3).chunk_size(2);
/// assert_eq!(doubled.collect::<Result<Vec<_>, _>>().unwrap(), [2, 4, 6]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be called with items of type `{Item}`",
    label = "makes no task of such items"
)]
pub trait Chunker<Item> {
    /// What the call with one item gives.
    type Output: Send + 'static;

    /// The calls with several items: one result for each, in their order.
    type Chunk: Callable<Output = Vec<Result<Self::Output, Error>>> + 'static;

    /// Makes the task that calls with each of `items`.
    fn chunk(&self, items: Vec<Item>) -> Self::Chunk;
}

/// The calls of one closure; what [`ClosureExecutor::map`](crate::ClosureExecutor::map) is made with.
///
/// # Examples
/// ```
/// use std::ops::Range;
/// use cf_core::{Calls, ClosureExecutor, InlineExecutor, Map};
///
/// type Squares = Map<InlineExecutor, Calls<fn(u64) -> u64>, Range<u64>>;
///
/// let squares: Squares = InlineExecutor::new().map(|n| n * n, 1..4);
/// assert_eq!(squares.filter_map(Result::ok).sum::<u64>(), 14);
/// ```
pub struct Calls<F>(Arc<F>);

impl<F> Calls<F> {
    pub(crate) fn new(f: F) -> Self {
        Self(Arc::new(f))
    }
}

impl<F> fmt::Debug for Calls<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Calls").finish_non_exhaustive()
    }
}

#[diagnostic::do_not_recommend]
impl<F, Item, T> Chunker<Item> for Calls<F>
where
    F: Fn(Item) -> T + Send + Sync + 'static,
    Item: Send + 'static,
    T: Send + 'static,
{
    type Output = T;
    type Chunk = CallEach<F, Item>;

    fn chunk(&self, items: Vec<Item>) -> Self::Chunk {
        CallEach {
            f: Arc::clone(&self.0),
            items,
        }
    }
}

/// Calls the closure with each of its items; made by [`Calls`].
///
/// # Examples
/// ```
/// use cf_core::{CallEach, Calls, Chunker};
///
/// fn chunk(calls: &Calls<fn(u32) -> u32>) -> CallEach<fn(u32) -> u32, u32> {
///     calls.chunk(vec![1, 2])
/// }
/// ```
pub struct CallEach<F, Item> {
    f: Arc<F>,
    items: Vec<Item>,
}

impl<F, Item> fmt::Debug for CallEach<F, Item> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallEach")
            .field("items", &self.items.len())
            .finish_non_exhaustive()
    }
}

#[diagnostic::do_not_recommend]
impl<F, Item, T> Callable for CallEach<F, Item>
where
    F: Fn(Item) -> T + Send + Sync,
    Item: Send,
    T: Send,
{
    type Output = Vec<Result<T, Error>>;

    fn call(self) -> Result<Self::Output, Error> {
        let Self { f, items } = self;
        let call = |item| unwind::catch(|| f(item));
        Ok(items.into_iter().map(call).collect())
    }
}
