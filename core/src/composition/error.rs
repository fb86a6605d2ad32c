//! Why a composition cannot be resolved, and what is doubtful about one that can.

use super::path::KeyPath;

/// Why a run of a composition cannot be resolved against a manifest, with the places that disagree.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{fault}")]
pub struct ResolveError {
    /// What is wrong.
    pub fault: Box<Fault>,
    /// The key to look at first.
    pub at: KeyPath,
    /// The key it contradicts, often in the other file.
    pub against: Option<KeyPath>,
}

impl ResolveError {
    /// Names the key that the first one contradicts.
    pub(super) fn against(mut self, against: KeyPath) -> Self {
        self.against = Some(against);
        self
    }
}

/// What is wrong with a composition.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is no group to run.
    #[error("the composition has no groups")]
    NoGroups,
    /// An id is empty, or cannot be a directory's name.
    #[error(
        "{what} id {id:?} cannot be used: ids name directories, so they are not empty and hold no `/` or control characters"
    )]
    InvalidId {
        /// What the id is of, `group` or `run`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// Two groups or runs have the same id.
    #[error("{what} id `{id}` is given twice")]
    DuplicateId {
        /// What the id is of, `group` or `run`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// The run that was asked for does not exist.
    #[error("the composition has no run `{run}`")]
    UnknownRun {
        /// The run that was asked for.
        run: String,
        /// The runs there are.
        known: Vec<String>,
    },
    /// A run takes a group that does not exist.
    #[error("run `{run}` takes group `{group}`, which the composition does not have")]
    UnknownGroup {
        /// The run.
        run: String,
        /// The group it names.
        group: String,
        /// The groups there are.
        known: Vec<String>,
    },
    /// The plan has no such testcase.
    #[error("plan `{plan}` has no testcase `{testcase}`")]
    UnknownTestcase {
        /// The plan.
        plan: String,
        /// The testcase asked for, perhaps empty.
        testcase: String,
        /// The testcases there are.
        known: Vec<String>,
    },
    /// Neither composition nor manifest names a builder.
    #[error("group `{group}` names no builder")]
    NoBuilder {
        /// The group.
        group: String,
        /// The builders the plan supports.
        supported: Vec<String>,
    },
    /// The plan does not support a builder.
    #[error("plan `{plan}` does not support builder `{builder}` of group `{group}`")]
    UnsupportedBuilder {
        /// The plan.
        plan: String,
        /// The group.
        group: String,
        /// The builder asked for.
        builder: String,
        /// The builders the plan supports.
        supported: Vec<String>,
    },
    /// Neither composition nor manifest names a runner.
    #[error("the composition names no runner")]
    NoRunner {
        /// The runners the plan supports.
        supported: Vec<String>,
    },
    /// The plan does not support a runner.
    #[error("plan `{plan}` does not support runner `{runner}`")]
    UnsupportedRunner {
        /// The plan.
        plan: String,
        /// The runner asked for.
        runner: String,
        /// The runners the plan supports.
        supported: Vec<String>,
    },
    /// A group has neither a count nor a percentage, or both are 0.
    #[error("group `{group}` of run `{run}` asks for no instances")]
    NoInstances {
        /// The run.
        run: String,
        /// The group.
        group: String,
    },
    /// A group has a count and a percentage.
    #[error(
        "group `{group}` of run `{run}` has both a count, {count}, and a percentage, {percentage}"
    )]
    CountAndPercentage {
        /// The run.
        run: String,
        /// The group.
        group: String,
        /// The count.
        count: u32,
        /// The percentage, as a fraction.
        percentage: f64,
    },
    /// A percentage is not a fraction between 0 and 1.
    #[error(
        "group `{group}` of run `{run}` has percentage {percentage}; it is a fraction from 0 to 1"
    )]
    NotAFraction {
        /// The run.
        run: String,
        /// The group.
        group: String,
        /// The percentage.
        percentage: f64,
    },
    /// A percentage is given, but nothing it is a percentage of.
    #[error("group `{group}` of run `{run}` has a percentage, and the run no `total_instances`")]
    PercentageOfNothing {
        /// The run.
        run: String,
        /// The group.
        group: String,
    },
    /// A percentage rounds to no instance.
    #[error(
        "group `{group}` of run `{run}` has {percentage} of {total} instances, which rounds to 0"
    )]
    RoundsToZero {
        /// The run.
        run: String,
        /// The group.
        group: String,
        /// The percentage, as a fraction.
        percentage: f64,
        /// The run's total.
        total: u32,
    },
    /// The groups do not add up to the total that is declared.
    #[error(
        "the groups of run `{run}` have {sum} instances together, and `total_instances` is {declared}"
    )]
    TotalMismatch {
        /// The run.
        run: String,
        /// What the groups add up to.
        sum: u64,
        /// What is declared.
        declared: u32,
    },
    /// The testcase does not take that many instances.
    #[error(
        "run `{run}` asks for {total} instances; testcase `{plan}/{testcase}` allows {min} to {max}"
    )]
    TotalOutOfRange {
        /// The run.
        run: String,
        /// The instances of all groups.
        total: u64,
        /// The plan.
        plan: String,
        /// The testcase.
        testcase: String,
        /// The fewest allowed.
        min: u32,
        /// The most allowed; 0 when the manifest does not say.
        max: u32,
    },
    /// A resource limit cannot be read.
    #[error("group `{group}` has {resource} limit `{text}`, which is not an amount")]
    NotAnAmount {
        /// The group.
        group: String,
        /// `memory` or `cpu`.
        resource: &'static str,
        /// The text.
        text: String,
    },
    /// A parameter cannot be handed to an instance, whose environment has no way to write it.
    #[error("parameter `{name}` cannot be handed to an instance: {reason}")]
    UnrepresentableParam {
        /// The parameter.
        name: String,
        /// What stands in the way.
        reason: &'static str,
    },
    /// A margin is not a positive number.
    #[error("metric `{metric}` has margin {margin}; it is a ratio above 0, such as 0.02")]
    NotAMargin {
        /// The metric.
        metric: String,
        /// The margin.
        margin: f64,
    },
    /// A parameter of the sweep has no values.
    #[error("the sweep gives parameter `{param}` no values, so nothing would run")]
    EmptySweep {
        /// The parameter.
        param: String,
    },
    /// A value of the sweep is given twice.
    #[error("the sweep gives `{value}` twice in `{what}`")]
    RepeatedSweep {
        /// The part of the sweep.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// The sweep asks for no repetitions.
    #[error("the sweep asks for 0 repetitions, so nothing would run")]
    NoRepetitions,
}

