use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Place, RevisionError, Target, resolve};

/// A repository in a directory of its own.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let scratch = Self { dir: tempfile::tempdir().unwrap() };
        scratch.git(&["init", "-q", "-b", "main"]);
        scratch.git(&["config", "user.name", "Test"]);
        scratch.git(&["config", "user.email", "test@example.org"]);
        scratch.git(&["config", "commit.gpgsign", "false"]);
        scratch
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git").args(args).current_dir(self.dir.path()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits everything and returns the commit.
    pub(crate) fn commit(&self, subject: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", subject]);
        self.git(&["rev-parse", "HEAD"])
    }
}

fn asked(dir: &Path, specs: &[&str]) -> Result<Vec<Target>, RevisionError> {
    let specs: Vec<String> = specs.iter().map(|&spec| spec.to_owned()).collect();
    resolve(dir, &specs)
}

fn commits(targets: &[Target]) -> Vec<&str> {
    targets.iter().map(|target| target.revision.commit.as_str()).collect()
}

#[test]
fn a_plan_outside_any_repository_has_its_files_only() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(asked(dir.path(), &[]).unwrap(), [Target::outside()]);
    assert_eq!(asked(dir.path(), &["worktree"]).unwrap(), [Target::outside()]);
    let error = asked(dir.path(), &["v1"]).unwrap_err();
    assert!(matches!(&error, RevisionError::NotARepository { asked, .. } if asked == "v1"));
    assert!(!error.hint().is_empty());
}

#[test]
fn an_unknown_revision_comes_with_names_like_it() {
    let scratch = Scratch::new();
    scratch.commit("one");
    scratch.git(&["tag", "v1.20"]);
    scratch.git(&["tag", "v1.21"]);
    scratch.git(&["branch", "quite-different"]);
    let error = asked(&scratch.path(), &["v1.2"]).unwrap_err();
    let RevisionError::Unknown { nearest, .. } = &error else { panic!("{error:?}") };
    assert_eq!(nearest, &["v1.20", "v1.21"]);
    assert_eq!(error.hint(), "nearest: `v1.20`, `v1.21`");
    for odd in ["--all", "-x", "no such thing", "HEAD^{tree}", "v1.20..nope"] {
        let error = asked(&scratch.path(), &[odd]).unwrap_err();
        assert!(matches!(error, RevisionError::Unknown { .. }), "{odd}: {error:?}");
    }
}

#[test]
fn a_shallow_clone_is_refused() {
    let scratch = Scratch::new();
    scratch.commit("one");
    scratch.commit("two");
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", scratch.path().display());
    let path = clone.path().join("c").display().to_string();
    scratch.git(&["clone", "-q", "--depth", "1", &url, &path]);
    let error = asked(Path::new(&path), &["HEAD"]).unwrap_err();
    assert!(matches!(error, RevisionError::Shallow { .. }));
    assert!(error.hint().contains("--unshallow"));
}

#[test]
fn a_range_must_go_forward() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.commit("one"), scratch.commit("two"));
    scratch.git(&["checkout", "-q", "-b", "side", &one]);
    scratch.commit("aside");
    let back = asked(&scratch.path(), &[&format!("{two}..{one}")]).unwrap_err();
    assert!(matches!(back, RevisionError::NotAnAncestor { reversed: true, .. }));
    assert!(back.hint().contains(&format!("{one}..{two}")));
    let aside = asked(&scratch.path(), &["main..side"]).unwrap_err();
    assert!(matches!(aside, RevisionError::NotAnAncestor { reversed: false, .. }));
}

