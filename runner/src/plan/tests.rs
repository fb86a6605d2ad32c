//! Tests of loading plans; manifests in all their shapes are tested in `tests/plans`.

use std::os::unix::fs::PermissionsExt as _;

use super::{PlanError, PlanOrigin, load};

#[test]
fn nothing_at_the_path_offers_what_stands_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let plan = directory.path().join("gossip");
    std::fs::create_dir(&plan).unwrap();
    std::fs::write(plan.join("manifest.toml"), "").unwrap();
    let error = load(directory.path().join("gosip")).unwrap_err();
    assert!(
        matches!(&error, PlanError::NotFound { near: Some(near), .. } if *near == plan),
        "{error:?}"
    );
    assert_eq!(error.diagnostic().hint.unwrap(), format!("did you mean `{}`?", plan.display()));
    assert!(matches!(
        load(directory.path().join("xyz")).unwrap_err(),
        PlanError::NotFound { near: None, .. }
    ));
    let below_a_file = plan.join("manifest.toml").join("x");
    assert!(matches!(load(below_a_file).unwrap_err(), PlanError::NotFound { .. }));
}

#[test]
fn a_directory_without_manifest_is_no_plan() {
    let directory = tempfile::tempdir().unwrap();
    let error = load(directory.path()).unwrap_err();
    assert!(matches!(error, PlanError::NoManifest { .. }));
    assert!(error.diagnostic().hint.unwrap().contains("docs/plans.md"));
}

#[test]
fn a_manifest_that_is_no_text_says_from_where_on() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("manifest.toml"), b"name = \"\xff\"").unwrap();
    let error = load(directory.path()).unwrap_err();
    assert!(matches!(error, PlanError::NotText { valid_up_to: 8, .. }), "{error:?}");
}

#[test]
fn a_directory_called_manifest_is_no_manifest() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("manifest.toml")).unwrap();
    assert!(matches!(load(directory.path()).unwrap_err(), PlanError::NoManifest { .. }));
}

#[test]
fn an_executable_is_a_plan_of_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("my-bench.sh");
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    assert!(matches!(load(&file).unwrap_err(), PlanError::NotExecutable { .. }));

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let plan = load(&file).unwrap();
    let real = file.canonicalize().unwrap();
    assert_eq!(plan.manifest.name, "my-bench");
    assert_eq!(plan.manifest.builders["exec:bin"]["path"].as_str(), Some("my-bench.sh"));
    assert_eq!(plan.origin, PlanOrigin::Executable(real.clone()));
    assert_eq!(plan.root, real.parent().unwrap());
}

#[test]
fn a_link_to_a_plan_is_followed() {
    let directory = tempfile::tempdir().unwrap();
    let plan = directory.path().join("real");
    std::fs::create_dir(&plan).unwrap();
    std::fs::write(plan.join("manifest.toml"), "[[testcases]]\nname = \"x\"").unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&plan, &link).unwrap();
    let loaded = load(&link).unwrap();
    assert_eq!(loaded.root, plan.canonicalize().unwrap());
    assert_eq!(
        loaded.manifest.name, "real",
        "a manifest without a name is called as its directory"
    );
}
