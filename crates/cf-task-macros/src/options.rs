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
