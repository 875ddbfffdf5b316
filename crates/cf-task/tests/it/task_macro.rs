//! Where a task may stand, and what may stand in it.

use std::path::{Path, PathBuf};

use cf_core::{Executor, InlineExecutor};
use cf_task::{Call, registry, task};
use serde::{Deserialize, Serialize};

use crate::cross::cross;

#[task]
fn nothing() {}

#[task]
#[expect(clippy::too_many_arguments, reason = "so that there are many")]
fn eleven(
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: i8,
    f: i16,
    g: i32,
    h: i64,
    i: bool,
    j: char,
    k: f64,
) -> String {
    format!("{a} {b} {c} {d} {e} {f} {g} {h} {i} {j} {k}")
}

#[test]
fn the_function_stays_callable() {
    nothing();
    assert_eq!(
        eleven(1, 2, 3, 4, -5, -6, -7, -8, true, 'j', 0.5),
        "1 2 3 4 -5 -6 -7 -8 true j 0.5"
    );
}

#[test]
fn a_call_runs_here_and_elsewhere_with_as_many_arguments_as_there_are() {
    let call: Call<()> = nothing::task();
    cross(&call).unwrap();
    InlineExecutor::new().submit(call).result().unwrap();

    let call = eleven::task(1, 2, 3, 4, -5, -6, -7, -8, true, 'j', 0.5);
    let expected = "1 2 3 4 -5 -6 -7 -8 true j 0.5";
    assert_eq!(cross(&call).unwrap(), expected);
    assert_eq!(
        InlineExecutor::new().submit(call).result().unwrap(),
        expected
    );
}

#[test]
fn a_task_may_stand_in_a_function_and_in_a_block() {
    #[derive(Clone, Copy, Serialize, Deserialize)]
    struct Local(u32);

    #[task]
    fn in_function(local: Local) -> u32 {
        local.0 + 1
    }

    let inner = {
        #[task]
        fn in_block(n: u32) -> u32 {
            n + 2
        }
        in_block::task(1)
    };
    assert_eq!(cross(&in_function::task(Local(1))).unwrap(), 2);
    assert_eq!(cross(&inner).unwrap(), 3);
}

#[test]
fn tasks_of_one_name_in_two_functions_can_be_given_names() {
    fn first() -> Call<u32> {
        #[task(name = "it::first::step")]
        fn step() -> u32 {
            1
        }
        step::task()
    }

    fn second() -> Call<u32> {
        #[task(name = "it::second::step")]
        fn step() -> u32 {
            2
        }
        step::task()
    }

    assert_eq!(
        (cross(&first()).unwrap(), cross(&second()).unwrap()),
        (1, 2)
    );
    assert_eq!(second().task().name(), "it::second::step");
}

mod shop {
    pub(crate) mod till {
        use cf_task::task;

        #[task]
        pub(in crate::task_macro) fn within() -> u8 {
            1
        }

        #[task]
        pub(super) fn above() -> u8 {
            2
        }

        #[task]
        pub(crate) fn everywhere() -> u8 {
            private() + 1
        }

        #[task]
        fn private() -> u8 {
            2
        }

        pub(crate) fn call_of_private() -> cf_task::Call<u8> {
            private::task()
        }
    }

    pub(crate) fn call_from_above() -> cf_task::Call<u8> {
        till::above::task()
    }
}

#[test]
fn a_call_is_as_visible_as_its_function() {
    use shop::till;
    let calls = [
        till::within::task(),
        shop::call_from_above(),
        till::everywhere::task(),
        till::call_of_private(),
    ];
    let values: Vec<_> = calls.iter().map(|call| cross(call).unwrap()).collect();
    assert_eq!(values, [1, 2, 3, 2]);
}

#[test]
fn one_import_brings_the_function_and_its_calls() {
    use shop::till::everywhere;
    assert_eq!(everywhere(), cross(&everywhere::task()).unwrap());
    let as_value: fn() -> Call<u8> = everywhere::task;
    assert_eq!(as_value().task().name(), everywhere::TASK.name());
}

#[task]
fn r#type(r#fn: u8) -> u8 {
    r#fn + 1
}

