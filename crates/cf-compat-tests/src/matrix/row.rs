//! One operation, and what becomes of it on each type of future.

use super::kind::{Form, Kind};

/// An operation.
pub(super) struct Row {
    pub(super) op: &'static str,
    /// On `x`.
    pub(super) code: &'static str,
    /// Of the behavioural reference: what is about all types.
    rows: &'static str,
    entries: Vec<Entry>,
}

/// What is said of several types at once.
struct Entry {
    forms: &'static [Form],
    /// Of the behavioural reference: what is about these types.
    rows: &'static str,
    here: Here,
    fix: String,
}

/// What becomes of an operation on a type.
pub(super) enum Here {
    Runs {
        expected: Expected,
        run: fn(Kind) -> String,
    },
    DoesNotCompile {
        case: String,
        names: &'static str,
    },
}

/// What comes out.
pub(super) enum Expected {
    Always(&'static str),
    /// While it is pending, and once it is done.
    ByState(&'static str, &'static str),
    ByKind(fn(Kind) -> &'static str),
}

impl Expected {
    pub(super) fn of(&self, kind: Kind) -> &'static str {
        match self {
            Self::Always(text) => text,
            Self::ByState(pending, done) => {
                if kind.is_done() {
                    done
                } else {
                    pending
                }
            }
            Self::ByKind(text) => text(kind),
        }
    }
}

impl From<&'static str> for Expected {
    fn from(text: &'static str) -> Self {
        Self::Always(text)
    }
}

impl From<(&'static str, &'static str)> for Expected {
    fn from((pending, done): (&'static str, &'static str)) -> Self {
        Self::ByState(pending, done)
    }
}

impl From<fn(Kind) -> &'static str> for Expected {
    fn from(text: fn(Kind) -> &'static str) -> Self {
        Self::ByKind(text)
    }
}

impl Row {
    pub(super) fn new(op: &'static str, rows: &'static str, code: &'static str) -> Self {
        Self {
            op,
            code,
            rows,
            entries: Vec::new(),
        }
    }

    /// On these types it runs.
    pub(super) fn runs(
        self,
        forms: &'static [Form],
        expected: impl Into<Expected>,
        run: fn(Kind) -> String,
        fix: impl Into<String>,
    ) -> Self {
        let expected = expected.into();
        self.with(forms, Here::Runs { expected, run }, fix)
    }

    /// On these types it does not compile, and the message names what does.
    pub(super) fn fails(
        self,
        forms: &'static [Form],
        case: impl Into<String>,
        names: &'static str,
        fix: impl Into<String>,
    ) -> Self {
        let case = case.into();
        self.with(forms, Here::DoesNotCompile { case, names }, fix)
    }

    fn with(mut self, forms: &'static [Form], here: Here, fix: impl Into<String>) -> Self {
        self.entries.push(Entry {
            forms,
            rows: "",
            here,
            fix: fix.into(),
        });
        self
    }

    /// What was said last is about these rows of the behavioural reference, too.
    pub(super) fn rows(mut self, rows: &'static str) -> Self {
        let last = self.entries.last_mut().expect("something was said");
        last.rows = rows;
        self
    }

    /// What becomes of it, how to cross, and the rows that this is about.
    pub(super) fn on(&self, form: Form) -> (&Here, &str, String) {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.forms.contains(&form))
            .unwrap_or_else(|| panic!("nothing is said of {} on {form:?}", self.op));
        let rows: Vec<_> = [self.rows, entry.rows]
            .into_iter()
            .filter(|rows| !rows.is_empty())
            .collect();
        (&entry.here, &entry.fix, rows.join(", "))
    }
}
