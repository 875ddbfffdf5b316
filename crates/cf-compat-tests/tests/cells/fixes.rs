//! The code that the cells give for crossing: the case `cells/fixes.rs` compiles each piece with an `x` of the cell's type.

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use cf_compat_tests::matrix::{Form, cells};

/// Tells that case where they are.
pub(crate) const VARIABLE: &str = "CF_CELLS_FIXES";

/// Writes them to a file.
pub(crate) fn write() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixes.rs");
    fs::write(&path, source()).expect("a file of its own");
    path
}

/// A function a piece and type.
fn source() -> String {
    let pieces: BTreeSet<_> = cells()
        .iter()
        .flat_map(|cell| {
            let x = type_of_x(cell.kind.form());
            cell.code_of_fix().into_iter().map(move |code| (x, code))
        })
        .collect();
    assert!(pieces.len() > 50, "{pieces:?}");
    let mut source = String::new();
    for (place, (x, code)) in pieces.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(
            source,
            "
async fn fix_{place}(mut x: {x}, given: Given) -> Result<(), Box<dyn Error>> {{
    let Given {{ time, handle, pool, mut runner, f, future }} = given;
    let _ = {{
        {code}
    }};
    Ok(())
}}
"
        );
    }
    source
}

fn type_of_x(form: Form) -> &'static str {
    match form {
        Form::Coroutine => "impl Future<Output = u32> + Send + 'static",
        Form::Awaitable => "Order",
        _ => form.written(),
    }
}
