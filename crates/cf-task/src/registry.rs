//! Which tasks this program has: those of `#[task]`, collected by the linker, and those registered by hand.

use std::{
    collections::HashMap,
    error::Error as StdError,
    fmt,
    sync::{PoisonError, RwLock},
};

use once_cell::sync::OnceCell;

use crate::task::Task;

/// What `#[task]` hands to the linker.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration(pub &'static Task);

inventory::collect!(Registration);

/// The tasks of the program, by name and by key.
#[derive(Default)]
struct Registry {
    by_name: HashMap<&'static str, &'static Task>,
    by_key: HashMap<u64, &'static Task>,
}

impl Registry {
    fn add(&mut self, task: &'static Task) -> Result<(), RegistryError> {
        if let Some(first) = self.by_name.get(task.name()) {
            return if std::ptr::eq(*first, task) {
                Ok(())
            } else {
                Err(RegistryError {
                    first,
                    second: task,
                })
            };
        }
        if let Some(first) = self.by_key.get(&task.key()) {
            return Err(RegistryError {
                first,
                second: task,
            });
        }
        self.by_name.insert(task.name(), task);
        self.by_key.insert(task.key(), task);
        Ok(())
    }
}

fn registry() -> Result<&'static RwLock<Registry>, RegistryError> {
    static REGISTRY: OnceCell<RwLock<Registry>> = OnceCell::new();
    REGISTRY.get_or_try_init(|| {
        let mut registry = Registry::default();
        for Registration(task) in inventory::iter::<Registration> {
            registry.add(task)?;
        }
        Ok(RwLock::new(registry))
    })
}

/// Registers a task by hand: for platforms on which the linker does not collect them. Doing it again does nothing.
///
/// In a program with worker processes, before `cf_pool::init()`, so that the workers have it as well.
///
/// # Errors
/// [`RegistryError`], if there is another task of this name.
///
/// # Examples
/// ```
/// use cf_task::{registry, task};
///
/// #[task]
/// fn ping() {}
///
/// registry::register(ping::TASK)?;
/// # Ok::<_, cf_task::registry::RegistryError>(())
/// ```
pub fn register(task: &'static Task) -> Result<(), RegistryError> {
    registry()?
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .add(task)
}

/// Finds a task by the number that stands for its name and signature.
///
/// # Errors
/// [`RegistryError`], if two tasks of the program have one name.
///
/// # Examples
/// ```
/// assert!(cf_task::registry::find(0)?.is_none());
/// # Ok::<_, cf_task::registry::RegistryError>(())
/// ```
pub fn find(key: u64) -> Result<Option<&'static Task>, RegistryError> {
    let registry = registry()?.read().unwrap_or_else(PoisonError::into_inner);
    Ok(registry.by_key.get(&key).copied())
}

/// Finds a task by its name and the signature that the caller expects.
///
/// # Errors
/// [`LookupError`], if there is none, if its signature is another, or if two tasks of the program have one name.
///
/// # Examples
/// ```
/// use cf_task::{registry, task};
///
/// #[task(name = "ping")]
/// fn ping() {}
///
/// assert!(registry::find_by_name("ping", "fn()").is_ok());
/// let error = registry::find_by_name("ping", "fn(u32)").unwrap_err().to_string();
/// assert!(error.starts_with("task `ping` is `fn()` here"));
/// ```
pub fn find_by_name(name: &str, signature: &str) -> Result<&'static Task, LookupError> {
    let registry = registry()
        .map_err(LookupError::Registry)?
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    let task = *registry
        .by_name
        .get(name)
        .ok_or_else(|| LookupError::Unknown(name.to_owned()))?;
    if task.signature() == signature {
        Ok(task)
    } else {
        Err(LookupError::Mismatch {
            task,
            signature: signature.to_owned(),
        })
    }
}

/// Checks that no two tasks of the program have one name.
///
/// # Errors
/// [`RegistryError`], if two have.
///
/// # Examples
/// ```
/// cf_task::registry::check()?;
/// # Ok::<_, cf_task::registry::RegistryError>(())
/// ```
pub fn check() -> Result<(), RegistryError> {
    registry().map(drop)
}

/// Two tasks have one name; displays both places.
///
/// # Examples
/// ```
/// use cf_task::{registry, task};
///
/// #[task(name = "serve")]
/// fn ping() {}
/// # use cf_task::{Place, Task};
/// # static PONG: Task = Task::new("serve", "fn()", Place { file: "pong.rs", line: 3 }, |_, _| Ok(()));
///
/// let error = registry::register(&PONG).unwrap_err(); // is named "serve", too
/// assert!(error.to_string().contains("pong.rs:3"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RegistryError {
    first: &'static Task,
    second: &'static Task,
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (self.first, self.second);
        if first.name() == second.name() {
            write!(
                f,
                "two tasks are named `{}`: `{}` at {} and `{}` at {}; give one of them another name with #[task(name = \"…\")]",
                first.name(),
                first.signature(),
                first.place(),
                second.signature(),
                second.place()
            )
        } else {
            write!(
                f,
                "tasks `{}` at {} and `{}` at {} happen to have one key; give one of them another name with #[task(name = \"…\")]",
                first.name(),
                first.place(),
                second.name(),
                second.place()
            )
        }
    }
}

impl StdError for RegistryError {}

/// A task was not found.
///
/// # Examples
/// ```
/// let error = cf_task::registry::find_by_name("no::such", "fn()").unwrap_err();
/// assert!(error.to_string().starts_with("no task is named `no::such`"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LookupError {
    /// None has this name.
    Unknown(String),
    /// The one that has this name is not of the signature that was asked for.
    Mismatch {
        /// The task there is.
        task: &'static Task,
        /// What was asked for.
        signature: String,
    },
    /// Two tasks of the program have one name.
    Registry(RegistryError),
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(
                f,
                "no task is named `{name}`: is its function marked with #[task], and linked into this program?"
            ),
            Self::Mismatch { task, signature } => write!(
                f,
                "task `{}` is `{}` here (at {}), and `{signature}` for the caller: both sides must be built from the same source",
                task.name(),
                task.signature(),
                task.place()
            ),
            Self::Registry(error) => error.fmt(f),
        }
    }
}

impl StdError for LookupError {}
