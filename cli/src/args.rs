//! Flags and commands.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

/// Tests, benchmarks and simulates distributed systems, and says with evidence whether a commit made them slower or
/// flakier.
#[derive(Debug, Parser)]
#[command(name = "ground", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Global {
    /// Where runs are stored: a directory or an object-store URL.
    #[arg(
        long,
        global = true,
        env = "GROUND_STORE",
        default_value = ".ground/store",
        value_name = "LOCATION"
    )]
    pub(crate) store: String,
    /// Where journals, builds and outputs are kept.
    #[arg(
        long,
        global = true,
        env = "GROUND_STATE",
        default_value = ".ground",
        value_name = "DIR"
    )]
    pub(crate) state: PathBuf,
    /// When to colour messages.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub(crate) color: When,
    /// Draw with ASCII only.
    #[arg(long, global = true)]
    pub(crate) ascii: bool,
    /// Say more; twice for everything.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a plan, a composition or any executable, at one revision or across several.
    Run(Box<Run>),
    /// Compares two revisions: BASE..HEAD.
    Compare(Compare),
    /// Decides by a policy whether HEAD may be released: exit 0 go, 1 hold, 3 no answer.
    Gate(Gate),
    /// Shows where series changed over revisions, and which testcases are flaky.
    Changes(Changes),
    /// Shows failure rates: of every testcase in the store, or of plain counts.
    Flaky(Flaky),
    /// Finds the steady part of plain series.
    Warmup(Warmup),
    /// Writes the report as a static site.
    Report(Report),
    /// Asks the store in SQL.
    Sql(Sql),
    /// Shows what a plan or composition is made of.
    Describe(Describe),
    /// Checks the store, and compacts it on request.
    Verify(Verify),
    /// Runs the sync service alone, for authors of SDKs.
    SyncService(SyncService),
    /// Makes a repository with a slow and a flaky commit, finds both, writes the report.
    Demo(Demo),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// A plan's directory, a composition, a manifest, or an executable.
    pub(crate) path: PathBuf,
    /// The testcase; may be left out where the plan has only one.
    #[arg(long, short = 'c', value_name = "NAME")]
    pub(crate) case: Option<String>,
    /// How many instances; the testcase's default when it is not given.
    #[arg(long, short, value_name = "N")]
    pub(crate) instances: Option<u32>,
    /// Sets a parameter of the testcase; may be given several times.
    #[arg(long = "param", short = 'p', value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// Sweeps a parameter over values; may be given several times.
    #[arg(long = "sweep", value_name = "NAME=V1,V2,...")]
    pub(crate) sweep: Vec<String>,
    /// The builder; the plan's default when it is not given.
    #[arg(long, value_name = "ID")]
    pub(crate) builder: Option<String>,
    /// The runner.
    #[arg(long, value_name = "ID")]
    pub(crate) runner: Option<String>,
    /// Revisions of the plan's repository: `A..B` for a range, or several separated by commas; the work tree when
    /// it is not given.
    #[arg(long, short = 'r', value_name = "REVISIONS")]
    pub(crate) revisions: Option<String>,
    /// How often everything is run; more often, the smaller the change that can be seen.
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) repetitions: Option<u32>,
    /// Which runs of a composition, separated by commas; all when it is not given.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    pub(crate) run_ids: Vec<String>,
    /// The seed of order and runs; drawn and recorded when it is not given.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How long one run may take.
    #[arg(long, default_value = "10m", value_parser = duration, value_name = "TIME")]
    pub(crate) timeout: Duration,
    /// Further attempts of a run that failed for reasons of infrastructure.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) retries: u32,
    /// Arguments for an executable without a manifest.
    #[arg(last = true)]
    pub(crate) arguments: Vec<String>,
    /// Pin instances to processors, round robin.
    #[arg(long)]
    pub(crate) pin: bool,
    /// Tell what happens as one JSON object a line on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Select {
    /// Only this plan.
    #[arg(long, value_name = "NAME")]
    pub(crate) plan: Option<String>,
    /// The repository in which revisions are looked up.
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) repository: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Compare {
    /// The trusted and the judged revision: `BASE..HEAD`.
    #[arg(required_unless_present = "series")]
    pub(crate) range: Option<String>,
    /// Compare plain series instead: a file of one JSON object a line, or `-` for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "range")]
    pub(crate) series: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) select: Select,
    /// The margin for metrics that declare none, as a ratio or in percent.
    #[arg(long, value_parser = margin, value_name = "RATIO")]
    pub(crate) margin: Option<f64>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gate {
    /// The trusted and the judged revision: `BASE..HEAD`; by default the oldest and the newest in the store.
    pub(crate) range: Option<String>,
    /// The policy: what is required of which metrics.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) select: Select,
    /// How to print.
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Flaky {
    #[command(flatten)]
    pub(crate) select: Select,
    /// Score plain counts instead: a file of one JSON object a line, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) series: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Warmup {
    /// The series: a file of one JSON object a line, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) series: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detector {
    /// Our own history engine.
    Kernel,
    /// What Apache Otava reports.
    Otava,
    /// What Perfherder reports.
    Perfherder,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Changes {
    /// Judge plain series instead: a file of one JSON object a line, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) series: Option<PathBuf>,
    /// Which detector judges plain series; the others reproduce what those tools report.
    #[arg(long, value_enum, default_value_t = Detector::Kernel, requires = "series")]
    pub(crate) algorithm: Detector,
    #[command(flatten)]
    pub(crate) select: Select,
    /// How to print.
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// Where the site is written.
    #[arg(long, default_value = "report", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// What the report is about: `BASE..HEAD`; by default the newest revision and the one before.
    #[arg(long, value_name = "RANGE")]
    pub(crate) range: Option<String>,
    /// A gate's policy to show the decision of.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The project's name; by default that of the repository's directory.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    #[command(flatten)]
    pub(crate) select: Select,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sql {
    /// The query; the tables are `runs`, `instances`, `samples`, `sketches`, `points`, `events`, `run_points`.
    pub(crate) query: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub(crate) format: TableFormat,
    /// Write here instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    Table,
    Csv,
    Json,
    Parquet,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Describe {
    /// A plan's directory, a composition, a manifest, or an executable.
    pub(crate) path: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Merge small files of the store into few.
    #[arg(long)]
    pub(crate) compact: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SyncService {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:5050", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Where the demo lives; a new directory under the system's temporary one when it is not given.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// How often each revision is run.
    #[arg(long, short = 'n', default_value_t = 6, value_name = "N")]
    pub(crate) repetitions: u32,
}

/// Reads `90`, `90s`, `10m`, `2h` or `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("`{unit}` is no unit of time; use ms, s, m or h")),
    };
    let number: f64 = number.trim().parse().map_err(|_| format!("`{number}` is no number"))?;
    Duration::try_from_secs_f64(number * factor).map_err(|error| error.to_string())
}

/// Reads `0.02` or `2%`.
fn margin(text: &str) -> Result<f64, String> {
    let (number, factor) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 0.01));
    let ratio: f64 = number.trim().parse().map_err(|_| format!("`{number}` is no number"))?;
    let ratio = ratio * factor;
    if (0.0..=1.0).contains(&ratio) && ratio > 0.0 {
        Ok(ratio)
    } else {
        Err("a margin lies above 0 and up to 1, or above 0 and up to 100 %".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;

    use super::{Args, duration, margin};

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Args::command().debug_assert();
    }

    #[test]
    fn times_and_margins_are_read_with_their_units() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(duration("-1s").is_err());
        assert!(duration("5 fortnights").is_err());
        assert_eq!(margin("2%"), Ok(0.02));
        assert_eq!(margin("0.02"), Ok(0.02));
        assert!(margin("0").is_err());
        assert!(margin("NaN").is_err());
    }
}
