//! What was measured: values by contender and round, the targets they are held against, and the verdicts.

use serde::{Deserialize, Serialize};

use crate::{statistics, sys};

/// The name of our own contender in every series.
pub(crate) const OURS: &str = "ours";

/// Everything one run of `ratios` found out.
#[derive(Serialize)]
pub(crate) struct Report {
    size: &'static str,
    n_cores: usize,
    /// At the start; not there where the system does not tell.
    load: Option<f64>,
    pub(crate) measured: Vec<Measured>,
    pub(crate) failed: Vec<String>,
}

impl Report {
    pub(crate) fn new(size: &'static str) -> Self {
        let n_cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self {
            size,
            n_cores,
            load: sys::load().ok(),
            measured: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Adds what one child measured; contenders that ran in separate children come together under one title.
    pub(crate) fn add(&mut self, measured: Vec<Measured>) {
        for new in measured {
            match self
                .measured
                .iter_mut()
                .find(|known| known.title == new.title)
            {
                Some(known) => known.series.extend(new.series),
                None => self.measured.push(new),
            }
        }
    }

    /// The cores, what else they were busy with, and the size of the run, for the table's head.
    pub(crate) fn setting(&self) -> String {
        let load = self.load.map_or_else(String::new, |load| {
            format!(", load {load:.1} before the start")
        });
        format!("{} cores{load}, {}", self.n_cores, self.size)
    }
}

/// One quantity, measured for every contender in every round; less is always better.
#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) title: String,
    pub(crate) unit: String,
    pub(crate) series: Vec<Series>,
    pub(crate) targets: Vec<Target>,
}

/// One contender's values, one for each round.
#[derive(Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) contender: String,
    pub(crate) values: Vec<f64>,
}

/// What our values must not exceed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) label: String,
    /// Our value counts over the least value of these in the same round; over none, it counts as it is.
    peers: Vec<String>,
    pub(crate) at_most: f64,
    /// Hoped for: shown, and not counted as a miss.
    pub(crate) is_stretch: bool,
}

impl Target {
    pub(crate) fn ratio(to: &str, peers: &[&str], at_most: f64) -> Self {
        let peers = peers.iter().map(|&peer| peer.to_owned()).collect();
        Self {
            label: format!("ours / {to}"),
            peers,
            at_most,
            is_stretch: false,
        }
    }

    pub(crate) fn stretch(to: &str, peers: &[&str], at_most: f64) -> Self {
        Self {
            is_stretch: true,
            ..Self::ratio(to, peers, at_most)
        }
    }

    pub(crate) fn value(of: &str, at_most: f64) -> Self {
        Self {
            label: of.to_owned(),
            peers: Vec::new(),
            at_most,
            is_stretch: false,
        }
    }
}

impl Measured {
    pub(crate) fn series_of(&self, contender: &str) -> Option<&Series> {
        self.series
            .iter()
            .find(|series| series.contender == contender)
    }

    /// What a target looks at, round by round; nothing if it was not measured.
    pub(crate) fn judged(&self, target: &Target) -> Option<Vec<f64>> {
        let ours = self.series_of(OURS)?;
        if target.peers.is_empty() {
            return Some(ours.values.clone());
        }
        let peers = target.peers.iter().map(|peer| self.series_of(peer));
        let ratios = ratios(ours, &peers.collect::<Option<Vec<_>>>()?);
        (!ratios.is_empty()).then_some(ratios)
    }

    /// The median over the rounds of our value divided by this contender's.
    pub(crate) fn ours_over(&self, peer: &Series) -> Option<f64> {
        let ours = self.series_of(OURS)?;
        Some(statistics::median(&ratios(ours, &[peer])))
    }
}

fn ratios(ours: &Series, peers: &[&Series]) -> Vec<f64> {
    let best_in_round = |round: usize| {
        peers
            .iter()
            .filter_map(|peer| peer.values.get(round))
            .copied()
            .reduce(f64::min)
    };
    ours.values
        .iter()
        .enumerate()
        .filter_map(|(round, ours)| Some(ours / best_in_round(round)?))
        .collect()
}
