//! What a task returns: a value, or a `Result` that is told apart into value and failure.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericArgument, PathArguments, ReturnType, Type, spanned::Spanned};

use crate::crossing::{self, Role};

/// What the function returns.
pub(crate) struct Returned {
    written: Type,
    is_result: bool,
    /// Where the value is written, and the error of a `Result`.
    places: [Span; 2],
}

impl Returned {
    pub(crate) fn read(output: &ReturnType) -> syn::Result<Self> {
        let written = match output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        let bare = crossing::peel(&written);
        if matches!(bare, Type::Never(_)) {
            return Err(syn::Error::new(
                bare.span(),
                "a task that never returns has nothing to give: leave the `-> !` out",
            ));
        }
        let mut places = [bare.span(); 2];
        let result = result(bare);
        match result {
            Some(PathArguments::AngleBracketed(arguments)) => {
                let types = arguments.args.iter().filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                });
                for (index, ty) in types.take(2).enumerate() {
                    let role = [Role::Value, Role::Error][index];
                    crossing::check(ty, role)?;
                    places[index] = ty.span();
                }
            }
            _ => crossing::check(bare, Role::Value)?,
        }
        Ok(Self {
            is_result: result.is_some(),
            places,
            written,
        })
    }

    /// What the future of a call gives.
    pub(crate) fn value(&self, root: &TokenStream) -> TokenStream {
        let written = &self.written;
        if self.is_result {
            quote_spanned!(self.places[0]=> <#written as #root::Flatten>::Value)
        } else {
            written.to_token_stream()
        }
    }

    /// Checks what it is made of, where it is written.
    pub(crate) fn checks(&self, root: &TokenStream) -> TokenStream {
        let (written, value) = (&self.written, self.value(root));
        let [value_at, error_at] = self.places;
        let mut checks = quote_spanned!(value_at=> #root::crosses::<#value, _>(););
        if self.is_result {
            checks.extend(quote_spanned!(error_at=>
                #root::fails::<<#written as #root::Flatten>::Error, _>();
            ));
        }
        checks
    }

    /// The expression for its value, which ends the caller with the error of a `Result`.
    pub(crate) fn settled(&self, root: &TokenStream) -> TokenStream {
        if self.is_result {
            quote_spanned!(self.written.span()=> #root::Outcome(__cf_value).__cf_settle()?)
        } else {
            quote!(__cf_value)
        }
    }
}

/// The arguments of `Result<T, E>`, `io::Result<T>` or `fmt::Result`: known by the name, because types are not known here.
fn result(ty: &Type) -> Option<&PathArguments> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    (last.ident == "Result").then_some(&last.arguments)
}
