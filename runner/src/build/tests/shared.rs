//! What holds for every builder: cache, twins, locks, cancellation, damage.

use std::path::Path;
use std::time::Duration;

use super::{Bench, BuildOutcome, FaultKind, Scratch, artifact, failure, output, spec, words};
use crate::build::{BuildError, BuildEvent, BuildSpec, FileLock};

/// Counts its builds in the file that `COUNT` names.
fn counted(build: &str) -> BuildSpec {
    let build = format!("echo x >> \"$COUNT\"; {build}");
    spec("exec:generic", &[("build", build.as_str().into()), ("run", words(&["sh", "main.sh"]))])
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    let count = bench.cache.path().join("count").display().to_string();
    bench.env.push(("COUNT".to_owned(), count));
    bench
}

fn count(bench: &Bench) -> usize {
    std::fs::read_to_string(bench.cache.path().join("count")).unwrap_or_default().lines().count()
}

fn plan(scratch: &Scratch, word: &str) {
    scratch.write("demo/main.sh", &format!("echo {word}\n"));
    scratch.commit(word);
}

#[test]
fn equal_builds_happen_once() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    scratch.commit("nothing changed");
    let bench = bench();
    let dir = scratch.path().join("demo");
    let specs = [counted("true"), counted("true"), counted(":")];
    let builds = bench.build(&dir, &["HEAD~1", "HEAD"], &specs);
    assert_eq!(count(&bench), 2, "two commits with the same tree, three groups with two builds");
    assert!(builds.iter().all(|(_, outcome)| output(outcome) == "one"));
    assert_eq!(builds.iter().count(), 6);
    bench.build(&dir, &["HEAD"], &specs);
    assert_eq!(count(&bench), 2, "a later session finds them");
}

#[test]
fn a_failed_build_is_tried_once_a_session_and_again_in_the_next() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    scratch.commit("nothing changed");
    let bench = bench();
    let dir = scratch.path().join("demo");
    let builds = bench.build(&dir, &["HEAD~1", "HEAD"], &[counted("exit 1"), counted("exit 1")]);
    assert_eq!(count(&bench), 1);
    assert!(builds.iter().all(|(_, outcome)| failure(outcome).0 == FaultKind::Source));
    bench.build(&dir, &["HEAD"], &[counted("exit 1")]);
    assert_eq!(count(&bench), 2);
}

#[test]
fn declared_inputs_narrow_what_a_build_depends_on() {
    let scratch = Scratch::new();
    scratch.write("lib/b", "1");
    scratch.write("other/c", "1");
    plan(&scratch, "one");
    scratch.write("other/c", "2");
    scratch.commit("elsewhere");
    scratch.write("lib/b", "2");
    scratch.commit("in a dependency");
    let mut narrow = counted("true");
    narrow.config.insert("build_inputs".to_owned(), words(&[".", "../lib"]));
    let bench = bench();
    let dir = scratch.path().join("demo");
    bench.build(&dir, &["HEAD~2..HEAD"], &[narrow]);
    assert_eq!(count(&bench), 2);
    bench.build(&dir, &["HEAD~2..HEAD"], &[counted("true")]);
    assert_eq!(count(&bench), 2 + 3, "without them, everything counts");
}

#[test]
fn a_damaged_artifact_is_built_anew() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    let bench = bench();
    let dir = scratch.path().join("demo");
    for (round, damage) in ["artifact/main.sh", "build.json"].into_iter().enumerate() {
        let outcome = bench.one(&dir, "HEAD", &counted("true"));
        let file =
            Path::new(&artifact(&outcome).args[0]).parent().unwrap().parent().unwrap().join(damage);
        std::fs::write(file, "garbage").unwrap();
        assert_eq!(output(&bench.one(&dir, "HEAD", &counted("true"))), "one");
        assert_eq!(count(&bench), round + 2);
    }
}

#[test]
fn a_plan_that_a_revision_lacks_is_an_outcome() {
    let scratch = Scratch::new();
    scratch.write("README", "before the plan");
    scratch.commit("before");
    plan(&scratch, "one");
    let bench = bench();
    let builds = bench.build(&scratch.path().join("demo"), &["HEAD~1..HEAD"], &[counted("true")]);
    let (kind, summary, _) = failure(builds.outcome(0, 0));
    assert_eq!(kind, FaultKind::Source);
    assert!(summary.contains("does not exist at this revision: no directory `demo"), "{summary}");
    assert_eq!(output(builds.outcome(1, 0)), "one");
}

#[test]
fn a_plan_outside_any_repository_is_built_where_it_is_each_time() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.sh"), "echo one\n").unwrap();
    let bench = bench();
    let first = bench.one(dir.path(), "", &counted("true"));
    std::fs::write(dir.path().join("main.sh"), "echo two\n").unwrap();
    let second = bench.one(dir.path(), "", &counted("true"));
    assert_eq!((output(&first).as_str(), output(&second).as_str()), ("one", "two"));
    assert_ne!(artifact(&first).path, Path::new("/"));
    assert_ne!(artifact(&first).digest, artifact(&second).digest);
}

