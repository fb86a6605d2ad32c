use super::*;

/// Benjamini and Hochberg (1995), section 4.1: p of the thrombolysis trial, in order.
const TRIAL: [f64; 15] = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
    0.6528, 0.7590, 1.0000,
];

fn rejected(adjusted: &[f64]) -> usize {
    adjusted.iter().filter(|p| **p <= 0.05).count()
}

#[test]
fn refuses_what_is_no_probability() {
    for p in [f64::NAN, -0.1, 1.1] {
        let expected = Err(StatsError::Entry { name: "p", index: 1, expected: "between 0 and 1" });
        assert_eq!(benjamini_hochberg(&[0.5, p]), expected);
        assert_eq!(holm(&[0.5, p]), expected);
    }
    assert!(hierarchical(&[vec![0.1]], 0.0).is_err());
    assert!(one_sidedness(&[1.0, f64::NAN]).is_err());
}

/// The paper's text: four rejections by its procedure, three by Bonferroni's and Hochberg's.
#[test]
fn the_trial_of_benjamini_and_hochberg() {
    assert_eq!(rejected(&benjamini_hochberg(&TRIAL).unwrap()), 4);
    assert_eq!(rejected(&hochberg(&TRIAL).unwrap()), 3);
    assert_eq!(rejected(&holm(&TRIAL).unwrap()), 3);
}

#[test]
fn none_and_one_are_answered() {
    assert_eq!(benjamini_hochberg(&[]).unwrap(), Vec::<f64>::new());
    assert_eq!(simes(&[]).unwrap(), 1.0);
    for adjust in [benjamini_hochberg, benjamini_yekutieli, holm, hochberg] {
        assert_eq!(adjust(&[0.03]).unwrap(), [0.03]);
    }
}

#[test]
fn members_of_unselected_groups_are_never_found() {
    let groups = [vec![0.001, 0.02, 0.9], vec![0.3, 0.8], vec![0.04], vec![]];
    let got = hierarchical(&groups, 0.05).unwrap();
    // Simes: 0.003, 0.6, 0.04, 1; over four groups: 0.012, 0.8, 0.08, 1.
    assert_eq!(got.selected, [true, false, false, false]);
    assert!((got.group_adjusted[0] - 0.012).abs() < 1e-15);
    // Within: BH gives 0.003, 0.03, 0.9; one of four selected multiplies by 4.
    let expected = [0.012, 0.12, 1.0];
    got.adjusted[0].iter().zip(expected).for_each(|(g, e)| assert!((g - e).abs() < 1e-12));
    assert_eq!(got.adjusted[1], [1.0, 1.0]);
}

#[test]
fn forty_of_forty_the_same_way_is_suspect() {
    let got = one_sidedness(&[0.01; 40]).unwrap();
    assert_eq!((got.positive, got.negative), (40, 0));
    assert!((got.p / 2.0_f64.powi(-39) - 1.0).abs() < 1e-9);
    let mixed = one_sidedness(&[0.1, -0.1, 0.0, 0.2]).unwrap();
    assert_eq!((mixed.positive, mixed.negative, mixed.p), (2, 1, 1.0));
    assert_eq!(one_sidedness(&[]).unwrap().p, 1.0);
}
