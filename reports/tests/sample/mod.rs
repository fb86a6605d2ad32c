//! A made-up report with seeded noise: known levels, known changes, and the findings that an analysis would make of them.

#![allow(dead_code, reason = "each test uses another part")]

use std::collections::BTreeMap;

use ground_core::event::{Event, EventKind};
use ground_core::finding::{
    CaseKey, Caveat, Change, ChangeKind, Estimate, FailureSignature, Finding, GateReport, GateRule,
    OutcomeCounts, RuleResult, Segment, Side, StabilityFinding,
};
use ground_core::id::{InstanceId, RunId, SweepId};
use ground_core::metric::{Direction, MetricKind, Stat, Unit};
use ground_core::outcome::{Outcome, OutcomeKind};
use ground_core::record::{Fingerprint, InstanceRow, MetricDef, RunRow};
use ground_core::report::{Comparison, Report, RunDetail, RunMetric, SeriesHistory, TrustRow};
use ground_core::revision::Revision;
use ground_core::series::{RevisionPoints, RunPoint, Series, SeriesKey};
use ground_core::verdict::{Decision, Stability, Verdict};

/// Numbers that look random and are the same every time: SplitMix64.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, mean 0, deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

const DAY: i64 = 86_400;
/// 21 November 2026.
const LAST_DAY: i64 = 1_795_219_200;

const SUBJECTS: [&str; 8] = [
    "dht: query alpha=10 by default",
    "swarm: dial limiter per subnet",
    "deps: quinn 0.12",
    "docs: routing table notes",
    "identify: cache agent string",
    "gossip: prune on leave",
    "raft: batch heartbeats",
    "tests: wider timeouts",
];

pub(crate) fn revisions(count: usize) -> Vec<Revision> {
    let mut noise = Noise::new(7);
    (0..count)
        .map(|index| {
            let commit: String =
                (0..3).map(|_| format!("{:016x}", noise.next())).collect::<String>()[..40]
                    .to_owned();
            Revision {
                commit,
                dirty: false,
                position: 1000 + index as i64 * 4,
                committed_at_s: LAST_DAY - (count - 1 - index) as i64 * DAY,
                subject: SUBJECTS[index % SUBJECTS.len()].to_owned(),
            }
        })
        .collect()
}

/// A series as it was made: levels from revisions on.
pub(crate) struct Plant<'a> {
    pub(crate) plan: &'a str,
    pub(crate) case: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) stat: Stat,
    pub(crate) unit: &'a str,
    pub(crate) direction: Direction,
    pub(crate) runner: &'a str,
    pub(crate) lang: &'a str,
    pub(crate) params: &'a [(&'a str, &'a str)],
    /// First revision from the end, counted back, and the level from there on.
    pub(crate) levels: &'a [(usize, f64)],
    pub(crate) spread: f64,
    pub(crate) margin: f64,
}

fn key(plant: &Plant<'_>) -> SeriesKey {
    SeriesKey {
        plan: plant.plan.to_owned(),
        case: plant.case.to_owned(),
        metric: plant.metric.to_owned(),
        stat: plant.stat,
        runner: plant.runner.to_owned(),
        lang: plant.lang.to_owned(),
        params: plant.params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        composition_digest: "5f3a9c01d2e4b677".to_owned(),
        machine_class: "AMD EPYC 7543/8cpu/32GiB/Linux".to_owned(),
    }
}

fn around(value: f64, half: f64) -> Estimate {
    Estimate { value, lo: value - half, hi: value + half }
}

