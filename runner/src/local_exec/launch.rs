//! Starting and reaping one process: the system calls, and nothing else.
//!
//! The child shares the engine's memory until it executes, as in `posix_spawn`, so a start costs the same however
//! large the engine is. What `posix_spawn` cannot do is done here: parent-death signal, processor affinity, limits.
#![expect(unsafe_code, reason = "clone, prctl and wait4 have no safe form")]

use std::ffi::{CStr, CString};
use std::io;
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};

/// Stack of the child until it executes; it calls a few dozen system calls and allocates nothing.
const STACK_BYTES: usize = 64 * 1024;

/// Signals that Linux knows: 1 to 64.
const LAST_SIGNAL: i32 = 64;

/// What an instance's process is started with; everything that could allocate is done beforehand.
#[derive(Debug)]
pub(super) struct Launch {
    program: CString,
    argv: Vec<CString>,
    envp: Vec<CString>,
    cwd: CString,
    stdout: CString,
    stderr: CString,
    /// Files to write `0` into, which moves the process into their cgroups.
    cgroup_procs: Vec<CString>,
    /// The processor it is pinned to.
    pub(super) cpu: Option<usize>,
    /// Limit of its data segment, where no cgroup can hold it.
    pub(super) data_limit: Option<u64>,
}

/// A text with a zero byte in it, which no process can be given.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` contains a zero byte")]
pub(super) struct ZeroByte {
    text: String,
}

/// The step at which a start failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Step {
    Clone = 0,
    Session = 1,
    ParentDeath = 2,
    Directory = 3,
    Stdin = 4,
    Stdout = 5,
    Stderr = 6,
    Cgroup = 7,
    Affinity = 8,
    Limit = 9,
    Execute = 10,
}

/// A process could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LaunchError {
    pub(super) step: Step,
    pub(super) errno: Errno,
}

/// How a process ended and what it used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reaped {
    pub(super) exit_code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) cpu_user_s: f64,
    pub(super) cpu_system_s: f64,
    pub(super) max_rss_bytes: u64,
}

impl Launch {
    /// Prepares a start of `program` with `args`, `env`, working directory and files for its two outputs.
    pub(super) fn new(
        program: &CStr,
        args: &[String],
        env: &[(String, String)],
        files: &Files<'_>,
    ) -> Result<Self, ZeroByte> {
        let mut argv = vec![program.to_owned()];
        for arg in args {
            argv.push(text(arg)?);
        }
        let envp = env.iter().map(|(key, value)| text(&format!("{key}={value}")));
        Ok(Self {
            program: program.to_owned(),
            argv,
            envp: envp.collect::<Result<_, _>>()?,
            cwd: text(files.directory)?,
            stdout: text(&format!("{}/stdout.log", files.directory))?,
            stderr: text(&format!("{}/stderr.log", files.directory))?,
            cgroup_procs: Vec::new(),
            cpu: None,
            data_limit: None,
        })
    }

    /// Lets the process enter the cgroups whose `cgroup.procs` files these are.
    pub(super) fn enter_cgroups(&mut self, procs: &[PathBuf]) -> Result<(), ZeroByte> {
        let files = procs.iter().map(|file| text(&file.to_string_lossy()));
        self.cgroup_procs = files.collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// Where an instance's files are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'a> {
    /// Its output directory: working directory and home of its two output files.
    pub(super) directory: &'a str,
}

fn text(text: &str) -> Result<CString, ZeroByte> {
    CString::new(text).map_err(|_| ZeroByte { text: text.replace('\0', "\\0") })
}

/// What the child reads, and the one cell it writes.
struct Shared<'a> {
    launch: &'a Launch,
    argv: *const *const libc::c_char,
    envp: *const *const libc::c_char,
    parent: libc::pid_t,
    mask: libc::sigset_t,
    step: AtomicI32,
    errno: AtomicI32,
}

/// Starts processes that die with the thread that started them.
pub(super) struct Launcher {
    stack: Vec<u8>,
}

impl Launcher {
    pub(super) fn new() -> Self {
        Self { stack: vec![0; STACK_BYTES] }
    }

