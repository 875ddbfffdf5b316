//! The signature of a task as text: the same for the same source, whoever compiles it.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ReturnType;

use crate::arguments::Argument;

/// Writes the types as people do, without the names of the arguments.
pub(crate) fn text(arguments: &[Argument], output: &ReturnType) -> String {
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| one(&argument.written))
        .collect();
    let returned = match output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, ty) => format!(" -> {}", one(ty)),
    };
    format!("fn({}){returned}", arguments.join(", "))
}

fn one(ty: &impl ToTokens) -> String {
    let mut text = String::new();
    write(ty.to_token_stream(), &mut text);
    text
}

/// Not `to_string()`, whose spaces and line breaks are the compiler's own affair and part of the task's key.
fn write(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.truncate(text.trim_end().len());
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                mark @ (',' | ';') => {
                    text.push(mark);
                    text.push(' ');
                }
                mark @ ('+' | '=') => {
                    text.push(' ');
                    text.push(mark);
                    text.push(' ');
                }
                '-' if punct.spacing() == Spacing::Joint => text.push_str(" -"),
                '>' if text.ends_with(" -") => text.push_str("> "),
                '>' => {
                    text.truncate(text.trim_end().len());
                    text.push('>');
                }
                mark => text.push(mark),
            },
            word => {
                if text.ends_with(|last: char| last.is_alphanumeric() || "_>])".contains(last)) {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}
