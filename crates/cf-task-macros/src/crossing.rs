//! Which types cannot cross to another process, as far as this can be seen from how they are written.

use syn::{
    Lifetime, Type, TypeImplTrait, TypePtr, TypeReference,
    spanned::Spanned,
    visit::{self, Visit},
};

/// Why a generic function cannot be a task.
pub(crate) const GENERIC: &str = "a generic function cannot be a task, because the other process must know which types are meant: \
     write one function per type, for example `#[task] fn sum_f64(values: Vec<f64>) -> f64 { sum(values) }`";

/// What a type is in the signature of a task.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    Argument,
    Value,
    Error,
}

/// Refuses types that cannot be owned by a call, or cannot be known.
pub(crate) fn check(ty: &Type, role: Role) -> syn::Result<()> {
    let mut finder = Finder { role, error: None };
    finder.visit_type(ty);
    finder.error.map_or(Ok(()), Err)
}

/// The type itself, without what a macro or the writer has put around it.
pub(crate) fn peel(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            bare => return bare,
        };
    }
}

struct Finder {
    role: Role,
    error: Option<syn::Error>,
}

impl Finder {
    fn refuse(&mut self, place: &impl Spanned, message: &str) {
        self.error
            .get_or_insert_with(|| syn::Error::new(place.span(), message));
    }
}

impl Visit<'_> for Finder {
    fn visit_type_reference(&mut self, reference: &TypeReference) {
        let is_static = (reference.lifetime.as_ref()).is_some_and(|life| life.ident == "static");
        let message = match self.role {
            Role::Argument => {
                "only the argument itself may be a reference, so that the call can own what it points to: \
                 for example `Option<String>` instead of `Option<&str>`"
            }
            Role::Value => {
                "a task must return an owned value, because it comes from elsewhere: for example `String` instead of `&str`"
            }
            Role::Error if is_static => return visit::visit_type_reference(self, reference),
            Role::Error => {
                "the error of a task must own what it tells, because it comes from elsewhere: \
                 for example `String` or `&'static str` instead of `&str`"
            }
        };
        self.refuse(reference, message);
    }

    fn visit_lifetime(&mut self, lifetime: &Lifetime) {
        if lifetime.ident != "static" {
            let message = "what crosses to another process is owned there, so `'static` is the only lifetime it can have: \
                 for example `Cow<'static, str>`";
            self.refuse(lifetime, message);
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
        let message = match self.role {
            Role::Argument => GENERIC,
            Role::Value => {
                "a task must return a type with a name, because its caller decodes it: \
                 for example `Vec<u32>` instead of `impl Iterator<Item = u32>`"
            }
            Role::Error => {
                "the error of a task must be a type with a name: for example `Box<dyn Error + Send + Sync>`"
            }
        };
        self.refuse(ty, message);
    }

    fn visit_type_ptr(&mut self, ty: &TypePtr) {
        self.refuse(
            ty,
            "a pointer means nothing in another process: pass what it points to",
        );
    }
}
