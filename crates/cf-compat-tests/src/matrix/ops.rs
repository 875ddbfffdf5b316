//! The operations: the columns of the matrix.

mod awaiting;
mod blocking;
mod bridge;
mod checks;
mod collections;
mod methods;

use super::{kind::Form, row::Row};

const BLOCKING: &[Form] = &[Form::Blocking];
const FUTURE: &[Form] = &[Form::Future];
const TASK: &[Form] = &[Form::Task];
const COROUTINE: &[Form] = &[Form::Coroutine];
const AWAITABLE: &[Form] = &[Form::Awaitable];
/// What the functions of `aio_bridge` take.
const AWAITABLES: &[Form] = &[Form::Future, Form::Task, Form::Coroutine, Form::Awaitable];
/// What runs on the loop by itself.
const FUTURES: &[Form] = &[Form::Future, Form::Task];
/// What begins to run when it is awaited.
const NO_FUTURES: &[Form] = &[Form::Coroutine, Form::Awaitable];
/// Std futures.
const COROUTINES: &[Form] = &[Form::Future, Form::Task, Form::Coroutine];
const ALL: &[Form] = &[
    Form::Blocking,
    Form::Future,
    Form::Task,
    Form::Coroutine,
    Form::Awaitable,
];

/// A blocking call that the loop refuses.
const REFUSED: &str = "fails: EventLoopBlocked(a blocking call on a pending future would stall the event loop: \
                       turn the future into an awaitable one with aio_bridge::wrap_future and await that)";
/// A look at an outcome that is not there yet.
const NOT_THERE: &str = "fails: InvalidState(the future is not in the state that this call needs)";
/// A limit of time that ran out.
const LATE: &str = "fails: TimedOut(timed out)";

/// In the order of the measurement.
pub(super) fn rows() -> Vec<Row> {
    let groups: [fn() -> Vec<Row>; 6] = [
        checks::rows,
        awaiting::rows,
        collections::rows,
        bridge::rows,
        blocking::rows,
        methods::rows,
    ];
    groups.iter().flat_map(|rows| rows()).collect()
}

/// Whether it is `x.op()`.
#[cfg(test)]
pub(super) fn is_method(op: &str) -> bool {
    methods::rows().iter().any(|row| row.op == op)
}

/// Makes an `x` of the form.
macro_rules! make {
    (Blocking, $bench:ident) => {
        $crate::matrix::making::blocking($bench)
    };
    (Future, $bench:ident) => {
        $crate::matrix::making::future($bench)
    };
    (Task, $bench:ident) => {
        $crate::matrix::making::task($bench)
    };
    (Coroutine, $bench:ident) => {
        $crate::matrix::making::coroutine($bench)
    };
    (Awaitable, $bench:ident) => {
        $crate::matrix::making::awaitable($bench)
    };
}

/// An operation in a running loop, written once for several types: the compiler sees it with each of them.
macro_rules! on_loop {
    ([$($form:ident)+] |$x:pat_param, $bench:pat_param| $operation:expr) => {
        |kind| {
            $(if kind.form() == $crate::matrix::kind::Form::$form {
                return $crate::matrix::bench::in_loop(kind, async |bench| {
                    let $x = $crate::matrix::ops::make!($form, bench).await;
                    let $bench = bench;
                    $crate::matrix::outcome::told($operation)
                });
            })+
            unreachable!("written for other types than that of {kind:?}")
        }
    };
}

/// An operation where no loop runs. The third name is a loop to run it in.
macro_rules! off_loop {
    ([$($form:ident)+] |$x:pat_param, $bench:pat_param, $runner:pat_param| $operation:expr) => {
        |kind| {
            $(if kind.form() == $crate::matrix::kind::Form::$form {
                return $crate::matrix::bench::off_loop(kind, |bench, runner| {
                    let $x = runner
                        .run($crate::matrix::ops::make!($form, bench))
                        .expect("made in a loop");
                    let ($bench, $runner) = (bench, runner);
                    $crate::matrix::outcome::told($operation)
                });
            })+
            unreachable!("written for other types than that of {kind:?}")
        }
    };
}

use {make, off_loop, on_loop};
