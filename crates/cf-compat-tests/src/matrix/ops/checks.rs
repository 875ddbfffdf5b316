//! Type checks: decided when compiling, and asked here as in a generic function.

use std::any::Any;

use aio_bridge::{Task, isfuture};

use super::{ALL, on_loop};
use crate::matrix::{
    kind::{Form, Kind},
    row::Row,
};

/// Whether the type of a value has a trait: told by which method the compiler sees first.
macro_rules! probe {
    ($name:ident: $wanted:path) => {
        mod $name {
            use std::marker::PhantomData;

            pub(super) struct Probe<T>(PhantomData<T>);

            impl<T> Probe<T> {
                pub(super) fn of(_: &T) -> Self {
                    Self(PhantomData)
                }
            }

            pub(super) trait HasNot {
                fn has(&self) -> bool {
                    false
                }
            }

            impl<T> HasNot for Probe<T> {}

            impl<T: $wanted> Probe<T> {
                pub(super) fn has(&self) -> bool {
                    true
                }
            }
        }
    };
}

probe!(future_like: aio_bridge::FutureLike);
probe!(coroutine: aio_bridge::Coroutine);
probe!(awaitable: aio_bridge::Awaitable);

use {awaitable::HasNot as _, coroutine::HasNot as _, future_like::HasNot as _};

fn is_a<T: 'static>(value: &dyn Any) -> bool {
    value.is::<T>()
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "isinstance_cf",
            "M03",
            "(&x as &dyn Any).is::<cf_core::Future<u32>>()",
        )
        .runs(
            ALL,
            (|kind| answer(kind.form() == Form::Blocking)) as Expect,
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, _| is_a::<cf_core::Future<u32>>(&x)),
            "The type says it: a function that takes `cf_core::Future<T>` takes nothing else.",
        ),
        Row::new("isinstance_aio", "M03", "x: impl FutureLike?").runs(
            ALL,
            (|kind| answer(matches!(kind.form(), Form::Future | Form::Task))) as Expect,
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, _| future_like::Probe::of(&x).has()),
            "The trait is the base class: `fn f(x: impl FutureLike) {}` takes what is true here.\n\
             `to_thread` gives an `AioFuture`, where Python gives a coroutine.",
        ),
        Row::new(
            "isinstance_task",
            "M03",
            "(&x as &dyn Any).is::<Task<u32>>()",
        )
        .runs(
            ALL,
            (|kind| answer(kind.form() == Form::Task)) as Expect,
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, _| is_a::<Task<u32>>(&x)),
            "The type says it: a function that takes `Task<T>` takes nothing else.",
        ),
        Row::new("isfuture", "M02", "isfuture!(x)").runs(
            ALL,
            (|kind| answer(matches!(kind.form(), Form::Future | Form::Task))) as Expect,
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, _| isfuture!(x)),
            "A macro, because it looks at the type; in generic code the bound is `FutureLike`.\n\
             `to_thread` gives an `AioFuture`, where Python gives a coroutine.",
        ),
        Row::new("iscoroutine", "", "x: impl Coroutine?").runs(
            ALL,
            (|kind| answer(!matches!(kind.form(), Form::Blocking | Form::Awaitable))) as Expect,
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, _| coroutine::Probe::of(&x).has()),
            "Every std future is a coroutine: `create_task` and `run` take futures and tasks, too.\n\
             The bound is `fn f(x: impl Coroutine) {}`.",
        ),
        Row::new("isawaitable", "", "x: impl Awaitable?").runs(
            ALL,
            (|kind| answer(kind.form() != Form::Blocking)) as Expect,
            on_loop!([Blocking Future Task Coroutine Awaitable] |x, _| awaitable::Probe::of(&x).has()),
            "The bound is `fn f(x: impl Awaitable) {}`; a blocking future crosses by `wrap_future`.",
        ),
    ]
}

type Expect = fn(Kind) -> &'static str;

fn answer(is_true: bool) -> &'static str {
    if is_true {
        "returns true"
    } else {
        "returns false"
    }
}
