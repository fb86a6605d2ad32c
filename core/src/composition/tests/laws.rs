//! Laws of the resolution and of digests.

use proptest::prelude::*;

use super::*;

fn amounts() -> impl Strategy<Value = Vec<Instances>> {
    let amount = prop_oneof![(1_u32..20).prop_map(count), (0.01_f64..=1.0).prop_map(percentage)];
    prop::collection::vec(amount, 1..6)
}

fn wide() -> Manifest {
    let mut manifest = manifest();
    manifest.testcases[0].instances = InstanceRange { min: 1, max: u32::MAX, default: None };
    manifest
}

fn of_amounts(amounts: &[Instances], total: Option<u32>) -> Composition {
    let groups =
        amounts.iter().enumerate().map(|(i, &amount)| group(&format!("g{i}"), amount)).collect();
    let mut composition = composition(groups);
    composition.global.total_instances = total;
    composition
}

proptest! {
    #[test]
    fn a_declared_total_is_met_or_refused(amounts in amounts(), total in 1_u32..200) {
        match resolve(&of_amounts(&amounts, Some(total)), &wide(), "default") {
            Ok(run) => prop_assert_eq!(run.total_instances(), total),
            Err(error) => prop_assert!(
                matches!(*error.fault, Fault::TotalMismatch { .. } | Fault::RoundsToZero { .. }), "{}", error
            ),
        }
    }

    #[test]
    fn counts_add_up_whatever_the_order(counts in prop::collection::vec(1_u32..1000, 1..8), by in 0_usize..8) {
        let amounts: Vec<Instances> = counts.iter().map(|&n| count(n)).collect();
        let composition = of_amounts(&amounts, None);
        let mut rotated = composition.clone();
        rotated.groups.rotate_left(by % counts.len());
        let straight = resolve(&composition, &wide(), "default").unwrap();
        let turned = resolve(&rotated, &wide(), "default").unwrap();
        prop_assert_eq!(straight.total_instances(), counts.iter().sum::<u32>());
        prop_assert_eq!(straight.total_instances(), turned.total_instances());
        prop_assert_eq!(straight.composition_digest(), turned.composition_digest());
        prop_assert_eq!(straight.params(), turned.params());
    }

    #[test]
    fn a_group_gets_its_fraction_to_within_half_an_instance(fraction in 0.01_f64..=1.0, total in 1_u32..100_000) {
        let rest = f64::from(total) - (fraction * f64::from(total)).round();
        let mut amounts = vec![percentage(fraction)];
        if rest > 0.0 {
            amounts.push(percentage(1.0 - fraction));
        }
        if let Ok(run) = resolve(&of_amounts(&amounts, Some(total)), &wide(), "default") {
            let exact = fraction * f64::from(total);
            prop_assert!((f64::from(run.groups[0].count) - exact).abs() <= 0.5);
        }
    }

    #[test]
    fn no_manifest_and_composition_panic(
        amounts in prop::collection::vec((any::<Option<u32>>(), any::<Option<f64>>()), 0..4),
        total in any::<Option<u32>>(), ids in prop::collection::vec(".{0,3}", 4),
    ) {
        let groups = amounts.iter().zip(&ids).map(|((count, percentage), id)| {
            group(id, Instances { count: *count, percentage: *percentage })
        }).collect();
        let mut composition = composition(groups);
        composition.global.total_instances = total;
        composition.runs = ids.iter().map(|id| run(id, vec![run_group(id, Instances::default())])).collect();
        let _ = resolve(&composition, &manifest(), &ids[0]);
    }
}

#[test]
fn a_digest_sees_what_changes_a_run_and_nothing_else() {
    let digest = |composition: &Composition, overrides: &Overrides| {
        resolve_with(composition, &manifest(), composition.run_ids()[0], overrides)
            .unwrap()
            .composition_digest()
    };
    let none = Overrides::default();
    let base = digest(&sound(), &none);

    let change = |change: fn(&mut Composition)| {
        let mut composition = sound();
        change(&mut composition);
        digest(&composition, &none)
    };
    assert_eq!(base, change(|c| c.metadata.name = "other".to_owned()));
    assert_eq!(base, change(|c| c.global.timeout = Some(Duration::from_secs(1))));
    assert_eq!(base, change(|c| c.global.run.test_params = params(&[("size", "9")])));
    assert_eq!(base, change(|c| c.sweep.repetitions = Some(9)));
    assert_eq!(base, change(|c| c.runs = vec![run("same", vec![])]));
    assert_eq!(
        base,
        change(|c| c.groups[0].build_config = config(&[("modfile", "go.mod".into())])),
        "as inherited"
    );

    let different = [
        change(|c| c.groups[0].instances = count(3)),
        change(|c| c.groups[0].id = "b".to_owned()),
        change(|c| c.groups[0].builder = Some("exec:go".to_owned())),
        change(|c| c.groups[0].build_config = config(&[("modfile", "other.mod".into())])),
        change(|c| c.groups[0].build.selectors = vec!["x".to_owned()]),
        change(|c| c.groups[0].resources.memory = Some("1Gi".to_owned())),
        change(|c| c.groups[0].run.profiles = params(&[("cpu", "1s")])),
        change(|c| c.global.run_config = config(&[("log_level", "debug".into())])),
        change(|c| c.global.disable_metrics = true),
    ];
    for (index, digest) in different.iter().enumerate() {
        assert_ne!(*digest, base, "change {index}");
        assert!(!different[..index].contains(digest), "change {index}");
    }
}

#[test]
fn a_run_key_names_the_group_only_where_groups_differ() {
    let mut composition = composition(vec![group("a", count(1)), group("b", count(1))]);
    composition.global.run.test_params = params(&[("size", "1")]);
    composition.groups[1].run.test_params = params(&[("mode", "b"), ("silent", "x")]);
    let run = resolve(&composition, &manifest(), "default").unwrap();
    let expected =
        [("a/mode", "a"), ("b/mode", "b"), ("b/silent", "x"), ("size", "1"), ("weights", "[1,2]")];
    assert_eq!(run.params(), params(&expected));
}

#[test]
fn ten_thousand_groups_are_no_burden() {
    let mut composition =
        composition((0..10_000).map(|n| group(&format!("g{n}"), count(1))).collect());
    composition.global.run.test_params = params(&[("sise", "1"), ("mode", "b")]);
    for (n, group) in composition.groups.iter_mut().enumerate() {
        group.run.test_params = params(&[("size", &n.to_string()), ("own", "1")]);
    }
    let run = resolve(&composition, &wide(), "default").unwrap();
    assert_eq!(run.total_instances(), 10_000);
    assert_eq!(run.warnings.len(), 10_001, "one for all, and one each");
    assert_eq!(
        run.params().len(),
        10_000 + 4,
        "`size` differs; `sise`, `mode`, `own` and `weights` do not"
    );
}
