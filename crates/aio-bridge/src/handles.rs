//! Which types are futures of this crate that only look on when polled, such as what `gather` and `shield` give.
//!
//! A coroutine that is polled begins to run; one of these does not. To the compiler both are futures, so the types are noted
//! where the first value of each is made.

use std::{
    any::TypeId,
    collections::HashSet,
    sync::{LazyLock, PoisonError, RwLock},
};

static KNOWN: LazyLock<RwLock<HashSet<TypeId>>> = LazyLock::new(RwLock::default);

/// Notes that polling an `F` starts nothing.
pub(crate) fn note<F: 'static>() {
    if !is_known::<F>() {
        KNOWN
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(TypeId::of::<F>());
    }
}

/// Whether polling an `F` is known to start nothing.
pub(crate) fn is_known<F: 'static>() -> bool {
    KNOWN
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .contains(&TypeId::of::<F>())
}
