//! The listener that stands for InfluxDB during one run.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::http::{Request, RequestError, read_request};
use super::line::parse_line;
use crate::clock::now_ns;

/// The file below a run's outputs that holds what was sent; absent when nothing was.
///
/// Each line is the instance's global index or `-`, a tab, and one line of the line protocol with its time in
/// nanoseconds.
pub const CAPTURE_FILE: &str = "influx.captured";

/// Connections served at a time; each is closed after its answer, so few descriptors serve many instances.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take over one request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause after a failed accept, such as for want of descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// What is written into the capture file at most; a runaway plan must not fill the disk.
const MAX_CAPTURE: u64 = 1 << 30;

/// Stands for InfluxDB on a loopback port of its own.
#[derive(Debug)]
pub struct Listener {
    addr: SocketAddr,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Listener {
    /// Starts listening; what is sent is kept in [`CAPTURE_FILE`] below `directory`.
    ///
    /// # Errors
    /// Whatever binding a loopback port gives.
    pub async fn start(directory: &Path) -> io::Result<Self> {
        let path = directory.join(CAPTURE_FILE);
        // What an earlier try of the same attempt left is not this one's.
        let _ = tokio::fs::remove_file(&path).await;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let stop = CancellationToken::new();
        let tracker = TaskTracker::new();
        let capture = Arc::new(Capture { path, written: Mutex::new(None) });
        let accept = accept(listener, capture, tracker.clone());
        let (ended, tasks) = (stop.clone(), tracker.clone());
        tracker.spawn(async move {
            ended.run_until_cancelled(accept).await;
            tasks.close();
        });
        Ok(Self { addr, stop, tracker })
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening once every request that has come is served.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(PATIENCE, self.tracker.wait()).await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, capture: Arc<Capture>, tracker: TaskTracker) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let capture = Arc::clone(&capture);
                tracker.spawn(async move {
                    let _ = tokio::time::timeout(PATIENCE, serve(stream, &capture)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("the metric listener cannot accept: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn serve(mut stream: TcpStream, capture: &Capture) -> io::Result<()> {
    let interim =
        async |stream: &mut TcpStream| stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await;
    let answer = match read_request(&mut stream, interim).await {
        Err(RequestError::Closed) => return Ok(()),
        Err(error) => answer(error.status(), &error.to_string()),
        Ok(request) => respond(&request, capture).await,
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn respond(request: &Request, capture: &Capture) -> String {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let (instance, path) = instance_of(path);
    match (request.method.as_str(), path) {
        (_, "/ping" | "/health") => answer("204 No Content", ""),
        ("POST", "/write") => match capture.keep(instance, query, &request.body).await {
            Ok(()) => answer("204 No Content", ""),
            Err(error) => answer("400 Bad Request", &error.to_string()),
        },
        // Clients create their database first, and look at nothing but the status.
        (_, "/query") => answer("200 OK", "{\"results\":[{\"statement_id\":0}]}"),
        _ => answer("404 Not Found", "only /ping, /query and /write are served"),
    }
}

fn answer(status: &str, text: &str) -> String {
    let body = match text {
        "" => String::new(),
        text if text.starts_with('{') => text.to_owned(),
        text => format!("{{\"error\":\"{}\"}}\n", text.replace(['"', '\\'], "'")),
    };
    format!(
        "HTTP/1.1 {status}\r\nX-Influxdb-Version: 1.8.10\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Splits `/instance/7/write` into the instance and the rest.
fn instance_of(path: &str) -> (Option<u32>, &str) {
    let inner = path.strip_prefix("/instance/").and_then(|rest| {
        let end = rest.find('/').unwrap_or(rest.len());
        Some((rest[..end].parse().ok()?, &rest[end..]))
    });
    match inner {
        Some((index, rest)) => (Some(index), rest),
        None => (None, path),
    }
}

/// Nanoseconds of one unit of the request's `precision`.
fn precision(query: &str) -> Option<i64> {
    let word = query.split('&').find_map(|pair| pair.strip_prefix("precision=")).unwrap_or("ns");
    Some(match word {
        "" | "n" | "ns" => 1,
        "u" | "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Why a write is refused.
#[derive(Debug, thiserror::Error)]
enum CaptureError {
    #[error("the body is not UTF-8")]
    Utf8,
    #[error("unknown precision")]
    Precision,
    #[error("line {line}: {error}")]
    Line { line: usize, error: super::line::LineError },
    #[error("the capture file cannot be written: {0}")]
    File(#[from] io::Error),
    #[error("more than 1 GiB of metrics was sent")]
    Full,
}

#[derive(Debug)]
struct Capture {
    path: PathBuf,
    /// The file and its length; opened at the first write.
    written: Mutex<Option<(File, u64)>>,
}

impl Capture {
    async fn keep(
        &self,
        instance: Option<u32>,
        query: &str,
        body: &[u8],
    ) -> Result<(), CaptureError> {
        let text = std::str::from_utf8(body).map_err(|_| CaptureError::Utf8)?;
        let unit = precision(query).ok_or(CaptureError::Precision)?;
        let who = instance.map_or_else(|| "-".to_owned(), |index| index.to_string());
        let now = now_ns();
        let mut kept = String::with_capacity(text.len() + 64);
        for (number, line) in text.lines().enumerate() {
            let record =
                parse_line(line).map_err(|error| CaptureError::Line { line: number + 1, error })?;
            let Some(record) = record else { continue };
            let line = line.trim();
            let (head, at_ns) = match record.time {
                Some(time) => (
                    line[..line.rfind(' ').unwrap_or(line.len())].trim_end(),
                    time.saturating_mul(unit),
                ),
                None => (line, now),
            };
            let _ = writeln!(kept, "{who}\t{head} {at_ns}");
        }
        self.append(&kept).await
    }

    async fn append(&self, text: &str) -> Result<(), CaptureError> {
        let mut written = self.written.lock().await;
        if written.is_none() {
            *written = Some((File::create(&self.path).await?, 0));
        }
        let (file, length) = written.as_mut().expect("bug: the file was just opened");
        if *length + text.len() as u64 > MAX_CAPTURE {
            return Err(CaptureError::Full);
        }
        *length += text.len() as u64;
        file.write_all(text.as_bytes()).await?;
        // Buffered in the runtime, not in the kernel, until it is flushed.
        Ok(file.flush().await?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::{CAPTURE_FILE, Listener, instance_of};

    async fn ask(listener: &Listener, request: &str) -> String {
        let mut stream = TcpStream::connect(listener.addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn write(listener: &Listener, target: &str, body: &str) -> String {
        let length = body.len();
        let request =
            format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}");
        ask(listener, &request).await
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_refused_clearly() {
        let directory = TempDir::new().unwrap();
        let listener = Listener::start(directory.path()).await.unwrap();
        let gzip = "POST /write HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx";
        let answer = ask(&listener, gzip).await;
        assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
        assert!(answer.contains("send plain text"), "{answer}");
        let answer = write(&listener, "/write", "good v=1\nbad\n").await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("line 2: no fields"),
            "{answer}"
        );
        assert!(write(&listener, "/write?precision=y", "m v=1").await.starts_with("HTTP/1.1 400 "));
        assert!(
            ask(&listener, "GET /elsewhere HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404 ")
        );
        listener.stop().await;
        assert!(!directory.path().join(CAPTURE_FILE).exists());
    }

    #[tokio::test]
    async fn writes_are_kept_with_their_instance_and_time() {
        let directory = TempDir::new().unwrap();
        let listener = Listener::start(directory.path()).await.unwrap();
        assert!(
            ask(&listener, "GET /instance/3/ping HTTP/1.1\r\n\r\n")
                .await
                .starts_with("HTTP/1.1 204 ")
        );
        let answer = write(
            &listener,
            "/instance/7/write?db=testground&precision=ms",
            "m,run=r v=1 5\n# no\n",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        write(&listener, "/write?precision=ns", "m v=2 9").await;
        listener.stop().await;
        let kept = fs::read_to_string(directory.path().join(CAPTURE_FILE)).unwrap();
        assert_eq!(kept, "7\tm,run=r v=1 5000000\n-\tm v=2 9\n");
    }

    #[test]
    fn the_instance_stands_in_the_path() {
        assert_eq!(instance_of("/instance/12/write"), (Some(12), "/write"));
        assert_eq!(instance_of("/write"), (None, "/write"));
        assert_eq!(instance_of("/instance/x/write"), (None, "/instance/x/write"));
        assert_eq!(instance_of("/instance/4"), (Some(4), ""));
    }
}