pub(crate) fn history(
    plant: &Plant<'_>,
    revisions: &[Revision],
    runs: usize,
    seed: u64,
) -> SeriesHistory {
    let mut noise = Noise::new(seed);
    let count = revisions.len();
    let starts: Vec<(usize, f64)> =
        plant.levels.iter().map(|(back, level)| (count.saturating_sub(*back), *level)).collect();
    let level_at = |index: usize| {
        starts.iter().rev().find(|(first, _)| *first <= index).map_or(starts[0].1, |start| start.1)
    };
    let points = revisions
        .iter()
        .enumerate()
        .map(|(index, revision)| {
            let gap =
                count > 100 && (count - 92..count - 86).contains(&index) && seed.is_multiple_of(3);
            let night = noise.normal() * 0.4;
            let points = (0..if gap { 0 } else { runs })
                .map(|run| RunPoint {
                    run: RunId::new(format!("{index:04}{run:02}{:010x}", seed & 0xff_ffff)),
                    block: ("nightly".to_owned(), run as u32),
                    value: level_at(index)
                        * (1.0 + plant.spread * (night + noise.normal())).max(0.01),
                    started_ns: (revision.committed_at_s + 3600 + run as i64 * 60) * 1_000_000_000,
                })
                .collect();
            RevisionPoints {
                revision: revision.clone(),
                points,
                missing: if gap { runs as u32 } else { 0 },
            }
        })
        .collect();
    let segments: Vec<Segment> = starts
        .iter()
        .enumerate()
        .map(|(place, (first, level))| {
            let last = starts.get(place + 1).map_or(count, |next| next.0).max(1) - 1;
            let length = (last + 1).saturating_sub(*first).max(1) as f64;
            let half = level.abs() * plant.spread * 2.0 / length.sqrt();
            Segment { first: *first, last, level: around(*level, half) }
        })
        .collect();
    let changes: Vec<Change> = starts
        .windows(2)
        .map(|pair| {
            let ratio = pair[1].1 / pair[0].1 - 1.0;
            let half = plant.spread * 0.6 + 0.003;
            let effect = around(ratio, half);
            Change {
                index: pair[1].0,
                lo: pair[1].0.saturating_sub(1),
                hi: (pair[1].0 + 2).min(count - 1),
                effect,
                p: 0.0002,
                kind: ChangeKind::Step,
                verdict: Verdict::of_interval(effect.lo, effect.hi, plant.margin, plant.direction),
            }
        })
        .collect();
    let verdict = changes.last().map_or(Verdict::Equivalent, |change| change.verdict);
    SeriesHistory {
        series: Series {
            key: key(plant),
            unit: Unit::new(plant.unit),
            direction: plant.direction,
            margin: plant.margin,
            exact: false,
            judged: plant.stat.judged(),
            revisions: points,
        },
        segments,
        changes,
        drift: None,
        outliers: Vec::new(),
        verdict,
        minimum_detectable: Some(plant.spread * 2.2),
    }
}

/// Judges the newest revision of a history against the one before as an analysis would, with a made-up interval.
pub(crate) fn finding(history: &SeriesHistory, spread: f64) -> Finding {
    let revisions = &history.series.revisions;
    let newest = revisions.len() - 1;
    let fresh = history.changes.last().filter(|change| change.index == newest);
    let effect = match fresh {
        Some(change) => change.effect,
        None => around(spread * 0.3 * ((newest % 7) as f64 - 3.0) / 3.0, spread * 1.3),
    };
    let verdict =
        Verdict::of_interval(effect.lo, effect.hi, history.series.margin, history.series.direction);
    let level = history.segments.last().map(|segment| segment.level);
    let before = match fresh {
        Some(_) => history.segments.iter().rev().nth(1).map(|segment| segment.level),
        None => level,
    };
    let side = |index: usize, level: Option<Estimate>| Side {
        runs: revisions[index].points.len() as u32,
        instances: revisions[index].points.len() as u64 * 100,
        level,
        values: revisions[index].values(),
    };
    let unsure = verdict == Verdict::Inconclusive;
    Finding {
        series: history.series.key.clone(),
        unit: history.series.unit.clone(),
        direction: history.series.direction,
        margin: history.series.margin,
        verdict,
        effect: Some(effect),
        p: Some(if fresh.is_some() { 0.0004 } else { 0.4 }),
        p_adjusted: Some(if fresh.is_some() { 0.003 } else { 0.8 }),
        minimum_detectable: Some(spread * 2.2),
        more_runs: unsure.then_some(14),
        more_minutes: unsure.then_some(21.5),
        test: "wilcoxon signed rank (paired blocks)".to_owned(),
        baseline: side(newest.saturating_sub(1), before),
        candidate: side(newest, level),
        caveats: if spread > 0.03 {
            vec![Caveat {
                code: "wide".to_owned(),
                text: "runs of one revision differ by more than the margin".to_owned(),
            }]
        } else {
            Vec::new()
        },
    }
}

