//! What may stand in the parentheses of `#[task(…)]`, and where the crate is that the expansion refers to.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Ident, LitStr, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream},
};

/// The crates that export `#[task]`, and what the expansion needs as `__task`; the leanest first.
const CRATES: [&str; 3] = ["cf-task", "cf-pool", "concurrent-futures"];

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    path: Option<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            let key = Ident::parse_any(input).map_err(|error| refuse(error.span(), KNOWN))?;
            if key == "crate" && options.path.is_none() {
                input.parse::<Token![=]>()?;
                options.path = Some(input.call(Path::parse_mod_style)?);
            } else if key == "name" && options.name.is_none() {
                input.parse::<Token![=]>()?;
                let name: LitStr = input.parse()?;
                if name.value().is_empty() {
                    return Err(refuse(name.span(), "a task needs a name"));
                }
                options.name = Some(name);
            } else if key == "crate" || key == "name" {
                return Err(refuse(key.span(), "this option is given twice"));
            } else {
                return Err(refuse(key.span(), KNOWN));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

const KNOWN: &str = "#[task] takes `name = \"…\"` and `crate = path`, and nothing else";

fn refuse(place: Span, message: &str) -> syn::Error {
    syn::Error::new(place, message)
}

impl Options {
    /// The path of the module with all that the expansion refers to.
    pub(crate) fn root(&self) -> syn::Result<TokenStream> {
        if let Some(path) = &self.path {
            return Ok(quote!(#path::__task));
        }
        let found = CRATES.iter().find_map(|name| {
            let found = crate_name(name).ok()?;
            Some(match found {
                // Tests, examples and binaries of that crate see it under its own name.
                FoundCrate::Itself => name.replace('-', "_"),
                FoundCrate::Name(name) => name,
            })
        });
        let Some(name) = found else {
            return Err(refuse(
                Span::call_site(),
                "#[task] needs `cf-pool`, `cf-task` or `concurrent-futures` among the dependencies; \
                 if another crate re-exports it, write #[task(crate = path::to::it)]",
            ));
        };
        let name = Ident::new(&name, Span::call_site());
        Ok(quote!(::#name::__task))
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, process::Command};

    use super::*;

    /// Has a program of these dependencies, for the process that is to look for them.
    const MANIFEST_DIR: &str = "CARGO_MANIFEST_DIR";
    const SAYS: &str = "the root is ";

    /// Not a test of its own: says what is found for the program whose manifest the environment names.
    #[test]
    fn says_what_is_found() {
        match Options::default().root() {
            Ok(root) => println!("{SAYS}{}", root.to_string().replace(' ', "")),
            Err(error) => println!("{SAYS}{error}"),
        }
    }

    /// What is found for a program of these dependencies: in a process of its own, because the environment says which program.
    fn found(dependencies: &str) -> String {
        let dir = Dir(env::temp_dir().join(format!("cf-task-macros-{}", std::process::id())));
        fs::create_dir(&dir.0).unwrap();
        let manifest = format!("[package]\nname = \"program\"\n[dependencies]\n{dependencies}");
        fs::write(dir.0.join("Cargo.toml"), manifest).unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "options::tests::says_what_is_found",
                "--nocapture",
            ])
            .env(MANIFEST_DIR, &dir.0)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said = text.lines().find_map(|line| line.split_once(SAYS));
        said.unwrap_or_else(|| panic!("{text}")).1.to_owned()
    }

    /// A directory that is gone afterwards.
    struct Dir(PathBuf);

    impl Drop for Dir {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn the_crate_that_a_program_depends_on_is_found_whatever_its_name_there() {
        for (dependencies, root) in [
            (
                "concurrent-futures = \"0.1\"",
                "::concurrent_futures::__task",
            ),
            ("cf-pool = \"0.1\"", "::cf_pool::__task"),
            (
                "concurrent-futures = \"0.1\"\ncf-task = \"0.1\"",
                "::cf_task::__task",
            ),
            (
                "futures = { package = \"concurrent-futures\", version = \"0.1\" }",
                "::futures::__task",
            ),
        ] {
            assert_eq!(found(dependencies), root, "{dependencies}");
        }
        assert!(found("serde = \"1\"").contains("among the dependencies"));
    }
}
