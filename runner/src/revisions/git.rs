//! Calls the git binary.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A call of git that did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no git to call.
    #[error("`git` cannot be started")]
    NotStarted(#[source] std::io::Error),
    /// Git said no.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// What it was asked, without its options for us.
        command: String,
        /// What it said, in one line.
        message: String,
    },
}

/// Git, called in one directory.
#[derive(Debug, Clone)]
pub struct Git {
    dir: PathBuf,
}

/// Variables that point git elsewhere than to its directory, as they are set within hooks.
const POINTERS: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
];

impl Git {
    /// Returns git as called in `dir`.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Returns the directory it is called in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns what git prints, without the line end.
    ///
    /// # Errors
    /// [`GitError`] when git cannot be started or ends with another status than 0.
    pub fn line<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.bytes(args)?).trim_end().to_owned())
    }

    /// Returns what git prints.
    ///
    /// # Errors
    /// As [`Git::line`].
    pub fn bytes<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Vec<u8>, GitError> {
        self.fed(args, &[])
    }

    /// Returns what git prints when it reads `input`.
    ///
    /// # Errors
    /// As [`Git::line`].
    pub fn fed<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let output = self.output(args, input).map_err(GitError::NotStarted)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(GitError::Failed { command: command_text(args), message: said(&output) })
    }

    /// Returns whether git ends with status 0; what it says is dropped.
    ///
    /// # Errors
    /// [`GitError::NotStarted`].
    pub fn agrees<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<bool, GitError> {
        Ok(self.output(args, &[]).map_err(GitError::NotStarted)?.status.success())
    }

    fn output<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> std::io::Result<Output> {
        let mut command = Command::new("git");
        for variable in POINTERS {
            command.env_remove(variable);
        }
        let mut child = command
            .args(["-c", "core.quotePath=false", "-c", "advice.detachedHead=false"])
            .args(args)
            .current_dir(&self.dir)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().expect("bug: stdin was asked to be a pipe");
        let fed = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output()?;
        match fed {
            Err(error) if output.status.success() => Err(error),
            _ => Ok(output),
        }
    }
}

fn command_text<S: AsRef<OsStr>>(args: &[S]) -> String {
    args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns the first line that tells what went wrong.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("hint:"));
    line.map_or_else(
        || output.status.to_string(),
        |line| {
            let line = line.trim();
            line.strip_prefix("fatal: ").or(line.strip_prefix("error: ")).unwrap_or(line).to_owned()
        },
    )
}