    /// Starts one process, in a session and process group of its own, and returns its id once it executes.
    pub(super) fn start(&mut self, launch: &Launch) -> Result<i32, LaunchError> {
        let argv = pointers(&launch.argv);
        let envp = pointers(&launch.envp);
        let mut shared = Shared {
            launch,
            argv: argv.as_ptr(),
            envp: envp.as_ptr(),
            parent: nix::unistd::getpid().as_raw(),
            mask: block_signals(),
            step: AtomicI32::new(Step::Clone as i32),
            errno: AtomicI32::new(0),
        };
        // The stack grows downwards, and its top must lie on a multiple of 16.
        let top = self.stack.as_mut_ptr_range().end;
        // SAFETY: both addresses lie within or one past `self.stack`.
        let top = unsafe { top.sub(top as usize % 16) };
        // SAFETY: CLONE_VFORK holds this thread until the child has executed or exited, so the stack and `shared`
        // outlive the child's use of them, and nobody else touches them meanwhile.
        let pid = unsafe {
            libc::clone(
                child,
                top.cast(),
                libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES | libc::SIGCHLD,
                ptr::from_mut(&mut shared).cast(),
            )
        };
        let clone_errno = Errno::last();
        restore_signals(&shared.mask);
        if pid < 0 {
            return Err(LaunchError { step: Step::Clone, errno: clone_errno });
        }
        let errno = shared.errno.load(Ordering::SeqCst);
        if errno == 0 {
            return Ok(pid);
        }
        let _ = reap(pid);
        Err(LaunchError {
            step: Step::of(shared.step.load(Ordering::SeqCst)),
            errno: Errno::from_raw(errno),
        })
    }
}

impl Step {
    const ALL: [Self; 11] = [
        Self::Clone,
        Self::Session,
        Self::ParentDeath,
        Self::Directory,
        Self::Stdin,
        Self::Stdout,
        Self::Stderr,
        Self::Cgroup,
        Self::Affinity,
        Self::Limit,
        Self::Execute,
    ];

    fn of(number: i32) -> Self {
        Self::ALL.into_iter().find(|step| *step as i32 == number).unwrap_or(Self::Clone)
    }

    /// Says what was being done.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Clone => "making the process",
            Self::Session => "giving it a session",
            Self::ParentDeath => "tying its life to the engine's",
            Self::Directory => "entering its output directory",
            Self::Stdin => "opening /dev/null",
            Self::Stdout => "opening stdout.log",
            Self::Stderr => "opening stderr.log",
            Self::Cgroup => "entering its cgroup",
            Self::Affinity => "pinning it to a processor",
            Self::Limit => "limiting its memory",
            Self::Execute => "executing it",
        }
    }
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

/// Blocks every signal in this thread, so that no handler of the engine runs in the child; returns the old mask.
fn block_signals() -> libc::sigset_t {
    // SAFETY: both sets are valid for writing; a zeroed set is a valid value.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut old: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut old);
        old
    }
}

fn restore_signals(mask: &libc::sigset_t) {
    // SAFETY: `mask` is a valid set and the old one is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, ptr::from_ref(mask), ptr::null_mut()) };
}

/// Runs in the child, on its own stack, in the engine's memory: system calls only.
extern "C" fn child(shared: *mut libc::c_void) -> libc::c_int {
    // SAFETY: the parent passes its `Shared` and waits until this process executes or exits.
    let shared = unsafe { &*shared.cast::<Shared<'_>>() };
    // SAFETY: every pointer in `shared` is a null-terminated string or array that the parent keeps alive.
    unsafe {
        if let Err(step) = prepare(shared) {
            return fail(shared, step);
        }
        libc::execve(shared.launch.program.as_ptr(), shared.argv, shared.envp);
    }
    fail(shared, Step::Execute)
}

fn fail(shared: &Shared<'_>, step: Step) -> libc::c_int {
    shared.step.store(step as i32, Ordering::SeqCst);
    shared.errno.store(Errno::last_raw().max(1), Ordering::SeqCst);
    // SAFETY: ends this process without running anything of the engine's.
    unsafe { libc::_exit(127) }
}

/// Returns `Err(step)` when a system call answered below zero.
const fn check(answer: libc::c_int, step: Step) -> Result<(), Step> {
    if answer < 0 { Err(step) } else { Ok(()) }
}

unsafe fn prepare(shared: &Shared<'_>) -> Result<(), Step> {
    let launch = shared.launch;
    // SAFETY: see `child`.
    unsafe {
        own_files();
        check(libc::setsid(), Step::Session)?;
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0), Step::ParentDeath)?;
        if libc::getppid() != shared.parent {
            // The engine died before the signal was armed.
            libc::_exit(127);
        }
        check(libc::chdir(launch.cwd.as_ptr()), Step::Directory)?;
        redirect(c"/dev/null", libc::O_RDONLY, 0, Step::Stdin)?;
        let append = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND;
        redirect(&launch.stdout, append, 1, Step::Stdout)?;
        redirect(&launch.stderr, append, 2, Step::Stderr)?;
        for procs in &launch.cgroup_procs {
            enter_cgroup(procs)?;
        }
        if let Some(cpu) = launch.cpu {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(cpu, &mut set);
            let size = size_of::<libc::cpu_set_t>();
            check(libc::sched_setaffinity(0, size, &raw const set), Step::Affinity)?;
        }
        if let Some(bytes) = launch.data_limit {
            let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
            check(libc::setrlimit(libc::RLIMIT_DATA, &raw const limit), Step::Limit)?;
        }
        prefer_as_oom_victim();
        default_signals(&shared.mask);
    }
    Ok(())
}

