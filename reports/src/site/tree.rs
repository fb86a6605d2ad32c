//! The folder a site lives in, with its manifest.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{SiteError, SiteSummary};

/// Name of the file that says what the site's files were made from.
const MANIFEST: &str = ".ground-site";

/// Names this renderer by a hash of its source: another one may give other bytes for the same input.
const RENDERER: &str = env!("GROUND_RENDERER");

/// What stands there now, and whether it was written.
type Written = Result<(Entry, bool), SiteError>;

type Render<'a> = Box<dyn Fn() -> Result<Vec<u8>, askama::Error> + Send + Sync + 'a>;

/// One file of the site, rendered only when its input changed.
pub(crate) struct Page<'a> {
    /// Its path within the site, with slashes.
    pub(crate) path: String,
    /// Hash of everything it is made from; none where comparing the bytes is cheaper.
    pub(crate) input: Option<u64>,
    /// Makes its bytes.
    pub(crate) render: Render<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    input: u64,
    bytes: u64,
}

/// The folder of a site while it is written.
pub(crate) struct Tree {
    root: PathBuf,
    before: BTreeMap<String, Entry>,
    now: BTreeMap<String, Entry>,
    summary: SiteSummary,
}

impl Tree {
    /// Opens `root`, creating it where it is missing, and reads what an earlier site left there.
    pub(crate) fn open(root: &Path) -> Result<Self, SiteError> {
        make_dir(root)?;
        let before = match fs::read_to_string(root.join(MANIFEST)) {
            Ok(text) => parse(&text),
            Err(_) => BTreeMap::new(),
        };
        Ok(Self {
            root: root.to_owned(),
            before,
            now: BTreeMap::new(),
            summary: SiteSummary::default(),
        })
    }

    /// Writes `pages`, on `threads` threads; 0 takes as many as the machine has.
    pub(crate) fn write(&mut self, pages: &[Page<'_>], threads: usize) -> Result<(), SiteError> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        self.make_dirs(pages)?;
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, Written)>> = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..threads.min(pages.len()) {
                scope.spawn(|| {
                    while let Some((index, page)) = {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        pages.get(index).map(|page| (index, page))
                    } {
                        let result = self.write_one(page);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                    }
                });
            }
        });
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (index, result) in done {
            let (entry, written) = result?;
            self.summary.bytes += entry.bytes;
            if written {
                self.summary.written += 1;
            } else {
                self.summary.unchanged += 1;
            }
            self.now.insert(pages[index].path.clone(), entry);
        }
        Ok(())
    }

    fn make_dirs(&self, pages: &[Page<'_>]) -> Result<(), SiteError> {
        let mut dirs: Vec<&str> =
            pages.iter().filter_map(|page| Some(page.path.rsplit_once('/')?.0)).collect();
        dirs.sort_unstable();
        dirs.dedup();
        dirs.iter().try_for_each(|dir| make_dir(&self.root.join(dir)))
    }

    /// Writes one page unless it stands there already; says whether it wrote.
    fn write_one(&self, page: &Page<'_>) -> Written {
        let path = self.root.join(&page.path);
        let known = self.before.get(&page.path).copied();
        let stands = |entry: Entry| fs::metadata(&path).is_ok_and(|meta| meta.len() == entry.bytes);
        if let (Some(input), Some(entry)) = (page.input, known)
            && entry.input == input
            && stands(entry)
        {
            return Ok((entry, false));
        }
        let bytes = (page.render)()
            .map_err(|source| SiteError::Render { page: page.path.clone(), source })?;
        let input = page.input.unwrap_or_else(|| hash_bytes(&bytes));
        let entry = Entry { input, bytes: bytes.len() as u64 };
        if page.input.is_none() && known == Some(entry) && stands(entry) {
            return Ok((entry, false));
        }
        replace(&path, &bytes)?;
        Ok((entry, true))
    }

    /// Removes what only the earlier site had and writes the manifest.
    pub(crate) fn finish(mut self) -> Result<SiteSummary, SiteError> {
        for path in self.before.keys().filter(|path| !self.now.contains_key(*path)) {
            let full = self.root.join(path);
            match fs::remove_file(&full) {
                Ok(()) => self.summary.removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(SiteError::Write { path: full, source }),
            }
        }
        let mut text = format!("{RENDERER}\n");
        for (path, entry) in &self.now {
            text += &format!("{:016x} {} {path}\n", entry.input, entry.bytes);
        }
        if self.now != self.before {
            replace(&self.root.join(MANIFEST), text.as_bytes())?;
        }
        Ok(self.summary)
    }
}

/// Reads a manifest; one of another renderer, or a damaged line, counts as nothing known.
fn parse(text: &str) -> BTreeMap<String, Entry> {
    let mut lines = text.lines();
    let same = lines.next() == Some(RENDERER);
    let mut known = BTreeMap::new();
    for line in lines {
        let mut fields = line.splitn(3, ' ');
        let (Some(input), Some(bytes), Some(path)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let safe =
            !path.starts_with('/') && path.split('/').all(|part| part != ".." && !part.is_empty());
        let input = u64::from_str_radix(input, 16).ok();
        if let (Some(input), Ok(bytes), true) = (input, bytes.parse(), safe) {
            let bytes = if same { bytes } else { u64::MAX };
            known.insert(path.to_owned(), Entry { input, bytes });
        }
    }
    known
}

fn make_dir(path: &Path) -> Result<(), SiteError> {
    fs::create_dir_all(path).map_err(|source| SiteError::Write { path: path.to_owned(), source })
}

/// Puts `bytes` at `path` in one step.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), SiteError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let draft = path.with_file_name(format!(".{name}.new"));
    let failed = |source| SiteError::Write { path: path.to_owned(), source };
    fs::write(&draft, bytes).map_err(failed)?;
    fs::rename(&draft, path).map_err(failed)
}

/// Hashes bytes; the same bytes always give the same number.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