#[test]
fn an_artifact_that_was_named_is_taken_as_it_is() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    let mut named = spec("exec:go", &[]);
    named.artifact = Some("/bin/true".to_owned());
    let dir = scratch.path().join("demo");
    assert_eq!(artifact(&Bench::new().one(&dir, "HEAD", &named)).path, Path::new("/bin/true"));
    named.artifact = Some("nothing/here".to_owned());
    assert!(failure(&Bench::new().one(&dir, "HEAD", &named)).1.contains("nothing/here"));
}

#[test]
fn an_unknown_builder_is_an_error_before_anything_is_built() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    let request = Bench::request(&scratch.path(), &["HEAD"], &[spec("docker:go", &[])]);
    let error = Bench::new().run(&request).unwrap_err();
    assert!(error.to_string().contains("exec:bin, exec:cargo, exec:generic, exec:go"), "{error}");
}

#[test]
fn a_cache_that_cannot_be_written_is_an_error() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    let request = Bench::request(&scratch.path(), &["HEAD"], &[counted("true")]);
    let workshop = crate::build::Workshop::new("/proc/nowhere".into());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let error = runtime.block_on(workshop.build_all(&request, &|_| ())).unwrap_err();
    assert!(matches!(error, BuildError::Cache { .. }), "{error:?}");
}

#[test]
fn cancelling_ends_a_build_with_everything_it_started() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    let bench = bench();
    let pid_file = bench.cache.path().join("pid");
    let fifo = bench.cache.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let build = format!(
        "sh -c 'echo $$ > {}; echo up > {}; sleep 600'",
        pid_file.display(),
        fifo.display()
    );
    let spec = spec("exec:generic", &[("build", build.as_str().into()), ("run", "sh".into())]);
    let request = Bench::request(&scratch.path().join("demo"), &["HEAD"], &[spec]);
    let cancel = request.cancel.clone();
    let stopper = std::thread::spawn(move || {
        let _ = std::fs::read_to_string(fifo);
        cancel.cancel();
    });
    assert!(matches!(bench.run(&request).unwrap_err(), BuildError::Canceled));
    stopper.join().unwrap();
    let pid: i32 = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
    // Killed with its group; init may take a moment to reap it, so a zombie counts as gone.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z ") || state.contains(") X "), "{state}");
}

#[test]
fn a_second_process_waits_for_the_first() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    let bench = bench();
    let name = crate::revisions::machine_name(&scratch.path());
    let lock = FileLock::try_take(&bench.cache.path().join("locks").join(name)).unwrap();
    let request = Bench::request(&scratch.path().join("demo"), &["HEAD"], &[counted("true")]);
    let (tell, told) = std::sync::mpsc::channel();
    let builds = std::thread::scope(|scope| {
        scope.spawn(move || {
            told.recv_timeout(Duration::from_secs(20)).unwrap();
            drop(lock);
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let note = move |event| {
            if let BuildEvent::Waiting { holder } = event {
                assert_eq!(holder, std::process::id().to_string());
                tell.send(()).unwrap();
            }
        };
        runtime.block_on(bench.workshop().build_all(&request, &note)).unwrap()
    });
    assert!(matches!(builds.outcome(0, 0), BuildOutcome::Ready { cached: false, .. }));
}

#[test]
fn a_cache_inside_the_repository_is_no_change_of_it() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    let mut bench = bench();
    bench.cache = tempfile::tempdir_in(scratch.path()).unwrap();
    assert_eq!(output(&bench.one(&scratch.path().join("demo"), "HEAD", &counted("true"))), "one");
    assert_eq!(scratch.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_worktree_that_was_torn_is_made_anew() {
    let scratch = Scratch::new();
    plan(&scratch, "one");
    plan(&scratch, "two");
    let bench = bench();
    let dir = scratch.path().join("demo");
    let worktree =
        bench.cache.path().join("worktrees").join(crate::revisions::machine_name(&scratch.path()));
    assert_eq!(output(&bench.one(&dir, "HEAD~1", &counted("true"))), "one");
    std::fs::write(worktree.join("demo/main.sh"), "echo torn\n").unwrap();
    std::fs::write(worktree.join("demo/left"), "over").unwrap();
    let git_dir = std::fs::read_to_string(worktree.join(".git")).unwrap();
    let git_dir = git_dir.trim().strip_prefix("gitdir: ").unwrap();
    std::fs::write(Path::new(git_dir).join("index.lock"), "").unwrap();
    assert_eq!(output(&bench.one(&dir, "HEAD~1", &counted(":"))), "one");
    std::fs::remove_dir_all(&worktree).unwrap();
    assert_eq!(output(&bench.one(&dir, "HEAD", &counted("true"))), "two");
    std::fs::write(worktree.join(".git"), "gitdir: /nowhere\n").unwrap();
    assert_eq!(output(&bench.one(&dir, "HEAD", &counted(":"))), "two");
}
