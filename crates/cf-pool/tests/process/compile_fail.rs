//! Programs with process pools that must not compile, with the compiler's words.

#[test]
fn what_cannot_cross_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/process/*.rs");
}
