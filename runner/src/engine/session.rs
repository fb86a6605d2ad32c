//! One session of a sweep: from where its journal ends to the end of the sweep, or as far as it gets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use ground_core::digest::Digest;
use ground_core::id::{RunId, SweepId};
use ground_core::outcome::OutcomeKind;
use ground_core::record::{Fingerprint, RunRecord};
use ground_core::revision::Revision;
use ground_core::sweep::{Matrix, Slot};

use super::error::EngineError;
use super::event::EngineEvent;
use super::journal::{CellLine, Header, JOURNAL_VERSION, Journal, Line, RevisionLine, Why};
use super::prepare::Prepared;
use super::request::SweepRequest;
use super::rule::{BlockReport, Decision};
use super::state::{Stage, State};
use super::{Engine, SweepControl, attempt, retention};
use crate::build::{BuildOutcome, FileLock, LockError};
use crate::runner::Runner;

/// What became of a sweep in one session.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepSummary {
    /// The sweep; its records are those with this identifier.
    pub sweep: SweepId,
    /// Where its journal is.
    pub dir: PathBuf,
    /// The seed of order and runs.
    pub seed: u64,
    /// How the session ended.
    pub end: SweepEnd,
    /// All runs of the sweep as it stands.
    pub total: u64,
    /// Runs that are recorded and will never be repeated, in this session or before.
    pub done: u64,
    /// Runs without anything to run.
    pub skipped: u64,
    /// Records that were appended in this session, every attempt counted.
    pub recorded: u64,
    /// Records that were found after a crash, instead of measured again.
    pub found: u64,
    /// How the attempts of this session ended.
    pub outcomes: BTreeMap<OutcomeKind, u64>,
    /// Builds that gave nothing.
    pub failed_builds: Vec<FailedBuild>,
    /// How long the session took, builds included.
    pub took: Duration,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepEnd {
    /// Every run was carried out as well as it could be.
    Complete,
    /// Somebody stopped it; the same request resumes.
    Canceled,
}

/// A build that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedBuild {
    /// What was built.
    pub revision: Revision,
    /// By which builder.
    pub builder: String,
    /// What failed, in one line.
    pub summary: String,
    /// Everything that the tools said.
    pub log: PathBuf,
}

/// Whether the session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// A run was carried out, or need not be.
    Next,
    /// Somebody stopped it.
    Stop,
}

/// After so many runs in a row that our machinery could not execute, the session ends: it will not execute the next.
const GIVE_UP_AFTER: u32 = 5;

/// One session at work.
pub(super) struct Session<'a> {
    pub(super) engine: &'a Engine,
    pub(super) request: &'a SweepRequest,
    pub(super) control: &'a SweepControl,
    pub(super) prepared: Prepared,
    pub(super) state: State,
    pub(super) fingerprint: Fingerprint,
    /// When the last run ended, by the clock that never goes back.
    pub(super) last_end: Option<Duration>,
    journal: Journal,
    _lock: FileLock,
    pace: BTreeMap<usize, (Duration, u32)>,
    summary: SweepSummary,
    began: Duration,
    resumed: bool,
    /// Runs in a row that our machinery could not execute.
    broken: u32,
    /// Why the last attempt ended as it did.
    last_reason: String,
}

impl<'a> Session<'a> {
    /// Opens the journal of the request's sweep, or begins it.
    pub(super) fn open(
        engine: &'a Engine,
        request: &'a SweepRequest,
        control: &'a SweepControl,
        prepared: Prepared,
    ) -> Result<Self, EngineError> {
        let dir = engine.config.state_dir.join("sweeps").join(prepared.asked.as_str());
        let lock = FileLock::try_take(&dir.join("lock")).map_err(|error| match error {
            LockError::Held { holder, .. } => EngineError::Busy { holder },
            LockError::Io { path, source } => EngineError::State { path, source },
            LockError::Canceled { .. } => unreachable!("bug: nobody waited for the lock"),
        })?;
        let (mut journal, lines) = Journal::open(&dir)?;
        let matrix = Matrix {
            cells: request.runs.iter().map(|run| run.cell.clone()).collect(),
            revisions: prepared.targets.iter().map(|target| target.revision.clone()).collect(),
            repetitions: 0,
            seed: 0,
        };
        let resumed = !lines.is_empty();
        let header = match lines.first() {
            Some(Line::Sweep(header)) => header.clone(),
            _ => {
                let header = header(engine, request, &prepared);
                journal.append(&Line::Sweep(header.clone()))?;
                header
            }
        };
        let mut state = State::new(header, matrix);
        lines.iter().for_each(|line| state.apply(line));
        let summary = summary(&state, &prepared, dir);
        let began = engine.clock.monotonic();
        let fingerprint = engine.environment.describe();
        let mut session = Self {
            engine,
            request,
            control,
            prepared,
            state,
            fingerprint,
            journal,
            summary,
            began,
            resumed,
            last_end: None,
            _lock: lock,
            pace: BTreeMap::new(),
            broken: 0,
            last_reason: String::new(),
        };
        if session.state.ended || session.state.batches == 0 {
            let why = if session.state.ended { Why::Again } else { Why::Asked };
            let cells = (0..request.runs.len()).collect();
            let batch = session.state.further(cells, request.repetitions, why);
            session.note(Line::Batch(batch))?;
        }
        Ok(session)
    }

