//! Loom's threads with the parking of the standard library's: a token per thread, which loom's own `park` loses to locks.

#[doc(hidden)]
pub use loom::thread_local as loom_thread_local;

/// As the standard library's, `const` initial values included.
#[doc(hidden)]
#[macro_export]
macro_rules! __modelled_thread_local {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = const { $initial:expr } $(; $($rest:tt)*)?) => {
        $crate::sync::modelled::loom_thread_local! {
            $(#[$attribute])* $visibility static $name: $type = $initial
        }
        $($crate::__modelled_thread_local! { $($rest)* })?
    };
    () => {};
}

pub mod thread {
    //! As `std::thread`, as far as it is used here.

    use std::sync::Arc;

    use loom::sync::Notify;
    pub use loom::thread::{Builder, JoinHandle, ThreadId, spawn, yield_now};

    /// As `std::thread::Thread`.
    #[derive(Clone, Debug)]
    pub struct Thread {
        id: ThreadId,
        token: Arc<Notify>,
    }

    impl Thread {
        /// As `std::thread::Thread::id`.
        pub fn id(&self) -> ThreadId {
            self.id
        }

        /// As `std::thread::Thread::unpark`.
        pub fn unpark(&self) {
            self.token.notify();
        }
    }

    loom::thread_local! {
        static CURRENT: Thread = Thread {
            id: loom::thread::current().id(),
            token: Arc::new(Notify::new()),
        };
    }

    /// As `std::thread::current`.
    pub fn current() -> Thread {
        CURRENT.with(Thread::clone)
    }

    /// As `std::thread::park`; that it wakes for no reason is part of the model.
    pub fn park() {
        current().token.wait();
    }
}