fn stability(
    (plan, case, runner, lang): (&str, &str, &str, &str),
    revisions: &[Revision],
    fails: impl Fn(usize) -> (u32, u32),
    verdict: Stability,
    rate: (f64, f64, f64),
) -> StabilityFinding {
    let newest = &revisions[revisions.len().saturating_sub(60)..];
    let outcomes: Vec<(Revision, OutcomeCounts)> = newest
        .iter()
        .enumerate()
        .map(|(index, revision)| {
            let mut counts = OutcomeCounts::default();
            let (failed, runs) = fails(newest.len() - 1 - index);
            (0..runs - failed).for_each(|_| counts.add(OutcomeKind::Success));
            (0..failed).for_each(|_| counts.add(OutcomeKind::Failure));
            (revision.clone(), counts)
        })
        .collect();
    let flaky = verdict == Stability::Flaky;
    StabilityFinding {
        case: CaseKey {
            plan: plan.to_owned(),
            case: case.to_owned(),
            runner: runner.to_owned(),
            lang: lang.to_owned(),
            params: if flaky { "n=5 split=30s".to_owned() } else { String::new() },
        },
        signatures: if flaky {
            vec![
                FailureSignature {
                    text: "barrier \"healed\" timed out after N s".to_owned(),
                    runs: 8,
                    first_seen: newest[newest.len() * 3 / 4].clone(),
                },
                FailureSignature {
                    text: "instance exited N (out of memory)".to_owned(),
                    runs: 3,
                    first_seen: newest[newest.len() / 2].clone(),
                },
            ]
        } else {
            Vec::new()
        },
        since: flaky.then(|| {
            let at = newest.len().saturating_sub(9);
            (at, at.saturating_sub(1), (at + 1).min(newest.len() - 1))
        }),
        revisions: outcomes,
        verdict,
        rate: Some(Estimate { value: rate.0, lo: rate.1, hi: rate.2 }),
        p: flaky.then_some(0.002),
        caveats: Vec::new(),
    }
}

fn run((plan, case): (&str, &str), revision: &Revision, metric: &str, level: f64) -> RunDetail {
    let mut noise = Noise::new(revision.position as u64 * 31 + 1);
    let begin = (revision.committed_at_s + 3600) * 1_000_000_000;
    let at = |seconds: f64| begin + (seconds * 1e9) as i64;
    let groups = [("boot", 2u32), ("peer", 24)];
    let ids: Vec<InstanceId> = groups
        .iter()
        .flat_map(|(group, count)| {
            (0..*count).map(|index| InstanceId { group: (*group).to_owned(), index })
        })
        .collect();
    let mut events = Vec::new();
    for id in &ids {
        let shift = noise.uniform();
        for (name, from, to) in
            [("bootstrap", 2.0, 24.0), ("lookup", 78.0, 205.0), ("drain", 206.0, 236.0)]
        {
            events.push(Event {
                at_ns: at(from + shift),
                instance: Some(id.clone()),
                kind: EventKind::StageStart(name.to_owned()),
            });
            events.push(Event {
                at_ns: at(to + 2.0 * shift),
                instance: Some(id.clone()),
                kind: EventKind::StageEnd(name.to_owned()),
            });
        }
    }
    for (state, first, opened) in
        [("ready", 4.0, 26.0), ("warm", 60.0, 78.0), ("drain", 203.0, 206.0)]
    {
        events.push(Event {
            at_ns: at(opened),
            instance: None,
            kind: EventKind::BarrierOpened {
                state: state.to_owned(),
                target: 26,
                first_ns: at(first),
            },
        });
    }
    events.sort_by_key(|event| event.at_ns);
    let over_time = (0..120)
        .map(|step| {
            let t = f64::from(step) * 2.0;
            let loss = if (80.0..120.0).contains(&t) { 2.2 } else { 1.0 };
            let start = if t < 12.0 { 3.0 - t / 6.0 } else { 1.0 };
            let jitter = 1.0 + 0.06 * noise.normal();
            let p50 = level * 0.2 * start * jitter;
            (t, p50, level * loss * start * jitter, level * 1.5 * loss * start * jitter, 2400)
        })
        .collect();
    let by_instance = (0..400)
        .map(|_| {
            let tail = if noise.uniform() > 0.9 { 0.12 } else { 0.0 };
            level * (1.0 + 0.04 * noise.normal() + tail * noise.uniform())
        })
        .collect();
    RunDetail {
        run: RunRow {
            run: RunId::derive(&[plan, case, &revision.commit]),
            attempt: 1,
            sweep: SweepId::new("nightly"),
            block: 1,
            position: 1,
            plan: plan.to_owned(),
            case: case.to_owned(),
            composition_run: "default".to_owned(),
            params: [("loss", "1%"), ("n", "1000")]
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
            runner: "local:docker".to_owned(),
            lang: "rust".to_owned(),
            composition_digest: "5f3a9c01d2e4b677".to_owned(),
            machine_class: "AMD EPYC 7543/8cpu/32GiB/Linux".to_owned(),
            revision: revision.clone(),
            artifact_digest: "ab".repeat(32),
            seed: 7720,
            started_ns: begin,
            ended_ns: at(240.0),
            outcome: Outcome::success(),
            fingerprint: Fingerprint {
                host: "bench-2".to_owned(),
                cpu_model: "AMD EPYC 7543".to_owned(),
                cpus: 8,
                memory_bytes: 32 << 30,
                kernel: "Linux 6.12.9".to_owned(),
                governor: "performance".to_owned(),
                tool_version: "0.1.0".to_owned(),
                toolchain: "rustc 1.95.0".to_owned(),
                ..Fingerprint::default()
            },
            caveats: Vec::new(),
        },
        instances: ids
            .iter()
            .map(|id| InstanceRow {
                instance: id.clone(),
                outcome: Outcome::success(),
                exit_code: Some(0),
                signal: None,
                started_ns: at(0.2),
                ended_ns: at(238.0 + noise.uniform()),
                cpu_user_s: 14.0 + noise.uniform(),
                cpu_system_s: 2.0,
                max_rss_bytes: 180 << 20,
            })
            .collect(),
        events,
        metrics: vec![RunMetric {
            metric: MetricDef {
                margin: None,
                name: metric.to_owned(),
                kind: MetricKind::Timer,
                unit: Unit::new("s"),
                direction: Direction::Lower,
                untrusted: false,
            },
            points: vec![
                (Stat::Q(500), level * 0.2, 288_000),
                (Stat::Q(950), level, 288_000),
                (Stat::Q(990), level * 1.5, 288_000),
                (Stat::Max, level * 4.0, 288_000),
            ],
            over_time,
            by_instance,
        }],
    }
}

