//! Awaitables of several types at once: the tuple behind `gather!`.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use cf_core::Error;

use crate::{
    awaitable::{Awaitable, Outcome},
    child::{Child, Value, ensure},
    delivery::{self, Told},
    handles,
};

/// Awaits values of several types and gives a tuple of them: [`gather()`](crate::gather()) for what differs in type.
///
/// With `return_exceptions;` in front, each place of the tuple is a `Result`.
///
/// # Examples
/// ```
/// use aio_bridge::{Error, create_task, gather, run, to_thread};
///
/// run(async {
///     let (number, word) = gather!(to_thread(|| 7), async { "tea" }).await.unwrap();
///     assert_eq!((number, word), (7, "tea"));
///
///     let failed = create_task(async { panic!("no") });
///     let (number, nothing) = gather!(return_exceptions; to_thread(|| 7), failed).await.unwrap();
///     assert!(number.is_ok() && matches!(nothing, Err(Error::Panicked(_))));
/// }).unwrap();
/// ```
#[macro_export]
macro_rules! gather {
    (return_exceptions; $($awaitable:expr),+ $(,)?) => {
        $crate::__gather::GatherMixed::all(($($crate::__gather::part($awaitable),)+))
    };
    ($($awaitable:expr),+ $(,)?) => {
        $crate::__gather::GatherMixed::first_failure(($($crate::__gather::part($awaitable),)+))
    };
}

/// One place of the tuple.
#[derive(Debug)]
pub struct Part<T: Send + 'static> {
    child: Option<Child<T>>,
    outcome: Option<Result<T, Error>>,
}

#[doc(hidden)]
#[track_caller]
pub fn part<A>(awaitable: A) -> Part<Value<A>>
where
    A: Awaitable + 'static,
    A::Gives: Outcome,
    A::Body: Send + 'static,
{
    Part {
        child: Some(ensure(awaitable)),
        outcome: None,
    }
}

/// Nothing in it is pinned.
impl<T: Send + 'static> Unpin for Part<T> {}

impl<T: Send + 'static> Part<T> {
    /// True once it has ended; with `failure_suffices` its failure is an error.
    fn poll(&mut self, failure_suffices: bool, context: &mut Context<'_>) -> Result<bool, Error> {
        let Some(child) = &mut self.child else {
            return Ok(true);
        };
        match child.poll(context) {
            Poll::Pending => Ok(false),
            Poll::Ready(Err(error)) if failure_suffices => Err(error),
            Poll::Ready(outcome) => {
                self.child = None;
                self.outcome = Some(outcome);
                Ok(true)
            }
        }
    }

    fn cancel(&self) {
        if let Some(child) = &self.child {
            child.cancel();
        }
    }

    fn forget(&mut self) {
        if let Some(child) = self.child.take() {
            child.forget();
        }
    }

    fn take(&mut self) -> Result<T, Error> {
        self.outcome.take().unwrap_or(Err(Error::InvalidState))
    }
}

/// The parts of one `gather!`, whatever their number.
pub trait Parts {
    /// The values.
    type Values;
    /// A `Result` for each.
    type Outcomes;

    #[doc(hidden)]
    fn poll(&mut self, failure_suffices: bool, context: &mut Context<'_>) -> Result<bool, Error>;
    #[doc(hidden)]
    fn cancel(&self);
    #[doc(hidden)]
    fn forget(&mut self);
    #[doc(hidden)]
    fn values(&mut self) -> Result<Self::Values, Error>;
    #[doc(hidden)]
    fn outcomes(&mut self) -> Self::Outcomes;
}

macro_rules! parts {
    ($($name:ident)+) => {
        impl<$($name: Send + 'static),+> Parts for ($(Part<$name>,)+) {
            type Values = ($($name,)+);
            type Outcomes = ($(Result<$name, Error>,)+);

            #[expect(non_snake_case, reason = "one name for a type and its place in the tuple")]
            fn poll(
                &mut self,
                failure_suffices: bool,
                context: &mut Context<'_>,
            ) -> Result<bool, Error> {
                let ($($name,)+) = self;
                let mut is_over = true;
                $(is_over &= $name.poll(failure_suffices, context)?;)+
                Ok(is_over)
            }

            #[expect(non_snake_case, reason = "one name for a type and its place in the tuple")]
            fn cancel(&self) {
                let ($($name,)+) = self;
                $($name.cancel();)+
            }

            #[expect(non_snake_case, reason = "one name for a type and its place in the tuple")]
            fn forget(&mut self) {
                let ($($name,)+) = self;
                $($name.forget();)+
            }

            #[expect(non_snake_case, reason = "one name for a type and its place in the tuple")]
            fn values(&mut self) -> Result<Self::Values, Error> {
                let ($($name,)+) = self;
                Ok(($($name.take()?,)+))
            }

            #[expect(non_snake_case, reason = "one name for a type and its place in the tuple")]
            fn outcomes(&mut self) -> Self::Outcomes {
                let ($($name,)+) = self;
                ($($name.take(),)+)
            }
        }
    };
}

parts!(A);
parts!(A B);
parts!(A B C);
parts!(A B C D);
parts!(A B C D E);
parts!(A B C D E F);
parts!(A B C D E F G);
parts!(A B C D E F G H);
parts!(A B C D E F G H I);
parts!(A B C D E F G H I J);
parts!(A B C D E F G H I J K);
parts!(A B C D E F G H I J K L);

/// The future behind `gather!`.
#[derive(Debug)]
#[must_use = "dropping it cancels the children; await it"]
pub struct GatherMixed<P: Parts, const ALL: bool> {
    parts: P,
    told: Told,
}

impl<P: Parts + 'static> GatherMixed<P, false> {
    #[doc(hidden)]
    pub fn first_failure(parts: P) -> Self {
        handles::note::<Self>();
        Self {
            parts,
            told: Told::default(),
        }
    }
}

impl<P: Parts + 'static> GatherMixed<P, true> {
    #[doc(hidden)]
    pub fn all(parts: P) -> Self {
        handles::note::<Self>();
        Self {
            parts,
            told: Told::default(),
        }
    }
}

impl<P: Parts, const ALL: bool> GatherMixed<P, ALL> {
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.told.hears() {
            self.parts.cancel();
        }
        let Self { parts, told } = self;
        // The children were told above; each by itself is polled as ever.
        let polled = delivery::apart(|| parts.poll(!ALL && !told.has_heard(), context));
        match polled {
            Ok(false) => delivery::answer(Poll::Pending),
            Ok(true) if told.has_heard() => delivery::answer(Poll::Ready(Err(Error::Cancelled))),
            Ok(true) => Poll::Ready(Ok(())),
            Err(error) => {
                parts.forget();
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<P: Parts + Unpin> Future for GatherMixed<P, false> {
    type Output = Result<P::Values, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_over(context)
            .map(|over| over.and_then(|()| self.parts.values()))
    }
}

impl<P: Parts + Unpin> Future for GatherMixed<P, true> {
    type Output = Result<P::Outcomes, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_over(context)
            .map(|over| over.map(|()| self.parts.outcomes()))
    }
}

/// The awaiting side is gone: nobody wants the values.
impl<P: Parts, const ALL: bool> Drop for GatherMixed<P, ALL> {
    fn drop(&mut self) {
        self.parts.cancel();
        self.parts.forget();
    }
}
