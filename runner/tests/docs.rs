//! Every manifest and composition of the book loads, resolves, and gives no warning.
#![allow(missing_docs, reason = "tests")]

use std::path::Path;

use ground_runner::composition::{self, Environment};
use ground_runner::plan;

/// A fenced block that is marked as more than text.
struct Block {
    line: usize,
    mark: String,
    text: String,
}

/// Returns the blocks of `page` whose fence says "toml,MARK".
fn blocks(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(format!("../docs/{page}")).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            None => {
                if let Some(mark) = line.strip_prefix("```toml,") {
                    open =
                        Some(Block { line: index + 1, mark: mark.to_owned(), text: String::new() });
                }
            }
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => block.text += &format!("{line}\n"),
        }
    }
    assert!(open.is_none(), "{page} ends within a block");
    blocks
}

fn write_plan(root: &Path, block: &Block) -> std::path::PathBuf {
    let table: toml::Table = toml::from_str(&block.text).unwrap();
    let directory = root.join("plans").join(table["name"].as_str().unwrap());
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("manifest.toml"), &block.text).unwrap();
    directory
}

fn fail<T>(page: &str, block: &Block, error: &composition::CompositionError) -> T {
    panic!("{page}:{}\n{}", block.line, error.diagnostic())
}

fn check(page: &str, block: &Block, root: &Path) {
    let warnings = match block.mark.as_str() {
        "manifest" => {
            let directory = write_plan(root, block);
            let plan = plan::load(directory)
                .unwrap_or_else(|error| panic!("{page}:{}\n{}", block.line, error.diagnostic()));
            plan.warnings
        }
        "composition" => {
            let file = root.join("composition.toml");
            std::fs::write(&file, &block.text).unwrap();
            let loaded = composition::load(&file, &Environment::new())
                .unwrap_or_else(|error| fail(page, block, &error));
            let runs = loaded.resolve_all().unwrap_or_else(|error| fail(page, block, &error));
            runs.iter()
                .flat_map(|run| loaded.warnings_of(run))
                .chain(loaded.warnings.clone())
                .collect()
        }
        other => {
            let name = other
                .strip_prefix("resource=")
                .unwrap_or_else(|| panic!("{page}:{}: {other}", block.line));
            std::fs::write(root.join(name), &block.text).unwrap();
            Vec::new()
        }
    };
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "{page}:{}\n{}", block.line, warnings.join("\n"));
}

#[test]
fn every_marked_block_of_the_book_is_right() {
    for (page, least) in [("plans.md", 3), ("compositions.md", 7)] {
        let blocks = blocks(page);
        assert!(blocks.len() >= least, "{page} has {} marked blocks", blocks.len());
        let root = tempfile::tempdir().unwrap();
        for block in &blocks {
            check(page, block, root.path());
        }
    }
}

#[test]
fn the_manifest_that_the_book_gives_for_an_executable_is_the_one_it_amounts_to() {
    let blocks = blocks("plans.md");
    let block =
        blocks.iter().find(|block| block.text.contains("my-bench")).expect("the example is gone");
    let root = tempfile::tempdir().unwrap();
    let mut written = plan::load(write_plan(root.path(), block)).unwrap().manifest;
    let mut meant = ground_core::plan::Manifest::of_executable("my-bench", "my-bench");
    for manifest in [&mut written, &mut meant] {
        manifest.testcases[0].any_param = false;
    }
    assert_eq!(written, meant);
}

#[test]
fn shipped_plans_load_without_a_warning() {
    let mut plans = 0;
    for entry in std::fs::read_dir("../plans").unwrap() {
        let directory = entry.unwrap().path();
        if !directory.join("manifest.toml").is_file() {
            continue;
        }
        plans += 1;
        let plan = plan::load(&directory).unwrap_or_else(|error| panic!("{}", error.diagnostic()));
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        assert_eq!(directory.file_name().unwrap().to_str(), Some(plan.manifest.name.as_str()));
        assert!(directory.join("README.md").is_file(), "{} has no README", directory.display());
    }
    assert!(plans > 0, "no plan was found");
}

#[test]
fn compositions_of_shipped_plans_resolve() {
    let mut compositions = 0;
    for plan in std::fs::read_dir("../plans").unwrap() {
        let Ok(files) = std::fs::read_dir(plan.unwrap().path().join("_compositions")) else {
            continue;
        };
        for file in files.map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            compositions += 1;
            let loaded = composition::load(&file, &Environment::new())
                .unwrap_or_else(|error| panic!("{}", error.diagnostic()));
            let runs =
                loaded.resolve_all().unwrap_or_else(|error| panic!("{}", error.diagnostic()));
            let doubtful: Vec<_> = runs.iter().flat_map(|run| loaded.warnings_of(run)).collect();
            assert!(
                doubtful.is_empty() && loaded.warnings.is_empty(),
                "{doubtful:?} {:?}",
                loaded.warnings
            );
        }
    }
    assert!(compositions > 0, "no composition was found");
}
