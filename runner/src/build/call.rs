//! Calls a tool, with everything it says in a log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

use super::{Fault, Job};

/// The log of one build.
#[derive(Debug, Clone)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    /// Starts an empty log at `path`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        File::create(&path)?;
        Ok(Self { path })
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one line; a log that cannot be written does not stop a build.
    pub fn say(&self, line: &str) {
        if let Ok(mut file) = self.open() {
            let _ = writeln!(file, "{line}");
        }
    }

    /// Returns the line that tells best what went wrong: the first that speaks of an error, or the last.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&fs::read(&self.path).ok()?).into_owned();
        let lines = || {
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("$ "))
        };
        let speaks = |line: &&str| line.starts_with("error") || line.contains("error: ");
        lines()
            .find(speaks)
            .or_else(|| lines().next_back())
            .map(|line| line.chars().take(300).collect())
    }

    pub(super) fn contains(&self, needles: &[&str]) -> bool {
        let text = fs::read(&self.path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        needles.iter().any(|needle| text.contains(needle))
    }

    fn open(&self) -> io::Result<File> {
        OpenOptions::new().append(true).create(true).open(&self.path)
    }
}

/// One call of a tool.
pub(super) struct Call<'a> {
    words: Vec<String>,
    env: Vec<(String, String)>,
    job: &'a Job<'a>,
}

/// How a tool ended.
pub(super) struct Called {
    /// Its exit status.
    pub(super) status: ExitStatus,
    /// What it printed, when that was asked for.
    pub(super) stdout: Vec<u8>,
}

impl<'a> Call<'a> {
    /// Prepares a call in the plan's directory.
    pub(super) fn new<S: AsRef<str>>(job: &'a Job<'a>, words: &[S]) -> Self {
        let words = words.iter().map(|word| word.as_ref().to_owned()).collect();
        Self { words, env: job.env.to_vec(), job }
    }

    pub(super) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Runs it with everything it prints in the log.
    pub(super) async fn logged(self) -> Result<Called, Fault> {
        let log = self.job.log.open().map_err(|error| Fault::io(self.job.log.path(), &error))?;
        self.run(log.into(), None).await
    }

    /// Runs it and returns what it prints; its complaints go to the log.
    pub(super) async fn captured(self) -> Result<Called, Fault> {
        // A file, not a pipe: a daemon that the tool leaves behind would keep a pipe open.
        let path = self.job.log.path().with_extension("out");
        let file = File::create(&path).map_err(|error| Fault::io(&path, &error))?;
        let called = self.run(file.into(), Some(&path)).await;
        let _ = fs::remove_file(&path);
        called
    }

    async fn run(self, stdout: Stdio, captured: Option<&Path>) -> Result<Called, Fault> {
        let Self { words, env, job } = self;
        let (program, args) = words.split_first().expect("bug: a call without a program");
        job.log.say(&format!("$ {}", words.join(" ")));
        let stderr = job.log.open().map_err(|error| Fault::io(job.log.path(), &error))?;
        let spawned = Command::new(program)
            .args(args)
            .envs(env)
            .current_dir(&job.dir)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(|error| cannot_start(program, job, &error))?;
        let group = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
        let status = tokio::select! {
            status = child.wait() => status.map_err(|error| Fault::io(Path::new(program), &error))?,
            () = job.cancel.cancelled() => {
                if let Some(group) = group {
                    let _ = killpg(group, Signal::SIGKILL);
                }
                let _ = child.wait().await;
                return Err(Fault::canceled());
            }
        };
        let stdout = captured.map(fs::read).transpose();
        let stdout = stdout.map_err(|error| Fault::io(job.log.path(), &error))?;
        Ok(Called { status, stdout: stdout.unwrap_or_default() })
    }
}

fn cannot_start(program: &str, job: &Job<'_>, error: &io::Error) -> Fault {
    let builder = &job.spec.builder;
    match error.kind() {
        io::ErrorKind::NotFound if !job.dir.is_dir() => no_directory(job),
        io::ErrorKind::NotFound => Fault::machinery(
            format!("`{program}` is not installed, and `{builder}` needs it"),
            format!("install `{program}`, or put it on PATH"),
        ),
        _ => Fault::machinery(format!("`{program}` cannot be started: {error}"), String::new()),
    }
}

pub(super) fn no_directory(job: &Job<'_>) -> Fault {
    let below = job.dir.strip_prefix(&job.root).unwrap_or(&job.dir);
    Fault::source(
        format!(
            "plan `{}` does not exist at this revision: no directory `{}`",
            job.plan,
            below.display()
        ),
        "begin the range at a revision that has the plan".to_owned(),
    )
}

/// Returns the fault of a tool that ended with a bad status: what the log says, and the status where it says nothing.
pub(super) fn failed(job: &Job<'_>, tool: &str, status: ExitStatus) -> Fault {
    let summary = job.log.summary().unwrap_or_else(|| format!("`{tool}` ended with {status}"));
    Fault::source(summary, String::new())
}