    /// Carries out whatever is left of the sweep.
    pub(super) async fn run(mut self) -> Result<SweepSummary, EngineError> {
        self.tell_plan();
        let mut next = 0;
        while next < self.state.slots.len() {
            let block = self.state.block_at(next).to_vec();
            next += block.len();
            if self.state.is_dropped(&block[0]) {
                continue;
            }
            let recorded_before = self.summary.recorded;
            for slot in &block {
                if self.slot(*slot).await? == Flow::Stop {
                    return Ok(self.end(SweepEnd::Canceled));
                }
            }
            let news = self.summary.recorded > recorded_before;
            let cell = block[0].cell;
            // A block whose decision was lost in a crash is asked about again.
            let undecided = || self.resumed && !self.state.went_beyond(cell, block[0].block);
            if self.engine.rule.is_some() && (news || undecided()) {
                self.ask_rule(&block).await?;
            }
        }
        let at_ns = self.engine.clock.wall_ns();
        self.note(Line::Ended { at_ns })?;
        Ok(self.end(SweepEnd::Complete))
    }

    /// Carries out one run, with as many attempts as it needs and may have.
    async fn slot(&mut self, slot: Slot) -> Result<Flow, EngineError> {
        let mut tries = 0;
        while let Some(attempt) = self.next_attempt(slot).await? {
            if self.control.cancel.is_cancelled() || self.control.kill.is_cancelled() {
                return Ok(Flow::Stop);
            }
            if tries > self.request.options.retries.retries {
                // Left open: another session tries again.
                return self.give_up(slot);
            }
            tries += 1;
            let artifacts = match self.prepared.artifacts(slot.cell, slot.revision) {
                Ok(artifacts) => artifacts,
                Err(failed) => {
                    let failed = failed.clone();
                    self.unbuilt(slot, attempt, &failed).await?;
                    return Ok(Flow::Next);
                }
            };
            let run = self.attempt_id(slot, attempt);
            self.start(slot, attempt, &run)?;
            let Some(record) = attempt::carry_out(self, slot, (attempt, run), artifacts).await?
            else {
                return Ok(Flow::Stop);
            };
            let kind = record.run.outcome.kind;
            self.last_reason.clone_from(&record.run.outcome.reason);
            let open = self.request.options.retries.leaves_open(kind, tries);
            self.record(slot, record, open).await?;
            if kind != OutcomeKind::InfraError {
                self.broken = 0;
            }
            if kind == OutcomeKind::Canceled && self.control.cancel.is_cancelled() {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::Next)
    }

    /// Leaves a run to another session, and everything behind it when too many in a row were.
    fn give_up(&mut self, slot: Slot) -> Result<Flow, EngineError> {
        self.broken += 1;
        if self.broken < GIVE_UP_AFTER {
            return Ok(Flow::Next);
        }
        let runner = self.request.runs[slot.cell].cell.runner.clone();
        Err(EngineError::Machinery { runner, runs: self.broken, reason: self.last_reason.clone() })
    }

    /// Returns the number of the attempt to make now; nothing when the run is done.
    async fn next_attempt(&mut self, slot: Slot) -> Result<Option<u32>, EngineError> {
        let Some(tried) = self.state.tried(slot.position).cloned() else { return Ok(Some(1)) };
        let open = match tried.stage {
            Stage::Recorded { open } => open,
            Stage::Started | Stage::Executed { .. } => {
                // The engine died on the way to the store: before it, or behind it.
                if !self.contains(&tried.run).await? {
                    return Ok(Some(tried.attempt));
                }
                let (attempt, run) = (tried.attempt, tried.run.to_string());
                self.note(Line::Recorded { position: slot.position, attempt, run })?;
                self.summary.found += 1;
                self.tell_recorded(tried.run, true);
                matches!(tried.stage, Stage::Executed { open: true })
            }
        };
        Ok(open.then_some(tried.attempt + 1))
    }

    async fn contains(&self, run: &RunId) -> Result<bool, EngineError> {
        self.engine
            .recorder
            .contains(run)
            .await
            .map_err(|source| self.unrecorded(run.clone(), source))
    }

    fn unrecorded(&self, run: RunId, source: super::BoxError) -> EngineError {
        let (done, total) = self.counts();
        EngineError::Record { sweep: self.summary.sweep.clone(), run, done, total, source }
    }

    /// Returns the sweep's identifier.
    pub(super) fn sweep(&self) -> SweepId {
        self.summary.sweep.clone()
    }

    /// Returns the runner of a cell.
    pub(super) fn runner(&self, cell: usize) -> &'a dyn Runner {
        let id = &self.request.runs[cell].cell.runner;
        self.engine.runners.get(id).expect("bug: a runner that was not checked").as_ref()
    }

