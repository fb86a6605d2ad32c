use super::*;

const QUIET: [f64; 10] = [0.01, -0.02, 0.00, 0.015, -0.005, 0.02, -0.01, 0.005, -0.015, 0.012];

#[test]
fn refuses_bands_and_levels_that_cannot_be() {
    assert!(matches!(Band::new(0.1, 0.2), Err(StatsError::Parameter { name: "lower margin", .. })));
    assert!(matches!(
        Band::new(-0.1, -0.2),
        Err(StatsError::Parameter { name: "upper margin", .. })
    ));
    assert!(Band::relative(-0.1).is_err() && Band::relative(f64::NAN).is_err());
    let band = Band::relative(0.02).unwrap();
    assert!(matches!(tost_ranks(&QUIET, &QUIET, band, 0.5), Err(StatsError::Parameter { .. })));
    assert!(non_inferiority(&QUIET, &QUIET, -0.1, Harm::Up, 0.05).is_err());
}

#[test]
fn the_proof_and_its_p_agree() {
    for (shift, margin) in [(0.0, 0.05), (0.02, 0.05), (0.045, 0.05), (0.06, 0.05), (0.0, 0.005)] {
        let moved: Vec<f64> = QUIET.iter().map(|v| v * 1.1 + shift + 0.0003).collect();
        let band = Band::new(-margin, margin).unwrap();
        let ranks = tost_ranks(&QUIET, &moved, band, 0.025).unwrap();
        assert_eq!(ranks.proved, ranks.p <= 0.025, "{shift} {margin} {ranks:?}");
        let means = tost_welch(&QUIET, &moved, band, 0.025).unwrap();
        assert_eq!(means.proved, means.p < 0.025, "{shift} {margin} {means:?}");
        let one_sided = non_inferiority(&QUIET, &moved, margin, Harm::Up, 0.025).unwrap();
        assert_eq!((one_sided.p, one_sided.bound), (ranks.p_upper, ranks.shift.hi));
        assert_eq!(one_sided.proved, one_sided.p <= 0.025);
    }
}

#[test]
fn no_harm_is_judged_on_the_harmful_side_only() {
    let faster: Vec<f64> = QUIET.iter().map(|v| v - 1.0).collect();
    assert!(non_inferiority(&QUIET, &faster, 0.05, Harm::Up, 0.05).unwrap().proved);
    assert!(!non_inferiority(&QUIET, &faster, 0.05, Harm::Down, 0.05).unwrap().proved);
    assert!(!tost_ranks(&QUIET, &faster, Band::new(-0.05, 0.05).unwrap(), 0.05).unwrap().proved);
}

#[test]
fn too_few_values_never_prove_anything_but_equal_constants_do() {
    let band = Band::relative(10.0).unwrap();
    assert!(!tost_ranks(&[1.0, 1.1], &[1.0, 1.1], band, 0.025).unwrap().proved);
    let nothing = Band::new(0.0, 0.0).unwrap();
    assert!(tost_ranks(&[1.0; 5], &[1.0; 5], nothing, 0.025).unwrap().proved);
    assert_eq!((band.lo(), band.hi()), (-(11.0_f64.ln()), 11.0_f64.ln()));
}