#[test]
fn raw_identifiers_are_names_like_others() {
    assert_eq!(r#type(1), 2);
    assert_eq!(cross(&r#type::task(1)).unwrap(), 2);
    assert_eq!(r#type::TASK.name(), "it::task_macro::type");
}

/// Adds one.
///
/// With a doc comment, and attributes of all sorts.
#[inline(never)]
#[must_use]
#[task]
#[track_caller]
#[cold]
fn documented(/* a comment */ n: u8) -> u8 {
    #![expect(clippy::needless_return, reason = "an attribute inside")]
    return n + 1;
}

#[test]
fn other_attributes_stay_with_the_function() {
    assert_eq!(documented(1), 2);
    assert_eq!(cross(&documented::task(1)).unwrap(), 2);
}

#[cfg(any())]
#[task]
fn not_on_this_platform(handle: no::such::Handle) {}

#[task]
#[cfg(any())]
fn nor_this(handle: no::such::Handle) {}

#[cfg_attr(not(any()), task)]
fn made_a_task_by_a_cfg(n: u8) -> u8 {
    n
}

#[task]
#[cfg(not(any()))]
fn on_this_platform(n: u8) -> u8 {
    n
}

#[test]
fn a_task_depends_on_a_cfg_as_its_function_does() {
    assert_eq!(cross(&on_this_platform::task(3)).unwrap(), 3);
    assert_eq!(cross(&made_a_task_by_a_cfg::task(4)).unwrap(), 4);
    assert!(registry::find_by_name("it::task_macro::on_this_platform", "fn(u8) -> u8").is_ok());
    assert!(registry::find_by_name("it::task_macro::nor_this", "fn(no::such::Handle)").is_err());
}

#[derive(Clone, Serialize, Deserialize)]
struct Point {
    x: i32,
    y: i32,
}

#[task]
#[expect(
    clippy::too_many_arguments,
    clippy::toplevel_ref_arg,
    clippy::needless_pass_by_value,
    reason = "so that there is one of each kind"
)]
fn patterns(
    mut n: u32,
    (a, b): (u32, u32),
    Point { x, y: _ }: Point,
    [first, ..]: [u32; 3],
    _: u8,
    &copied: &u32,
    ref lent: u32,
    whole @ Point { .. }: Point,
) -> u32 {
    n += 1;
    n + a + b + x as u32 + first + copied + lent + whole.y as u32
}

#[test]
fn arguments_may_be_mutable_and_patterns() {
    let call = patterns::task(
        1,
        (2, 3),
        Point { x: 4, y: 0 },
        [5, 0, 0],
        0,
        &6,
        7,
        Point { x: 0, y: 8 },
    );
    assert_eq!(cross(&call).unwrap(), 37);
    assert_eq!(InlineExecutor::new().submit(call).result().unwrap(), 37);
}

#[task]
fn references(
    text: &str,
    bytes: &[u8],
    point: &Point,
    points: &[Point],
    path: &Path,
    owned: &String,
) -> String {
    let xs: Vec<_> = points.iter().map(|point| point.x).collect();
    format!(
        "{text} {bytes:?} {} {xs:?} {} {owned}",
        point.y,
        path.display()
    )
}

#[test]
fn references_are_arguments_whose_targets_the_call_owns() {
    let expected = "a [1, 2] 4 [3, 3] b/c d";
    let call = {
        let text = "a".to_owned();
        let point = Point { x: 3, y: 4 };
        let points = vec![point.clone(), point.clone()];
        let path = PathBuf::from("b/c");
        let owned = "d".to_owned();
        assert_eq!(
            references(&text, &[1, 2], &point, &points, &path, &owned),
            expected
        );
        references::task(&text, &[1, 2], &point, &points, &path, &owned)
    };
    assert_eq!(cross(&call).unwrap(), expected);
    assert_eq!(
        InlineExecutor::new().submit(call).result().unwrap(),
        expected
    );
}

#[task]
const fn constant(n: u8) -> u8 {
    n + 1
}

#[task]
extern "C" fn foreign(n: u8) -> u8 {
    n + 2
}

#[test]
fn a_task_may_be_const_or_extern() {
    const TWO: u8 = constant(1);
    assert_eq!((TWO, cross(&constant::task(1)).unwrap()), (2, 2));
    assert_eq!(cross(&foreign::task(1)).unwrap(), 3);
}

macro_rules! tasks {
    ($($name:ident($argument:ident: $taken:ty) -> $given:ty = $body:expr;)*) => {
        $(
            #[task]
            fn $name($argument: $taken) -> $given {
                $body
            }
        )*
    };
}

tasks! {
    made_by_macro(text: &str) -> Result<usize, String> = Ok(text.len());
    made_as_well(n: u8) -> u8 = n + 1;
}

#[test]
fn a_task_may_be_made_by_a_macro() {
    assert_eq!(cross(&made_by_macro::task("four")).unwrap(), 4);
    assert_eq!(cross(&made_as_well::task(4)).unwrap(), 5);
    assert_eq!(
        made_by_macro::TASK.signature(),
        "fn(&str) -> Result<usize, String>"
    );
}

mod renamed {
    pub(crate) mod inner {
        pub(crate) use cf_task::{__task, task as remote};
    }
}

#[renamed::inner::remote(crate = renamed::inner)]
fn through_a_re_export(n: u8) -> u8 {
    n + 1
}

#[renamed::inner::remote(crate = crate::task_macro::renamed::inner, name = "it::by another name",)]
fn through_a_full_path(n: u8) -> u8 {
    n + 2
}

#[test]
fn the_crate_may_be_reached_through_a_re_export() {
    assert_eq!(cross(&through_a_re_export::task(1)).unwrap(), 2);
    assert_eq!(cross(&through_a_full_path::task(1)).unwrap(), 3);
    assert_eq!(through_a_full_path::TASK.name(), "it::by another name");
}

#[task]
fn factorial(n: u64) -> u64 {
    if n == 0 {
        1
    } else {
        n * cross(&factorial::task(n - 1)).unwrap()
    }
}

#[test]
fn a_task_may_call_itself_and_make_calls() {
    assert_eq!(cross(&factorial::task(5)).unwrap(), 120);
}

#[task]
fn count(text: &str, letter: char) -> Result<usize, String> {
    let n = text.chars().filter(|c| *c == letter).count();
    if n > 0 {
        Ok(n)
    } else {
        Err(format!("no {letter} in it"))
    }
}

#[test]
fn the_example_of_the_documentation_holds() {
    assert_eq!(count("banana", 'a'), Ok(3));
    let call = count::task("banana", 'a');
    assert_eq!(
        call.task().signature(),
        "fn(&str, char) -> Result<usize, String>"
    );
    assert_eq!(cross(&call).unwrap(), 3);
}
