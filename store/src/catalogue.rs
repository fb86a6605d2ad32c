//! Which runs are there, and in which files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use crate::commit::{Chunk, Commit, Note};
use crate::layout::{COMMITS, QUARANTINE, parse};
use crate::location::StorageError;
use crate::marker::FORMAT_VERSION;
use crate::table::Table;

/// Objects that are asked for at a time.
const CONCURRENT: usize = 32;

/// Something that lies in the storage and is not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarantined {
    /// Runs that are lost with it; empty where nobody can tell.
    pub runs: Vec<String>,
    /// What is wrong, in one line.
    pub reason: String,
    /// The objects, which are still there.
    pub objects: Vec<String>,
    /// Whether a note in the store says so already.
    pub noted: bool,
}

impl Quarantined {
    /// Returns whether a newer version of this tool wrote it, so that it is left alone.
    pub(crate) fn newer(&self) -> bool {
        self.reason.starts_with(NEWER)
    }
}

/// How the reason begins where a commit is of a newer format.
const NEWER: &str = "its commit has the newer format";

impl fmt::Display for Quarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.runs.as_slice() {
            [] => f.write_str("something in the store")?,
            [run] => write!(f, "run {run}")?,
            [first, rest @ ..] => write!(f, "run {first} and {} more", rest.len())?,
        }
        write!(f, " is not read: {}", self.reason)
    }
}

/// Runs that are there, with the partition that they lie in.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) plan: String,
    pub(crate) month: String,
    pub(crate) chunk: Chunk,
    /// The object that says so.
    pub(crate) commit: String,
    /// Whether that is the commit of a single run.
    pub(crate) loose: bool,
}

/// A commit as it was found.
#[derive(Debug, Clone)]
enum Found {
    Whole(Commit),
    Damaged { reason: String, text: String },
}

/// What the storage held when it was last looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    found: BTreeMap<String, Arc<Found>>,
    notes: BTreeMap<String, Arc<Note>>,
    /// Data files with sizes; looked at again only when there are new commits.
    sizes: HashMap<String, u64>,
    live: Vec<Live>,
    runs: HashMap<String, usize>,
    quarantined: Vec<Quarantined>,
}

impl Catalogue {
    /// Returns the chunks that are read, by partition.
    pub(crate) fn live(&self) -> &[Live] {
        &self.live
    }

    /// Returns the runs that are read, each with its place in [`Self::live`].
    pub(crate) fn runs(&self) -> &HashMap<String, usize> {
        &self.runs
    }

    pub(crate) fn quarantined(&self) -> &[Quarantined] {
        &self.quarantined
    }

    /// Returns the number of the last compaction of a partition, even of a damaged one; 0 without any.
    pub(crate) fn last_seq(&self, prefix: &str) -> u64 {
        let seq_of =
            |name: &String| name.strip_prefix(prefix)?.strip_suffix(".json")?.parse::<u64>().ok();
        self.found.keys().filter_map(seq_of).max().unwrap_or(0)
    }

    /// Returns commits that say nothing any more since a later compaction holds all their runs.
    pub(crate) fn superseded(&self) -> Vec<(String, Vec<String>)> {
        let live: HashSet<&str> = self.live.iter().map(|live| live.commit.as_str()).collect();
        let mut old = Vec::new();
        for (name, found) in &self.found {
            let Found::Whole(commit) = found.as_ref() else { continue };
            let mut runs = commit.chunks.iter().flat_map(|chunk| &chunk.runs);
            if !live.contains(name.as_str()) && runs.all(|run| self.runs.contains_key(run)) {
                let files = commit.chunks.iter().flat_map(|chunk| &chunk.files);
                old.push((name.clone(), files.map(|file| file.path.clone()).collect()));
            }
        }
        old
    }

    /// Returns the commits that hold the runs of `commit` now.
    pub(crate) fn holders(&self, commit: &str) -> BTreeSet<String> {
        let Some(Found::Whole(commit)) = self.found.get(commit).map(Arc::as_ref) else {
            return BTreeSet::new();
        };
        let runs = commit.chunks.iter().flat_map(|chunk| &chunk.runs);
        let places = runs.filter_map(|run| self.runs.get(run));
        places.map(|place| self.live[*place].commit.clone()).collect()
    }

    /// Returns every data file that a commit or a note names.
    pub(crate) fn named_files(&self) -> HashSet<&str> {
        let mut names = HashSet::new();
        for found in self.found.values() {
            if let Found::Whole(commit) = found.as_ref() {
                let files = commit.chunks.iter().flat_map(|chunk| &chunk.files);
                names.extend(files.map(|file| file.path.as_str()));
            }
        }
        for note in self.notes.values() {
            names.extend(note.files.iter().map(String::as_str));
        }
        names
    }

