//! From a function to the function, a type of its name, its registration, and its calls.

use proc_macro2::{TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Safety, Signature, Visibility,
    parse::{Parse, ParseStream},
    spanned::Spanned,
    token::Brace,
};

use crate::{arguments, crossing::GENERIC, options::Options, returned::Returned, signature};

/// All of a function but its body, which is its own affair.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let function = Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
        };
        if !input.peek(Brace) {
            return Err(input.error("expected a body"));
        }
        input.parse::<TokenTree>()?;
        Ok(function)
    }
}

pub(crate) fn expand(attribute: TokenStream, item: &TokenStream) -> TokenStream {
    let additions = syn::parse2(item.clone())
        .map_err(|_| {
            let message = "#[task] goes on a function with a body: `#[task] fn name(argument: Type) -> Type { … }`";
            syn::Error::new(item.span(), message)
        })
        .and_then(|function| additions(&syn::parse2(attribute)?, &function))
        // The item is kept also where it cannot be a task, so that there is one error and not many.
        .unwrap_or_else(syn::Error::into_compile_error);
    quote!(#item #additions)
}

/// All that is added to the function.
fn additions(options: &Options, function: &Function) -> syn::Result<TokenStream> {
    check(function)?;
    let crate_path = options.root()?;
    let root = quote!(__cf);
    let name = &function.signature.ident;
    let visibility = &function.visibility;
    let arguments = arguments::read(&function.signature.inputs)?;
    let returned = Returned::read(&function.signature.output)?;
    let value = returned.value(&root);

    let cfgs: Vec<_> = function
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect();
    let task_name = match &options.name {
        Some(name) => quote!(#name),
        None => {
            let name = name.to_string();
            let name = name.strip_prefix("r#").unwrap_or(&name);
            quote!(::core::concat!(::core::module_path!(), "::", #name))
        }
    };
    let signature = signature::text(&arguments, &function.signature.output);
    let checks = arguments
        .iter()
        .map(|argument| {
            let owned = argument.owned(&root);
            quote_spanned!(argument.written.span()=> #root::crosses::<#owned, _>();)
        })
        .chain([returned.checks(&root)]);

    let names: Vec<_> = arguments.iter().map(|argument| &argument.name).collect();
    let fields: Vec<_> = arguments.iter().map(|argument| &argument.field).collect();
    let written: Vec<_> = arguments.iter().map(|argument| &argument.written).collect();
    let owned: Vec<_> = arguments
        .iter()
        .map(|argument| argument.owned(&root))
        .collect();
    let kinds = arguments.iter().map(|argument| &argument.kind);
    let kinds: Vec<_> = kinds.collect();
    let made = arguments.iter().map(|argument| argument.to_owned(&root));
    let passed: Vec<_> = arguments
        .iter()
        .map(|argument| argument.passed(&root))
        .collect();
    let settled = returned.settled(&root);
    let doc =
        format!("Makes calls of [`{name}`](fn@{name}) that can be submitted to any executor.");

    // What is expanded cannot know whether it has anything to expect; what is wrong with the types, the function tells.
    let allow = quote!(allow);

    Ok(quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[#allow(non_camel_case_types, clippy::exhaustive_structs)]
        #visibility struct #name {}

        #(#cfgs)*
        #[#allow(
            clippy::all, clippy::pedantic, dead_code, deprecated, unused_imports, unused_parens, unused_qualifications
        )]
        const _: () = {
            use #crate_path as #root;
            use #root::{
                ByPostcard as _, NoCodec as _, NoPack as _, NoSettle as _, Pack as _, Settle as _,
            };

            const _: () = { #(#checks)* };

            static __CF_TASK: #root::Task = #root::Task::new(
                #task_name,
                #signature,
                #root::Place { file: ::core::file!(), line: ::core::line!() },
                __cf_run,
            );

            #root::inventory::submit! { #root::Registration(&__CF_TASK) }

            fn __cf_run(
                __cf_incoming: &mut #root::Incoming<'_>,
                __cf_reply: &mut #root::Message,
            ) -> #root::Result<(), #root::Failure> {
                #(let #fields = (#root::Probe::<#owned>::new().__cf_codec().take)(__cf_incoming)?;)*
                __cf_incoming.finish()?;
                let __cf_value = #name(#(#passed),*);
                (#root::Probe::<#value>::new().__cf_codec().give)(#settled, __cf_reply)?;
                #root::Result::Ok(())
            }

            struct __CfArguments<#(#kinds),*> {
                #(#fields: #kinds,)*
            }

            impl #root::Work<#value> for __CfArguments<#(#owned),*> {
                fn call(self: #root::Box<Self>) -> #root::Result<#value, #root::Error> {
                    let Self { #(#fields),* } = *self;
                    let __cf_value = #name(#(#passed),*);
                    #root::Result::Ok(#settled)
                }

                fn encode<'__cf>(
                    &'__cf self,
                    __cf_out: &mut #root::Outgoing<'__cf>,
                ) -> #root::Result<(), #root::CodecError> {
                    #((#root::Probe::<#owned>::new().__cf_codec().lend)(&self.#fields, __cf_out)?;)*
                    #root::Result::Ok(())
                }

                fn spare(&mut self) -> #root::Option<#root::Vec<u8>> {
                    #(
                        let __cf_spare = #root::Probe::<#owned>::new().__cf_spare(&mut self.#fields);
                        if __cf_spare.is_some() {
                            return __cf_spare;
                        }
                    )*
                    #root::Option::None
                }

                fn decode(
                    &self,
                    __cf_reply: &mut #root::Incoming<'_>,
                ) -> #root::Result<#value, #root::CodecError> {
                    let __cf_value = (#root::Probe::<#value>::new().__cf_codec().take)(__cf_reply)?;
                    __cf_reply.finish()?;
                    #root::Result::Ok(__cf_value)
                }
            }

            impl #name {
                /// The registered task.
                #visibility const TASK: &'static #root::Task = &__CF_TASK;

                /// Makes a call with these arguments, to be submitted to an executor.
                #visibility fn task(#(#names: #written),*) -> #root::Call<#value> {
                    #root::Call::new(
                        &__CF_TASK,
                        #root::Packing(__CfArguments { #(#fields: #made),* }).__cf_pack(),
                    )
                }
            }
        };
    })
}

/// Refuses functions that cannot be called elsewhere.
fn check(function: &Function) -> syn::Result<()> {
    let signature = &function.signature;
    if let Some(lifetime) = signature.generics.lifetimes().next() {
        return Err(syn::Error::new(
            lifetime.span(),
            "a task has no lifetimes of its own, because a call owns its arguments: write `&str` instead of `&'a str`",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new(signature.generics.params.span(), GENERIC));
    }
    if let Some(asyncness) = &signature.asyncness {
        return Err(syn::Error::new(
            asyncness.span(),
            "an async function cannot be a task: a worker calls it and sends what it returns; \
             write an ordinary function, and await its call with `run_in_executor`",
        ));
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        return Err(syn::Error::new(
            unsafety.span(),
            "an unsafe function cannot be a task, because nobody elsewhere keeps its promises: write a safe one that calls it",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(syn::Error::new(
            variadic.span(),
            "a task has a fixed number of arguments",
        ));
    }
    Ok(())
}
