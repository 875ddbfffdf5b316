//! What Python does, as `data/measure.py` measured it.

use std::{collections::HashMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// One version of Python, all cells.
#[derive(Debug, Deserialize)]
pub struct Matrix {
    /// The version.
    pub python: String,
    /// Which Python it is.
    pub implementation: String,
    /// Where it ran.
    pub platform: String,
    /// How long what is pending takes, in seconds.
    pub delay: f64,
    /// When a cell counts as hanging, in seconds.
    pub cell_timeout: f64,
    /// The kinds of future, and what each is.
    pub kinds: InOrder<String>,
    /// The operations.
    pub ops: InOrder<Op>,
    /// By kind and operation.
    pub cells: HashMap<String, HashMap<String, Outcome>>,
}

/// An operation.
#[derive(Debug, Deserialize)]
pub struct Op {
    /// What it is about.
    pub group: String,
    /// The operation in Python, on `x`.
    pub label: String,
}

/// What came out.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    /// `ok: …`, `returns …`, `raises: …`, `hangs`, `warns: …` or `n/a: …`.
    pub outcome: String,
    /// What was logged or warned on the side.
    pub notes: Vec<String>,
}

impl Matrix {
    /// The measurements, oldest version first.
    ///
    /// # Panics
    /// If a file is not what the script writes, which a test finds.
    pub fn all() -> Vec<Self> {
        [
            include_str!("../../data/matrix-3.11.json"),
            include_str!("../../data/matrix-3.12.json"),
            include_str!("../../data/matrix-3.13.json"),
        ]
        .map(|json| serde_json::from_str(json).expect("a file that data/measure.py wrote"))
        .into()
    }

    /// What came out of one cell.
    pub fn outcome(&self, kind: &str, op: &str) -> Option<&Outcome> {
        self.cells.get(kind)?.get(op)
    }
}

/// A map as it is written down.
#[derive(Debug)]
pub struct InOrder<V>(pub Vec<(String, V)>);

impl<V> InOrder<V> {
    /// The keys.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for InOrder<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = InOrder<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder<V>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(InOrder(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_has_an_outcome_in_every_cell() {
        for matrix in Matrix::all() {
            for kind in matrix.kinds.names() {
                for op in matrix.ops.names() {
                    let outcome = matrix.outcome(kind, op);
                    assert!(
                        outcome.is_some_and(|outcome| !outcome.outcome.is_empty()),
                        "{op} of {kind}"
                    );
                }
            }
        }
    }

    #[test]
    fn twelve_cells_hang_in_every_version() {
        for matrix in Matrix::all() {
            let hanging = matrix
                .cells
                .values()
                .flat_map(HashMap::values)
                .filter(|cell| cell.outcome == "hangs");
            assert_eq!(hanging.count(), 12, "{}", matrix.python);
        }
    }
}