    /// Returns this catalogue with a commit that was written just now.
    pub(crate) fn with(&self, name: &str, commit: Commit) -> Self {
        let mut next = self.clone();
        for file in commit.chunks.iter().flat_map(|chunk| &chunk.files) {
            next.sizes.insert(file.path.clone(), file.size);
        }
        let single = commit.seq.is_none();
        if single
            && !commit
                .chunks
                .iter()
                .flat_map(|chunk| &chunk.runs)
                .any(|run| next.runs.contains_key(run))
        {
            next.push(name, &commit, &commit.chunks[0]);
            next.found.insert(name.to_owned(), Arc::new(Found::Whole(commit)));
        } else {
            next.found.insert(name.to_owned(), Arc::new(Found::Whole(commit)));
            next.resolve();
        }
        next
    }

    fn push(&mut self, name: &str, commit: &Commit, chunk: &Chunk) {
        for run in &chunk.runs {
            self.runs.insert(run.clone(), self.live.len());
        }
        self.live.push(Live {
            plan: commit.plan.clone(),
            month: commit.month.clone(),
            chunk: chunk.clone(),
            commit: name.to_owned(),
            loose: commit.seq.is_none(),
        });
    }

    /// Looks at the storage; what `known` holds is not read again.
    pub(crate) async fn load(
        objects: &dyn ObjectStore,
        known: &Self,
    ) -> Result<Self, StorageError> {
        loop {
            let mut next = Self { sizes: known.sizes.clone(), ..Self::default() };
            let names = list(objects, COMMITS).await?;
            let fresh = next.take_commits(objects, known, &names).await?;
            next.take_notes(objects, known).await?;
            if fresh {
                next.sizes = sizes(objects).await?;
            }
            next.resolve();
            // Whoever compacts removes commits before files: where a file is missing and its commit is gone as well,
            // nothing is damaged, and a second look finds the runs where they are now.
            if next.quarantined.iter().all(|damage| damage.noted) || next.settled(objects).await? {
                return Ok(next);
            }
        }
    }

    async fn settled(&self, objects: &dyn ObjectStore) -> Result<bool, StorageError> {
        let now: HashSet<String> =
            list(objects, COMMITS).await?.into_iter().map(|meta| meta.location.into()).collect();
        Ok(self.found.keys().all(|name| now.contains(name)))
    }

    async fn take_commits(
        &mut self,
        objects: &dyn ObjectStore,
        known: &Self,
        names: &[ObjectMeta],
    ) -> Result<bool, StorageError> {
        let mut fresh = Vec::new();
        for meta in names {
            match known.found.get(meta.location.as_ref()) {
                Some(found) => {
                    self.found.insert(meta.location.to_string(), Arc::clone(found));
                }
                None => fresh.push(meta.location.clone()),
            }
        }
        let any = !fresh.is_empty();
        for (path, bytes) in read_all(objects, fresh).await? {
            let found = match Commit::parse(&bytes) {
                Ok(commit) if commit.version > FORMAT_VERSION => Found::Damaged {
                    reason: format!("{NEWER} {}", commit.version),
                    text: String::from_utf8_lossy(&bytes).into_owned(),
                },
                Ok(commit) => Found::Whole(commit),
                Err(reason) => {
                    Found::Damaged { reason, text: String::from_utf8_lossy(&bytes).into_owned() }
                }
            };
            self.found.insert(path.into(), Arc::new(found));
        }
        Ok(any)
    }