/// Returns a report like that of a small project after some months of nights.
pub(crate) fn report(nights: usize, runs: usize) -> Report {
    let revisions = revisions(nights);
    let dht = [("loss", "1%"), ("n", "1000")];
    let big = [("n", "10000")];
    let plants = [
        Plant {
            plan: "gossip",
            case: "broadcast",
            metric: "bytes_per_delivery",
            stat: Stat::Value,
            unit: "B",
            direction: Direction::Lower,
            runner: "local:netns",
            lang: "go",
            params: &big,
            levels: &[(nights, 2520.0), (130, 2180.0), (1, 2312.0)],
            spread: 0.009,
            margin: 0.03,
        },
        Plant {
            plan: "dht",
            case: "find-peers",
            metric: "time_to_find_s",
            stat: Stat::Q(950),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:docker",
            lang: "rust",
            params: &dht,
            levels: &[(nights, 0.412), (130, 0.396), (82, 0.441), (62, 0.433), (12, 0.482)],
            spread: 0.014,
            margin: 0.03,
        },
        Plant {
            plan: "dht",
            case: "find-peers",
            metric: "time_to_find_s",
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:docker",
            lang: "rust",
            params: &dht,
            levels: &[(nights, 0.091), (12, 0.0998)],
            spread: 0.012,
            margin: 0.03,
        },
        Plant {
            plan: "dht",
            case: "find-peers",
            metric: "time_to_find_s",
            stat: Stat::Q(990),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:docker",
            lang: "rust",
            params: &dht,
            levels: &[(nights, 0.634), (12, 0.723)],
            spread: 0.02,
            margin: 0.03,
        },
        Plant {
            plan: "dht",
            case: "provide",
            metric: "provides",
            stat: Stat::Rate,
            unit: "count",
            direction: Direction::Higher,
            runner: "local:docker",
            lang: "rust",
            params: &[("n", "1000")],
            levels: &[(nights, 11_100.0), (90, 11_900.0), (1, 12_935.0)],
            spread: 0.01,
            margin: 0.03,
        },
        Plant {
            plan: "bitswap",
            case: "transfer",
            metric: "goodput",
            stat: Stat::Rate,
            unit: "B",
            direction: Direction::Higher,
            runner: "local:docker",
            lang: "js",
            params: &[("rtt", "50ms")],
            levels: &[(nights, 37.1e6), (100, 38.7e6)],
            spread: 0.045,
            margin: 0.03,
        },
        Plant {
            plan: "gossip",
            case: "churn",
            metric: "latency_s",
            stat: Stat::Q(990),
            unit: "s",
            direction: Direction::Lower,
            runner: "cluster:k8s",
            lang: "go",
            params: &[("n", "500")],
            levels: &[(nights, 1.84)],
            spread: 0.035,
            margin: 0.03,
        },
        Plant {
            plan: "raft",
            case: "kv-put",
            metric: "latency_s",
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:exec",
            lang: "rust",
            params: &[("n", "5")],
            levels: &[(nights, 0.00336), (140, 0.00318), (60, 0.00312)],
            spread: 0.006,
            margin: 0.03,
        },
        Plant {
            plan: "raft",
            case: "partition-heal",
            metric: "heal_s",
            stat: Stat::Value,
            unit: "s",
            direction: Direction::Lower,
            runner: "cluster:k8s",
            lang: "rust",
            params: &[("n", "5"), ("split", "30s")],
            levels: &[(nights, 4.75), (120, 4.61)],
            spread: 0.008,
            margin: 0.03,
        },
        Plant {
            plan: "identify",
            case: "handshake",
            metric: "handshake_s",
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:netns",
            lang: "go",
            params: &[],
            levels: &[(nights, 0.0184)],
            spread: 0.007,
            margin: 0.03,
        },
        Plant {
            plan: "identify",
            case: "handshake",
            metric: "rss",
            stat: Stat::Max,
            unit: "B",
            direction: Direction::None,
            runner: "local:netns",
            lang: "go",
            params: &[],
            levels: &[(nights, 61.2e6)],
            spread: 0.004,
            margin: 0.03,
        },
        Plant {
            plan: "scale",
            case: "join",
            metric: "join_s",
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:netns",
            lang: "rust",
            params: &[("instances", "10")],
            levels: &[(nights, 0.021)],
            spread: 0.006,
            margin: 0.03,
        },
        Plant {
            plan: "scale",
            case: "join",
            metric: "join_s",
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:netns",
            lang: "rust",
            params: &[("instances", "100")],
            levels: &[(nights, 0.064)],
            spread: 0.006,
            margin: 0.03,
        },
        Plant {
            plan: "scale",
            case: "join",
            metric: "join_s",
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:netns",
            lang: "rust",
            params: &[("instances", "1000")],
            levels: &[(nights, 0.22)],
            spread: 0.006,
            margin: 0.03,
        },
        Plant {
            plan: "scale",
            case: "join",
            metric: "join_s",
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:netns",
            lang: "rust",
            params: &[("instances", "10000")],
            levels: &[(nights, 1.31)],
            spread: 0.006,
            margin: 0.03,
        },
    ];
    let mut series: Vec<SeriesHistory> = plants
        .iter()
        .enumerate()
        .map(|(index, plant)| history(plant, &revisions, runs, 3 + index as u64 * 2))
        .collect();
    series[5].changes.clear();
    series[5].segments.remove(0);
    series[5].verdict = Verdict::Inconclusive;
    let findings: Vec<Finding> =
        series.iter().zip(&plants).map(|(history, plant)| finding(history, plant.spread)).collect();
    let last = revisions.len() - 1;
    let passing = |_: usize| (0, 5);
    let cases = vec![
        stability(
            ("raft", "partition-heal", "cluster:k8s", "rust"),
            &revisions,
            |back| {
                (u32::from([0, 1, 2, 5, 6, 8, 27, 40].contains(&back)) + u32::from(back == 6), 5)
            },
            Stability::Flaky,
            (0.076, 0.041, 0.138),
        ),
        stability(
            ("gossip", "broadcast", "local:docker", "js"),
            &revisions,
            |back| if back == 15 { (0, 0) } else { (u32::from([3, 5, 22].contains(&back)), 5) },
            Stability::Stable,
            (0.014, 0.004, 0.04),
        ),
        stability(
            ("dht", "find-peers", "local:docker", "rust"),
            &revisions,
            passing,
            Stability::Stable,
            (0.0, 0.0, 0.006),
        ),
        stability(
            ("dht", "provide", "local:docker", "rust"),
            &revisions,
            passing,
            Stability::Stable,
            (0.0, 0.0, 0.006),
        ),
        stability(
            ("gossip", "churn", "cluster:k8s", "go"),
            &revisions,
            |back| if back == 18 { (5, 5) } else { (u32::from(back == 26), 5) },
            Stability::Stable,
            (0.02, 0.008, 0.047),
        ),
        stability(
            ("identify", "handshake", "local:netns", "go"),
            &revisions,
            passing,
            Stability::Stable,
            (0.0, 0.0, 0.006),
        ),
    ];
    let trust = series
        .iter()
        .zip(&plants)
        .map(|(history, plant)| TrustRow {
            series: history.series.key.title(),
            margin: plant.margin,
            minimum_detectable: Some(plant.spread * 2.2),
            spread: Some(plant.spread),
            last_run_ns: (LAST_DAY + 7200) * 1_000_000_000,
        })
        .collect();
    let last_runs = [1usize, 2, 3, 10, 11, 12, 13, 14, 15];
    let details = last_runs
        .iter()
        .filter_map(|back| Some((*back, revisions.get(revisions.len().checked_sub(*back)?)?)))
        .map(|(back, revision)| {
            let level = if back <= 12 { 0.482 } else { 0.433 };
            run(("dht", "find-peers"), revision, "time_to_find_s", level)
        })
        .collect();
    let gate = GateReport {
        decision: Decision::Hold,
        baseline: revisions[last - 1].clone(),
        candidate: revisions[last].clone(),
        rules: vec![
            GateRule {
                required: "no judged series regresses".to_owned(),
                found: "gossip/broadcast bytes_per_delivery +6.1 % [+4.9, +7.3]".to_owned(),
                result: RuleResult::Fail,
                series: Some(series[0].series.key.clone()),
            },
            GateRule {
                required: "every testcase stays above 90 % passed".to_owned(),
                found: "6 of 6 do".to_owned(),
                result: RuleResult::Pass,
                series: None,
            },
            GateRule {
                required: "no series without data".to_owned(),
                found: "all 15 have data".to_owned(),
                result: RuleResult::Pass,
                series: None,
            },
        ],
        policy_digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
            .to_owned(),
    };
    Report {
        project: "kadlab".to_owned(),
        comparisons: vec![Comparison {
            baseline: revisions[last - 1].clone(),
            candidate: revisions[last].clone(),
            environment: vec![(
                "toolchain".to_owned(),
                "rustc 1.94.1".to_owned(),
                "rustc 1.95.0".to_owned(),
            )],
            findings,
            stability: cases.clone(),
            unmatched: vec![("raft/snapshot size_b".to_owned(), "baseline")],
        }],
        revisions,
        series,
        stability: cases,
        runs: details,
        gate: Some(gate),
        trust,
    }
}