impl Fault {
    /// Says where the fault stands.
    pub(super) fn at(self, at: KeyPath) -> ResolveError {
        ResolveError { fault: Box::new(self), at, against: None }
    }
}

/// Something doubtful in a composition that can be run nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What is doubtful.
    pub kind: WarningKind,
    /// The key to look at.
    pub at: KeyPath,
}

/// What is doubtful in a composition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WarningKind {
    /// The testcase does not declare a parameter; it is passed on nevertheless.
    #[error("testcase `{testcase}` declares no parameter `{name}`; it is passed on")]
    UndeclaredParam {
        /// The testcase.
        testcase: String,
        /// The parameter.
        name: String,
        /// The parameters that are declared.
        known: Vec<String>,
    },
    /// A value is not one that the declared type takes; it is passed on nevertheless.
    #[error("parameter `{name}` is declared as `{kind}` and has value `{value}`; it is passed on")]
    UnexpectedValue {
        /// The parameter.
        name: String,
        /// Its declared type.
        kind: String,
        /// The value.
        value: String,
        /// The values an `enum` takes.
        known: Vec<String>,
    },
    /// Testground's SDKs for Go and JavaScript drop parameters with `=` in their value.
    #[error(
        "parameter `{name}` has `=` in its value; Testground's SDKs for Go and JavaScript drop it"
    )]
    EqualsInValue {
        /// The parameter.
        name: String,
    },
}
