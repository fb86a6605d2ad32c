//! What the tests of `local:exec` share: plans written in shell, requests, a FIFO that tells when everybody is gone.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ground_core::execution::{Artifact, Execution, GroupRequest, Resources, RunRequest};
use ground_core::id::RunId;
use ground_runner::local_exec::{IdleSync, LocalExec, LocalExecOptions};
use ground_runner::runner::{RunControl, RunProgress, Runner as _, RunnerError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

/// The line by which an instance says success.
pub const SUCCESS: &str = r#"echo '{"ts":1,"event":{"success_event":{"group":"g"}}}'"#;

/// A directory with a plan in it and room for its outputs.
pub struct Bench {
    pub directory: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a shell script that may be executed.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Asks for `count` instances of the script `body` in group `g`.
    pub fn request(&self, body: &str, count: u32) -> RunRequest {
        let path = self.script("plan.sh", body);
        self.request_for(vec![group("g", &path, count)])
    }

    pub fn request_for(&self, groups: Vec<GroupRequest>) -> RunRequest {
        RunRequest {
            run: RunId::new("run1"),
            plan: "demo".to_owned(),
            case: "case".to_owned(),
            groups,
            seed: 7719,
            timeout: Duration::from_secs(60),
            outputs: self.path("outputs"),
            disable_metrics: false,
            labels: BTreeMap::new(),
            pin: false,
            bare: false,
        }
    }

    pub fn output(&self, name: &str) -> String {
        fs::read_to_string(self.path("outputs").join(name)).unwrap()
    }

    pub fn options(&self) -> LocalExecOptions {
        LocalExecOptions {
            grace: Duration::from_millis(300),
            patience: Duration::from_millis(300),
            temporary: self.path("temporary"),
        }
    }

    pub fn runner(&self) -> LocalExec {
        LocalExec::new(std::sync::Arc::new(IdleSync), self.options())
    }

    pub async fn run(&self, request: &RunRequest) -> Result<Execution, RunnerError> {
        let (control, _progress) = control();
        self.runner().execute(request, &control).await
    }

    /// Runs `count` instances of `body` and expects that the machinery holds.
    pub async fn run_script(&self, body: &str, count: u32) -> Execution {
        self.run(&self.request(body, count)).await.unwrap()
    }
}

pub fn group(id: &str, path: &Path, count: u32) -> GroupRequest {
    GroupRequest {
        id: id.to_owned(),
        count,
        artifact: Artifact {
            builder: "exec:bin".to_owned(),
            path: path.to_owned(),
            args: Vec::new(),
            digest: String::new(),
            toolchain: String::new(),
        },
        params: BTreeMap::new(),
        resources: Resources::default(),
        profiles: BTreeMap::new(),
    }
}

pub fn control() -> (RunControl, UnboundedReceiver<RunProgress>) {
    let (progress, receiver) = unbounded_channel();
    let control =
        RunControl { cancel: CancellationToken::new(), kill: CancellationToken::new(), progress };
    (control, receiver)
}

/// A FIFO that processes hold open for writing: it ends when the last of them is gone.
pub struct Presence {
    file: fs::File,
}

impl Presence {
    /// Makes the FIFO and opens it for reading, without waiting for a writer.
    pub fn new(path: &Path) -> Self {
        nix::unistd::mkfifo(path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        let file =
            fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).unwrap();
        Self { file }
    }

    /// Waits until `count` lines have been written, within a minute.
    pub fn wait_for_lines(&mut self, count: usize) -> Vec<String> {
        let mut text = String::new();
        while text.lines().count() < count || !text.ends_with('\n') {
            assert!(self.wait(), "only {text:?} came");
            let mut bytes = [0u8; 4096];
            match self.file.read(&mut bytes) {
                Ok(read) => text.push_str(std::str::from_utf8(&bytes[..read]).unwrap()),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
        }
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until nobody holds the FIFO any more, within a minute.
    pub fn wait_for_the_last(&mut self) {
        loop {
            assert!(self.wait(), "somebody still holds the FIFO");
            let mut bytes = [0u8; 4096];
            match self.file.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
        }
    }

    fn wait(&self) -> bool {
        use std::os::fd::AsFd as _;
        let mut files = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
        poll(&mut files, PollTimeout::from(60_000u16)).unwrap() > 0
    }
}
