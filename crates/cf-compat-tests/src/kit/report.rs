//! What came out of a check.

use std::fmt;

use crate::kit::{Rule, Traits};

/// How a rule came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The executor keeps it.
    Kept,
    /// The executor breaks it: what was seen.
    Broken(String),
    /// It does not apply to this executor: why.
    NotAsked(String),
}

/// Each rule with its outcome; displayed, it says in plain words what is broken.
#[derive(Clone, Debug)]
#[must_use = "a report that nobody reads checks nothing: call `assert`"]
pub struct Report {
    traits: Traits,
    outcomes: Vec<(&'static Rule, Outcome)>,
}

impl Report {
    pub(super) fn new(traits: Traits) -> Self {
        Self {
            traits,
            outcomes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, rule: &'static Rule, outcome: Outcome) {
        self.outcomes.push((rule, outcome));
    }

    /// Gives what the executor was found, or said, to be like.
    pub fn traits(&self) -> Traits {
        self.traits
    }

    /// Gives the rules in the order in which they were checked.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static Rule, &Outcome)> {
        self.outcomes.iter().map(|(rule, outcome)| (*rule, outcome))
    }

    /// Gives the outcome of a rule; `None` if it was not among those that were checked.
    pub fn outcome(&self, rule: &str) -> Option<&Outcome> {
        self.outcomes()
            .find(|(it, _)| it.name == rule)
            .map(|(_, outcome)| outcome)
    }

    /// Tells whether the executor keeps the rule.
    pub fn is_kept(&self, rule: &str) -> bool {
        matches!(self.outcome(rule), Some(Outcome::Kept))
    }

    /// Tells whether the executor breaks the rule.
    pub fn is_broken(&self, rule: &str) -> bool {
        matches!(self.outcome(rule), Some(Outcome::Broken(_)))
    }

    /// Gives the names of the rules that are broken.
    pub fn broken(&self) -> Vec<&'static str> {
        self.outcomes()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Broken(_)))
            .map(|(rule, _)| rule.name)
            .collect()
    }

    /// Passes if no rule is broken.
    ///
    /// # Panics
    /// With the whole report, if one is.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.broken().is_empty(), "{self}");
    }

    fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> usize {
        let outcomes = self.outcomes.iter();
        outcomes.filter(|(_, outcome)| is_counted(outcome)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rules kept, {} broken, {} not asked",
            self.count(|outcome| *outcome == Outcome::Kept),
            self.count(|outcome| matches!(outcome, Outcome::Broken(_))),
            self.count(|outcome| matches!(outcome, Outcome::NotAsked(_))),
        )?;
        for (rule, outcome) in self.outcomes() {
            let Rule {
                name, rows, says, ..
            } = rule;
            match outcome {
                Outcome::Kept => writeln!(f, "kept {name} ({rows})")?,
                Outcome::NotAsked(why) => writeln!(f, "not asked {name} ({rows}): {why}")?,
                Outcome::Broken(what) => {
                    writeln!(f, "BROKEN {name} ({rows})")?;
                    writeln!(f, "  the rule: {says}")?;
                    writeln!(f, "  what happened: {what}")?;
                }
            }
        }
        Ok(())
    }
}