    /// Names an attempt.
    pub(super) fn attempt_id(&self, slot: Slot, attempt: u32) -> RunId {
        let words =
            [slot.cell as u64, slot.revision as u64, slot.repetition.into(), attempt.into()];
        let words = words.map(|word| word.to_string());
        let [cell, revision, repetition, attempt] = &words;
        RunId::derive(&[self.summary.sweep.as_str(), cell, revision, repetition, attempt])
    }

    /// Notes that an attempt begins.
    pub(super) fn start(
        &mut self,
        slot: Slot,
        attempt: u32,
        run: &RunId,
    ) -> Result<(), EngineError> {
        let at_ns = self.engine.clock.wall_ns();
        self.note(Line::Started { position: slot.position, attempt, run: run.to_string(), at_ns })?;
        self.engine.tell(EngineEvent::RunStarted { run: run.clone(), slot, attempt });
        Ok(())
    }

    /// Appends the record of an attempt and notes it.
    pub(super) async fn record(
        &mut self,
        slot: Slot,
        record: RunRecord,
        open: bool,
    ) -> Result<(), EngineError> {
        let (position, attempt) = (slot.position, record.run.attempt);
        let (run, outcome) = (record.run.run.clone(), record.run.outcome.clone());
        self.note(Line::Executed {
            position,
            attempt,
            run: run.to_string(),
            outcome: outcome.kind.to_string(),
            reason: outcome.reason.clone(),
            open,
        })?;
        let appended = self.engine.recorder.append(record).await;
        appended.map_err(|source| self.unrecorded(run.clone(), source))?;
        self.note(Line::Recorded { position, attempt, run: run.to_string() })?;
        self.summary.recorded += 1;
        *self.summary.outcomes.entry(outcome.kind).or_default() += 1;
        let outputs =
            retention::outputs_of(&self.engine.config.state_dir, &self.request.plan, &run);
        retention::apply(self.request.options.retention, &outputs, &outcome);
        self.tell_recorded(run, false);
        Ok(())
    }

    /// Notes how long a run of a cell took, for the time that is left.
    pub(super) fn paced(&mut self, cell: usize, took: Duration) {
        let (sum, count) = self.pace.entry(cell).or_default();
        *sum += took;
        *count += 1;
    }

    /// Notes that a run has nothing to run.
    pub(super) fn skip(&mut self, slot: Slot) {
        self.summary.skipped += 1;
        let (done, total) = self.counts();
        self.engine.tell(EngineEvent::RunSkipped { slot, done, total });
    }

    async fn ask_rule(&mut self, block: &[Slot]) -> Result<(), EngineError> {
        let Some(rule) = self.engine.rule.clone() else { return Ok(()) };
        let (cell, number) = (block[0].cell, block[0].block);
        let own = |slot: &&Slot| slot.cell == cell;
        let blocks_of = |wanted: &dyn Fn(&Slot) -> bool| {
            let blocks = self.state.needed().filter(own).filter(|slot| wanted(slot));
            blocks.map(|slot| slot.block).collect::<BTreeSet<u32>>().len()
        };
        let planned = blocks_of(&|slot| slot.block > number);
        let recorded = blocks_of(&|slot| self.state.is_done(slot.position));
        let count = |n: usize| u32::try_from(n).expect("bug: a sweep of over 2^32 runs");
        let report = BlockReport {
            sweep: self.summary.sweep.clone(),
            cell: self.request.runs[cell].cell.clone(),
            block: number,
            recorded: count(recorded),
            planned: count(planned),
            outcomes: block.iter().filter_map(|slot| self.state.outcome(slot.position)).collect(),
        };
        let decision = rule
            .after_block(&report)
            .await
            .map_err(|source| EngineError::Rule { sweep: self.summary.sweep.clone(), source })?;
        let cell_of = report.cell;
        match decision {
            Decision::Decided { reason } if planned > 0 => {
                let (from_block, to_block) = (number + 1, self.state.next_block());
                self.note(Line::Decided { cell, from_block, to_block, reason: reason.clone() })?;
                self.engine.tell(EngineEvent::CellDecided { cell: cell_of, reason });
            }
            Decision::More { blocks } if blocks > count(planned) => {
                let blocks = blocks - count(planned);
                let batch = self.state.further(vec![cell], blocks, Why::Rule);
                self.note(Line::Batch(batch))?;
                self.engine.tell(EngineEvent::BlocksAdded { cell: cell_of, blocks });
            }
            Decision::Decided { .. } | Decision::More { .. } | Decision::Continue => {}
        }
        Ok(())
    }

