//! Atomics whose sequentially consistent operations are that in a model too.
//!
//! Loom takes sequentially consistent loads and stores for little more than acquire and release, and then finds sleepers who
//! missed a call that no machine would let them miss. What it does keep in order are read-modify-writes, so here every operation
//! is one. Weaker ones go to loom as they are.

pub(crate) use loom::sync::atomic::Ordering;

macro_rules! in_order {
    ($name:ident, $int:ty) => {
        pub(crate) struct $name(loom::sync::atomic::$name);

        impl $name {
            pub(crate) fn new(value: $int) -> Self {
                Self(loom::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $int {
                match order {
                    Ordering::SeqCst => self.0.fetch_add(0, order),
                    order => self.0.load(order),
                }
            }

            pub(crate) fn store(&self, value: $int, order: Ordering) {
                match order {
                    Ordering::SeqCst => _ = self.0.swap(value, order),
                    order => self.0.store(value, order),
                }
            }

            pub(crate) fn swap(&self, value: $int, order: Ordering) -> $int {
                self.0.swap(value, order)
            }

            pub(crate) fn compare_exchange(
                &self,
                old: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                self.0.compare_exchange(old, new, success, failure)
            }

            pub(crate) fn fetch_add(&self, n: $int, order: Ordering) -> $int {
                self.0.fetch_add(n, order)
            }

            pub(crate) fn fetch_sub(&self, n: $int, order: Ordering) -> $int {
                self.0.fetch_sub(n, order)
            }
        }
    };
}

in_order!(AtomicU32, u32);
in_order!(AtomicU64, u64);
