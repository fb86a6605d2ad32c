//! What a composition says about repeating its runs.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Fault;
use super::path::KeyPath;
use super::{Params, ResolveError};

/// The matrix in which the runs of a composition are repeated; empty parts mean "as it is".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweepSpec {
    /// The values each parameter takes; every combination is run.
    pub params: BTreeMap<String, Vec<String>>,
    /// Revisions of the plan's repository, as git names them.
    pub revisions: Vec<String>,
    /// How often each cell of the matrix is run.
    pub repetitions: Option<u32>,
    /// The runners, each of which runs every cell.
    pub runners: Vec<String>,
    /// The seed of the order in which cells are run.
    pub seed: Option<u64>,
}

impl SweepSpec {
    /// Returns every combination of parameter values, the last name varying fastest.
    ///
    /// Without parameters there is one combination, the empty one.
    #[must_use]
    pub fn param_cells(&self) -> Vec<Params> {
        self.params.iter().fold(vec![Params::new()], |cells, (name, values)| {
            let with = |cell: &Params, value: &String| {
                let mut cell = cell.clone();
                cell.insert(name.clone(), value.clone());
                cell
            };
            cells
                .iter()
                .flat_map(|cell| values.iter().map(move |value| with(cell, value)))
                .collect()
        })
    }

    /// Refuses an empty or repeated part, which would silently run nothing or the same thing twice.
    pub(super) fn check(&self) -> Result<(), ResolveError> {
        let at = |key: &str| KeyPath::composition("sweep").key(key);
        for (name, values) in &self.params {
            let at = at("params").key(name);
            if values.is_empty() {
                return Err(Fault::EmptySweep { param: name.clone() }.at(at));
            }
            check_once("params", values, &at)?;
        }
        check_once("revisions", &self.revisions, &at("revisions"))?;
        check_once("runners", &self.runners, &at("runners"))?;
        if self.repetitions == Some(0) {
            return Err(Fault::NoRepetitions.at(at("repetitions")));
        }
        Ok(())
    }
}

fn check_once(what: &'static str, values: &[String], at: &KeyPath) -> Result<(), ResolveError> {
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        if !seen.insert(value) {
            return Err(
                Fault::RepeatedSweep { what, value: value.clone() }.at(at.clone().index(index))
            );
        }
    }
    Ok(())
}