    /// Appends a line and takes it in.
    fn note(&mut self, line: Line) -> Result<(), EngineError> {
        self.journal.append(&line)?;
        self.state.apply(&line);
        Ok(())
    }

    /// Returns how many runs are done, and how many there are.
    fn counts(&self) -> (u64, u64) {
        let mut counts = (0, 0);
        for slot in self.state.needed() {
            counts.0 += u64::from(self.state.is_done(slot.position));
            counts.1 += 1;
        }
        (counts.0, counts.1)
    }

    /// Estimates the time that is left from what runs of the same cell took; other cells count where it has none.
    fn eta(&self) -> Option<Duration> {
        let (sum, count) =
            self.pace.values().fold((Duration::ZERO, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        let usual = sum.checked_div(count)?;
        let mean = |cell: usize| {
            self.pace.get(&cell).and_then(|(sum, count)| sum.checked_div(*count)).unwrap_or(usual)
        };
        let open = self.state.needed().filter(|slot| !self.state.is_done(slot.position));
        let runs = open.filter(|slot| self.prepared.is_built(slot.cell, slot.revision));
        Some(runs.map(|slot| mean(slot.cell)).sum())
    }

    fn tell_recorded(&self, run: RunId, found: bool) {
        let (done, total) = self.counts();
        self.engine.tell(EngineEvent::Recorded { run, found, done, total, eta: self.eta() });
    }

    fn tell_plan(&self) {
        let (done, total) = self.counts();
        self.engine.tell(EngineEvent::SweepPlanned {
            sweep: self.summary.sweep.clone(),
            dir: self.summary.dir.clone(),
            cells: self.request.runs.iter().map(|run| run.cell.clone()).collect(),
            revisions: self.prepared.targets.iter().map(|target| target.revision.clone()).collect(),
            total,
            done,
            seed: self.summary.seed,
            resumed: self.resumed,
        });
    }

    fn end(mut self, end: SweepEnd) -> SweepSummary {
        (self.summary.done, self.summary.total) = self.counts();
        self.summary.end = end;
        self.summary.took = self.engine.clock.monotonic().saturating_sub(self.began);
        self.summary
    }
}

fn header(engine: &Engine, request: &SweepRequest, prepared: &Prepared) -> Header {
    let at_ns = engine.clock.wall_ns();
    // What was asked before and lost with its state must not share run names with what is asked now.
    let begin = [at_ns.to_string(), std::process::id().to_string()];
    let sweep = SweepId::derive(&[prepared.asked.as_str(), &begin[0], &begin[1]]);
    let drawn = || {
        let digest = Digest::of(sweep.as_str());
        let bytes: [u8; 8] = std::array::from_fn(|index| digest.as_bytes()[index]);
        u64::from_le_bytes(bytes)
    };
    Header {
        v: JOURNAL_VERSION,
        asked: prepared.asked.to_string(),
        seed: request.seed.unwrap_or_else(drawn),
        sweep: sweep.to_string(),
        tool: engine.config.tool_version.clone(),
        at_ns,
        plan: request.plan.clone(),
        cells: request
            .runs
            .iter()
            .map(|run| CellLine {
                run: run.cell.composition_run.clone(),
                params: run.cell.params.clone(),
                runner: run.cell.runner.clone(),
            })
            .collect(),
        revisions: prepared
            .targets
            .iter()
            .map(|target| RevisionLine {
                identity: target.identity(),
                subject: target.revision.subject.clone(),
            })
            .collect(),
    }
}

fn summary(state: &State, prepared: &Prepared, dir: PathBuf) -> SweepSummary {
    let failed_builds = prepared.failed().filter_map(|(target, builder, outcome)| match outcome {
        BuildOutcome::Ready { .. } => None,
        BuildOutcome::Failed { summary, log, .. } => Some(FailedBuild {
            revision: target.revision.clone(),
            builder: builder.to_owned(),
            summary: summary.clone(),
            log: log.clone(),
        }),
    });
    SweepSummary {
        sweep: SweepId::new(state.header.sweep.clone()),
        dir,
        seed: state.header.seed,
        end: SweepEnd::Complete,
        total: 0,
        done: 0,
        skipped: 0,
        recorded: 0,
        found: 0,
        outcomes: BTreeMap::new(),
        failed_builds: failed_builds.collect(),
        took: Duration::ZERO,
    }
}
