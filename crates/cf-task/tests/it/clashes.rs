//! Names of the user's that the expansion uses as well.

use crate::cross::cross;

mod arguments {
    use ::cf_task::task;

    #[task]
    #[expect(clippy::too_many_arguments, reason = "so that there are many")]
    pub(crate) fn many(
        reply: u8,
        incoming: u8,
        out: u8,
        value: u8,
        task: u8,
        call: u8,
        field_0: u8,
        field_1: u8,
        cf_task: u8,
    ) -> [u8; 9] {
        [
            reply, incoming, out, value, task, call, field_0, field_1, cf_task,
        ]
    }

    #[task]
    pub(crate) fn pattern_and_name(argument_1: u8, (a, b): (u8, u8), argument_0: u8) -> [u8; 4] {
        [argument_1, a, b, argument_0]
    }

    #[task]
    pub(crate) fn own_name(own_name: u8) -> u8 {
        own_name
    }

    #[task]
    pub(crate) fn field_0(n: u8) -> u8 {
        n + 1
    }

    #[task]
    pub(crate) fn task(n: u8) -> u8 {
        n + 2
    }

    #[task]
    pub(crate) fn core(n: u8) -> u8 {
        n + 3
    }

    #[::cf_task::task]
    pub(crate) fn cf_task(n: u8) -> u8 {
        n + 4
    }
}

#[test]
fn arguments_and_functions_may_have_any_name() {
    let call = arguments::many::task(1, 2, 3, 4, 5, 6, 7, 8, 9);
    assert_eq!(cross(&call).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let call = arguments::pattern_and_name::task(1, (2, 3), 4);
    assert_eq!(cross(&call).unwrap(), [1, 2, 3, 4]);
    assert_eq!(cross(&arguments::own_name::task(5)).unwrap(), 5);
    assert_eq!(cross(&arguments::field_0::task(5)).unwrap(), 6);
    assert_eq!(cross(&arguments::task::task(5)).unwrap(), 7);
    assert_eq!(cross(&arguments::core::task(5)).unwrap(), 8);
    assert_eq!(cross(&arguments::cf_task::task(5)).unwrap(), 9);
}

mod types {
    use serde::{Deserialize, Serialize};

    macro_rules! shadows {
        ($($name:ident)*) => {
            $(
                #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
                pub(crate) struct $name(pub(crate) u8);
            )*
        };
    }

    shadows!(Box Call Task Message Incoming Outgoing Error Vec String Probe Work Failure Send Sized);

    #[cf_task::task]
    pub(crate) fn first(
        a: Box,
        b: Call,
        c: Task,
        d: Message,
        e: Incoming,
        f: Outgoing,
        g: Error,
    ) -> std::vec::Vec<u8> {
        [a.0, b.0, c.0, d.0, e.0, f.0, g.0].into()
    }

    #[cf_task::task]
    pub(crate) fn second(
        a: Vec,
        b: String,
        c: Probe,
        d: Work,
        e: Failure,
        f: Send,
    ) -> Result<Sized, std::string::String> {
        Ok(Sized(a.0 + b.0 + c.0 + d.0 + e.0 + f.0))
    }
}

#[test]
fn types_of_ours_and_of_the_prelude_may_be_shadowed() {
    use types::*;
    let call = first::task(
        Box(1),
        Call(2),
        Task(3),
        Message(4),
        Incoming(5),
        Outgoing(6),
        Error(7),
    );
    assert_eq!(cross(&call).unwrap(), [1, 2, 3, 4, 5, 6, 7]);
    let call = second::task(Vec(1), String(1), Probe(1), Work(1), Failure(1), Send(1));
    assert_eq!(cross(&call).unwrap(), Sized(6));
}

mod variants {
    pub(crate) fn values() -> (
        std::option::Option<u8>,
        std::result::Result<u8, cf_task::Failure>,
    ) {
        (Some::NONE, super::cross(&constant::task(1)))
    }

    /// Not what the prelude has under these names.
    #[derive(Debug)]
    pub(crate) struct Some;

    #[derive(Debug)]
    pub(crate) struct Result;

    #[derive(Debug)]
    pub(crate) enum Option {}

    impl Some {
        const NONE: std::option::Option<u8> = None;
    }

    #[expect(non_snake_case, reason = "shadows the prelude's")]
    #[expect(dead_code, reason = "nobody calls it")]
    fn Ok(_: Option) -> Result {
        Result
    }

    #[cf_task::task]
    fn constant(n: u8) -> std::result::Result<u8, String> {
        std::result::Result::Ok(n)
    }
}

#[test]
fn variants_of_the_prelude_may_be_shadowed() {
    assert_eq!(variants::values(), (None, Ok(1)));
}

mod crates {
    mod std {}
    mod core {}
    mod alloc {}
    mod serde {}
    mod cf_task {}

    #[::cf_task::task]
    pub(crate) fn lonely(text: &str) -> Result<u8, String> {
        text.parse()
            .map_err(|error: ::core::num::ParseIntError| error.to_string())
    }
}

#[test]
fn modules_may_be_named_like_crates() {
    assert_eq!(cross(&crates::lonely::task("7")).unwrap(), 7);
}

mod macros {
    #[expect(unused_macros, reason = "is only to be in the way")]
    macro_rules! concat {
        ($($any:tt)*) => {
            compile_error!("not this one")
        };
    }

    #[expect(unused_macros, reason = "is only to be in the way")]
    macro_rules! line {
        () => {
            compile_error!("not this one")
        };
    }

    #[cf_task::task]
    pub(crate) fn named() -> u8 {
        1
    }
}

#[test]
fn macros_of_the_prelude_may_be_shadowed() {
    assert_eq!(macros::named::TASK.name(), "it::clashes::macros::named");
}

mod traits {
    /// Has methods of the names that the expansion calls, for everything.
    pub(crate) trait Everything {
        fn finish(&self) {}
        fn to_owned(&self) {}
        fn borrow(&self) {}
        fn codec(self)
        where
            Self: Sized,
        {
        }
        fn pack(self)
        where
            Self: Sized,
        {
        }
        fn settle(self)
        where
            Self: Sized,
        {
        }
        fn spare(&mut self) {}
    }

    impl<T: ?Sized> Everything for T {}

    #[cf_task::task]
    pub(crate) fn parse(text: &str) -> Result<u8, std::num::ParseIntError> {
        text.parse()
    }
}

#[test]
fn traits_in_scope_are_not_in_the_way() {
    use traits::Everything;
    Everything::finish("");
    Everything::to_owned("");
    Everything::borrow("");
    Everything::codec("");
    Everything::pack("");
    Everything::settle("");
    Everything::spare(&mut "");
    assert_eq!(cross(&traits::parse::task("7")).unwrap(), 7);
}