    async fn take_notes(
        &mut self,
        objects: &dyn ObjectStore,
        known: &Self,
    ) -> Result<(), StorageError> {
        let mut fresh = Vec::new();
        for meta in list(objects, QUARANTINE).await? {
            match known.notes.get(meta.location.as_ref()) {
                Some(note) => {
                    self.notes.insert(meta.location.to_string(), Arc::clone(note));
                }
                None => fresh.push(meta.location),
            }
        }
        for (path, bytes) in read_all(objects, fresh).await? {
            // A note that cannot be read still says that something was put aside.
            let note = serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                Note::new(format!("its note is not understood ({error})"), Vec::new(), Vec::new())
            });
            self.notes.insert(path.into(), Arc::new(note));
        }
        Ok(())
    }

    /// Decides which commits are read: of each partition the last compaction, then single runs that it lacks.
    fn resolve(&mut self) {
        (self.live, self.runs, self.quarantined) = Default::default();
        let found = self.found.clone();
        let noted: HashSet<String> =
            self.notes.values().flat_map(|note| note.files.iter().cloned()).collect();
        self.quarantined.extend(self.notes.iter().map(|(name, note)| Quarantined {
            runs: note.runs.clone(),
            reason: note.reason.clone(),
            objects: note.files.iter().chain([name]).cloned().collect(),
            noted: true,
        }));
        for (name, commit) in order(&found) {
            match commit {
                Found::Damaged { .. } if noted.contains(name) => {}
                Found::Damaged { reason, .. } => self.quarantined.push(Quarantined {
                    runs: Vec::new(),
                    reason: reason.clone(),
                    objects: vec![name.clone()],
                    noted: false,
                }),
                Found::Whole(commit) => {
                    for chunk in &commit.chunks {
                        self.consider(name, commit, chunk, &noted);
                    }
                }
            }
        }
        self.quarantined.sort();
    }

    fn consider(&mut self, name: &str, commit: &Commit, chunk: &Chunk, noted: &HashSet<String>) {
        if chunk.runs.iter().any(|run| self.runs.contains_key(run)) {
            return;
        }
        if chunk.files.iter().any(|file| noted.contains(&file.path)) {
            return;
        }
        let wrong = chunk.files.iter().find_map(|file| match self.sizes.get(&file.path) {
            Some(size) if *size == file.size => None,
            Some(size) => {
                Some(format!("`{}` has {size} bytes; {} were committed", file.path, file.size))
            }
            None => Some(format!("`{}` is missing", file.path)),
        });
        match wrong {
            None => self.push(name, commit, chunk),
            Some(reason) => self.quarantined.push(Quarantined {
                runs: chunk.runs.clone(),
                reason,
                objects: chunk
                    .files
                    .iter()
                    .map(|f| f.path.clone())
                    .chain([name.to_owned()])
                    .collect(),
                noted: false,
            }),
        }
    }

    /// Returns the text of a damaged commit, or of a whole one.
    pub(crate) fn commit_text(&self, name: &str) -> Option<String> {
        self.found.get(name).map(|found| match found.as_ref() {
            Found::Damaged { text, .. } => text.clone(),
            Found::Whole(commit) => String::from_utf8_lossy(&commit.to_bytes()).into_owned(),
        })
    }

    /// Returns whether an object is the commit of a single run.
    pub(crate) fn is_run_commit(&self, name: &str) -> bool {
        self.found.contains_key(name) && name.starts_with(&format!("{COMMITS}/run-"))
    }
}

/// Returns compactions first, the last of each partition foremost, then single runs.
fn order(found: &BTreeMap<String, Arc<Found>>) -> Vec<(&String, &Found)> {
    let mut all: Vec<(&String, &Found)> =
        found.iter().map(|(name, found)| (name, found.as_ref())).collect();
    all.sort_by_key(|(_, found)| match found {
        Found::Whole(commit) => std::cmp::Reverse(commit.seq),
        Found::Damaged { .. } => std::cmp::Reverse(None),
    });
    all
}

async fn read_all(
    objects: &dyn ObjectStore,
    paths: Vec<Path>,
) -> Result<Vec<(Path, Vec<u8>)>, StorageError> {
    let reads: Vec<_> = paths.into_iter().map(|path| read(objects, path)).collect();
    let read: Vec<_> =
        futures::stream::iter(reads).buffer_unordered(CONCURRENT).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

/// Reads an object; nothing when it is gone meanwhile.
async fn read(
    objects: &dyn ObjectStore,
    path: Path,
) -> Result<Option<(Path, Vec<u8>)>, StorageError> {
    let failed = |error| StorageError::new(path.as_ref(), error);
    match objects.get(&path).await {
        Ok(found) => {
            let bytes = found.bytes().await.map_err(failed)?;
            Ok(Some((path, bytes.to_vec())))
        }
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

async fn list(objects: &dyn ObjectStore, folder: &str) -> Result<Vec<ObjectMeta>, StorageError> {
    let failed = |error| StorageError::new(folder, error);
    objects.list(Some(&parse(folder))).try_collect().await.map_err(failed)
}

/// Lists the files of all tables.
pub(crate) async fn data_files(objects: &dyn ObjectStore) -> Result<Vec<ObjectMeta>, StorageError> {
    let mut files = Vec::new();
    for table in Table::ALL {
        files.extend(list(objects, table.as_str()).await?);
    }
    Ok(files)
}

async fn sizes(objects: &dyn ObjectStore) -> Result<HashMap<String, u64>, StorageError> {
    let files = data_files(objects).await?;
    Ok(files.into_iter().map(|meta| (meta.location.into(), meta.size)).collect())
}
