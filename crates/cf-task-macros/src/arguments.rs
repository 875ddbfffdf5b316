//! The arguments of a task: what the function takes, what a call owns, and what cannot be an argument.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{FnArg, Ident, Pat, Type, TypeReference, punctuated::Punctuated, spanned::Spanned};

use crate::crossing::{self, Role};

/// One argument.
pub(crate) struct Argument {
    /// Its name in `task(…)`.
    pub(crate) name: Ident,
    /// Its field in the call.
    pub(crate) field: Ident,
    /// The parameter for the type of that field.
    pub(crate) kind: Ident,
    /// Its type as it is written.
    pub(crate) written: Type,
    /// What a plain reference points to.
    target: Option<Type>,
}

impl Argument {
    fn read(index: usize, argument: &FnArg) -> syn::Result<Self> {
        let argument = match argument {
            FnArg::Typed(argument) => argument,
            FnArg::Receiver(receiver) => {
                return Err(syn::Error::new(
                    receiver.self_token.span(),
                    "a method cannot be a task: write a function outside of the `impl` that takes what it needs as arguments",
                ));
            }
        };
        if let Some(attribute) = argument.attrs.iter().find(|attribute| {
            attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
        }) {
            return Err(syn::Error::new(
                attribute.span(),
                "the arguments of a task cannot depend on a `cfg`: write two functions, each with its own `#[cfg(…)]`",
            ));
        }
        let name = match &*argument.pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
                name.ident.clone()
            }
            // Neither this nor a field can be confused with a name of the function's own.
            _ => format_ident!("argument_{index}", span = Span::mixed_site()),
        };
        let written = (*argument.ty).clone();
        let target = target(&written)?;
        crossing::check(target.as_ref().unwrap_or(&written), Role::Argument)?;
        Ok(Self {
            name,
            field: format_ident!("field_{index}", span = Span::mixed_site()),
            kind: format_ident!("Argument{index}", span = Span::mixed_site()),
            written,
            target,
        })
    }

    /// The type that the call owns.
    pub(crate) fn owned(&self, root: &TokenStream) -> TokenStream {
        match &self.target {
            Some(target) => {
                quote_spanned!(target.span()=> <#target as #root::ToOwned>::Owned)
            }
            None => self.written.to_token_stream(),
        }
    }

    /// The owned value, made from the argument of `task(…)`.
    pub(crate) fn to_owned(&self, root: &TokenStream) -> TokenStream {
        let name = &self.name;
        match &self.target {
            Some(target) => {
                quote_spanned!(target.span()=> <#target as #root::ToOwned>::to_owned(#name))
            }
            None => quote!(#name),
        }
    }

    /// What the function is given of the owned value.
    pub(crate) fn passed(&self, root: &TokenStream) -> TokenStream {
        let field = &self.field;
        match &self.target {
            Some(target) => {
                quote_spanned!(target.span()=> #root::Borrow::<#target>::borrow(&#field))
            }
            None => quote!(#field),
        }
    }
}

/// What the type points to, if it is a reference.
fn target(written: &Type) -> syn::Result<Option<Type>> {
    let Type::Reference(TypeReference {
        lifetime,
        mutability,
        elem,
        ..
    }) = crossing::peel(written)
    else {
        return Ok(None);
    };
    if mutability.is_some() {
        return Err(syn::Error::new(
            written.span(),
            "a task cannot change what its caller has, because it runs elsewhere: take the value and return the new one",
        ));
    }
    if let Some(lifetime) = lifetime.as_ref().filter(|lifetime| lifetime.ident != "_") {
        return Err(syn::Error::new(
            lifetime.span(),
            "a call owns its arguments, and lends them to the function while it runs: write the reference without a lifetime",
        ));
    }
    if let Type::TraitObject(object) = crossing::peel(elem) {
        return Err(syn::Error::new(
            object.span(),
            "what is behind `dyn` is not known elsewhere: take a type with a name",
        ));
    }
    Ok(Some((**elem).clone()))
}

/// Reads all arguments of a function.
pub(crate) fn read<P>(inputs: &Punctuated<FnArg, P>) -> syn::Result<Vec<Argument>> {
    inputs
        .iter()
        .enumerate()
        .map(|(index, argument)| Argument::read(index, argument))
        .collect()
}
