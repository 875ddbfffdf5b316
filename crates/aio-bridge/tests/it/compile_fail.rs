//! Programs that must not compile, with the compiler's words.

#[test]
fn what_python_finds_at_run_time_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