/// Returns a report without anything.
pub(crate) fn empty() -> Report {
    Report {
        project: String::new(),
        revisions: Vec::new(),
        series: Vec::new(),
        comparisons: Vec::new(),
        stability: Vec::new(),
        runs: Vec::new(),
        gate: None,
        trust: Vec::new(),
    }
}

/// Returns a report of many series with a long history.
pub(crate) fn large(series: usize, nights: usize, runs: usize) -> Report {
    let revisions = revisions(nights);
    let mut report = empty();
    report.project = "large".to_owned();
    for index in 0..series {
        let case = format!("case-{:02}", index % 40);
        let plan = format!("plan-{:02}", index / 40);
        let metric = format!("metric_{index:04}_s");
        let plant = Plant {
            plan: &plan,
            case: &case,
            metric: &metric,
            stat: Stat::Q(500),
            unit: "s",
            direction: Direction::Lower,
            runner: "local:netns",
            lang: "rust",
            params: &[],
            levels: &[
                (nights, 0.4),
                (nights / 2, 0.41),
                (if index % 50 == 0 { 1 } else { nights / 3 }, 0.43),
            ],
            spread: 0.01,
            margin: 0.03,
        };
        report.series.push(history(&plant, &revisions, runs, index as u64 + 1));
    }
    let findings = report.series.iter().map(|history| finding(history, 0.01)).collect();
    if nights > 1 {
        report.comparisons.push(Comparison {
            baseline: revisions[nights - 2].clone(),
            candidate: revisions[nights - 1].clone(),
            environment: Vec::new(),
            findings,
            stability: Vec::new(),
            unmatched: Vec::new(),
        });
    }
    report.revisions = revisions;
    report
}

/// Returns parameters by name.
pub(crate) fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