#[test]
fn a_range_has_both_ends_and_follows_first_parents() {
    let scratch = Scratch::new();
    let one = scratch.commit("one");
    let two = scratch.commit("two");
    scratch.git(&["checkout", "-q", "-b", "side"]);
    let side = scratch.commit("side");
    scratch.git(&["checkout", "-q", "main"]);
    let three = scratch.commit("three");
    scratch.git(&["merge", "-q", "--no-ff", "-m", "merge side", "side"]);
    let merge = scratch.git(&["rev-parse", "HEAD"]);
    scratch.git(&["tag", "-a", "v2", "-m", "annotated"]);

    let targets = asked(&scratch.path(), &[&format!("{one}..v2")]).unwrap();
    assert_eq!(commits(&targets), [&one, &two, &three, &merge]);
    let positions: Vec<i64> = targets.iter().map(|t| t.revision.position).collect();
    assert_eq!(positions, [1, 2, 3, 4]);
    assert_eq!(targets[3].revision.subject, "merge side");
    assert!(targets.iter().all(|t| t.place == Place::Commit && !t.revision.dirty));
    assert!(targets[0].revision.committed_at_s > 1_500_000_000);

    // An end left out is HEAD; a range of one; a begin that is on no first-parent chain.
    assert_eq!(
        commits(&asked(&scratch.path(), &[&format!("{three}..")]).unwrap()),
        [&three, &merge]
    );
    assert_eq!(commits(&asked(&scratch.path(), &["HEAD..HEAD"]).unwrap()), [&merge]);
    let from_side = asked(&scratch.path(), &["side..HEAD"]).unwrap();
    assert_eq!(commits(&from_side), [&side, &three, &merge]);
    assert_eq!(from_side[0].revision.position, 3);
}

#[test]
fn a_list_keeps_its_order_and_names_each_once() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.commit("one"), scratch.commit("two"));
    scratch.git(&["tag", "old", &one]);
    let targets = asked(&scratch.path(), &["main", "old", &two[..10], "HEAD", ""]).unwrap();
    assert_eq!(commits(&targets), [&two, &one]);
}

#[test]
fn changed_files_are_a_revision_of_their_own() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "target\n");
    scratch.write("plan/a", "1");
    let commit = scratch.commit("one");
    scratch.write("target/ignored", "x");
    let plan = scratch.path().join("plan");
    let clean = asked(&plan, &[]).unwrap().remove(0);
    assert_eq!((clean.place, clean.changes, clean.revision.dirty), (Place::WorkTree, None, false));
    assert_eq!(clean.identity(), commit);

    let mut seen = vec![clean.identity()];
    let mut change = |name: &str, content: &str| {
        scratch.write(name, content);
        let target = asked(&plan, &["dirty"]).unwrap().remove(0);
        assert!(target.revision.dirty && target.revision.commit == commit);
        assert!(!seen.contains(&target.identity()), "{name} = {content}");
        seen.push(target.identity());
    };
    change("plan/a", "2");
    change("plan/a", "3");
    change("plan/new", "untracked");
    change("plan/new", "untracked, changed");
    change("elsewhere", "outside the plan, within the repository");
    assert_eq!(asked(&plan, &["HEAD", ""]).unwrap().len(), 2);
}

#[test]
fn a_repository_without_a_commit_has_its_files() {
    let scratch = Scratch::new();
    scratch.write("a", "1");
    let target = asked(&scratch.path(), &[]).unwrap().remove(0);
    assert_eq!(target.revision.commit, "");
    assert!(target.changes.is_some() && target.revision.dirty);
    assert!(matches!(asked(&scratch.path(), &["HEAD"]), Err(RevisionError::Unknown { .. })));
}

#[test]
fn a_tree_digest_covers_the_paths_it_is_asked_for() {
    let scratch = Scratch::new();
    scratch.write("plan/a", "1");
    scratch.write("lib/b", "1");
    scratch.write("other/c", "1");
    let one = scratch.commit("one");
    scratch.write("other/c", "2");
    let two = scratch.commit("two");
    scratch.write("lib/b", "2");
    let three = scratch.commit("three");
    let repository = super::Repository::find(&scratch.path().join("plan")).unwrap().unwrap();
    let digest = |commit: &str, paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
        repository.tree_digest(commit, &paths).unwrap()
    };
    assert_ne!(digest(&one, &[]), digest(&two, &[]));
    assert_eq!(digest(&one, &[".", "../lib"]), digest(&two, &[".", "../lib"]));
    assert_ne!(digest(&two, &[".", "../lib"]), digest(&three, &[".", "../lib"]));
    assert_eq!(digest(&two, &["missing"]), digest(&three, &["missing"]));
}