/// Leaves the engine's file table without copying its thousands of sockets.
unsafe fn own_files() {
    // SAFETY: plain system calls; the flags are those of the kernel's header.
    unsafe {
        let answer =
            libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_UNSHARE);
        if answer < 0 {
            // Before Linux 5.9: a copy; the engine's files close when the child executes.
            libc::unshare(libc::CLONE_FILES);
        }
    }
}

unsafe fn redirect(path: &CStr, flags: i32, target: i32, step: Step) -> Result<(), Step> {
    // SAFETY: `path` is null-terminated.
    unsafe {
        let file = libc::open(path.as_ptr(), flags | libc::O_CLOEXEC, 0o644);
        check(file, step)?;
        check(libc::dup2(file, target), step)?;
        libc::close(file);
    }
    Ok(())
}

unsafe fn enter_cgroup(procs: &CStr) -> Result<(), Step> {
    // SAFETY: `procs` is null-terminated and the buffer is one byte long.
    unsafe {
        let file = libc::open(procs.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        check(file, Step::Cgroup)?;
        let written = libc::write(file, c"0".as_ptr().cast(), 1);
        libc::close(file);
        if written == 1 { Ok(()) } else { Err(Step::Cgroup) }
    }
}

/// Makes the kernel end an instance rather than the engine when the machine's memory is exhausted.
unsafe fn prefer_as_oom_victim() {
    // SAFETY: constant path and buffer; failure changes nothing that matters.
    unsafe {
        let file =
            libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if file >= 0 {
            libc::write(file, c"500".as_ptr().cast(), 3);
            libc::close(file);
        }
    }
}

/// Gives every signal its default meaning, then lets them in as the engine's thread did.
unsafe fn default_signals(mask: &libc::sigset_t) {
    // SAFETY: a zeroed `sigaction` is SIG_DFL without flags; the child's table of handlers is its own.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=LAST_SIGNAL {
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
        libc::sigprocmask(libc::SIG_SETMASK, ptr::from_ref(mask), ptr::null_mut());
    }
}

/// Returns a child of this thread that has ended and waits to be reaped, or nothing when none has.
///
/// Children of other threads are never seen, so builds and other commands of the engine are not disturbed.
/// With `block`, waits for one; answers [`Errno::ECHILD`] when this thread has no children left.
pub(super) fn next_ended(block: bool) -> Result<Option<i32>, Errno> {
    let mut flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::__WNOTHREAD;
    if !block {
        flags |= WaitPidFlag::WNOHANG;
    }
    loop {
        match waitid(Id::All, flags) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
            Ok(WaitStatus::StillAlive) => return Ok(None),
            Ok(status) => return Ok(status.pid().map(nix::unistd::Pid::as_raw)),
        }
    }
}

/// Takes the child `pid` of this thread off the kernel's table and tells how it ended.
pub(super) fn reap(pid: i32) -> io::Result<Reaped> {
    let mut status = 0;
    // SAFETY: a zeroed `rusage` is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are valid for writing.
        let answer = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if answer == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    Ok(Reaped {
        exit_code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        cpu_user_s: seconds(usage.ru_utime),
        cpu_system_s: seconds(usage.ru_stime),
        // In KiB on Linux.
        max_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024),
    })
}
