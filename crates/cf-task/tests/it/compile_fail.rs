//! Programs that must not compile, with words that say what to do; and those that must, without a warning.

#[test]
fn what_cannot_be_called_elsewhere_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    cases.pass("tests/compile_pass/*.rs");
}
