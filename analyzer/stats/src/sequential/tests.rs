use super::*;

fn bounds(boundaries: &[Boundary]) -> Vec<f64> {
    boundaries.iter().map(|b| b.z).collect()
}

#[test]
fn refuses_looks_that_do_not_grow() {
    let expected = "above the one before and at most 1";
    for (looks, index) in
        [(vec![0.5, 0.5], 1), (vec![0.0], 0), (vec![0.5, 1.1], 1), (vec![f64::NAN], 0)]
    {
        let error = StatsError::Entry { name: "information", index, expected };
        assert_eq!(spend(&looks, 0.05, Spending::Pocock), Err(error));
    }
    assert!(matches!(spend(&[], 0.05, Spending::Pocock), Err(StatsError::TooFew { .. })));
    assert!(fixed_shape(0, 0.05, Spending::Pocock).is_err());
    assert!(schedule(&[5, 5], 0.05, Spending::Pocock).is_err());
}

/// Jennison and Turnbull (2000), Group Sequential Methods, tables 2.1 (Pocock) and 2.3 (O'Brien and Fleming),
/// alpha 0.05.
#[test]
fn classical_boundaries_are_the_published_ones() {
    let pocock = [(1, 1.960), (2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413), (10, 2.555)];
    for (looks, constant) in pocock {
        let got = fixed_shape(looks, 0.05, Spending::Pocock).unwrap();
        assert!(got.iter().all(|b| (b.z - constant).abs() < 6e-4), "{looks} {got:?}");
    }
    let obrien = [(1, 1.960), (2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040), (10, 2.087)];
    for (looks, constant) in obrien {
        let got = fixed_shape(looks, 0.05, Spending::ObrienFleming).unwrap();
        assert!((got[looks - 1].z - constant).abs() < 6e-4, "{looks} {got:?}");
        assert!((got[0].z - constant * (looks as f64).sqrt()).abs() < 3e-3);
        assert!((got[looks - 1].spent - 0.05).abs() < 1e-6);
    }
}

/// Lan and DeMets (1983) for five even looks, alpha 0.05, as the program of Reboussin et al. (2000) prints them.
#[test]
fn spent_boundaries_are_the_published_ones() {
    let even = [0.2, 0.4, 0.6, 0.8, 1.0];
    let obrien = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310];
    let pocock = [2.4380, 2.4268, 2.4101, 2.3966, 2.3859];
    for (spending, expected) in [(Spending::ObrienFleming, obrien), (Spending::Pocock, pocock)] {
        let got = bounds(&spend(&even, 0.05, spending).unwrap());
        for (g, e) in got.iter().zip(expected) {
            assert!((g - e).abs() < 6e-4, "{spending:?} {got:?}");
        }
    }
}

#[test]
fn one_look_is_the_fixed_test_and_alpha_is_spent_in_full() {
    for spending in [Spending::ObrienFleming, Spending::Pocock] {
        let one = spend(&[1.0], 0.05, spending).unwrap();
        assert!((one[0].z - 1.959_964).abs() < 1e-5);
        assert_eq!(
            (spending.spent(0.0, 0.05), spending.spent(2.0, 0.05)),
            (0.0, spending.spent(1.0, 0.05))
        );
        assert!((spending.spent(1.0, 0.05) - 0.05).abs() < 1e-10);
    }
}

#[test]
fn a_schedule_says_which_looks_can_decide_at_all() {
    let got = schedule(&[4, 6, 12], 0.05, Spending::ObrienFleming).unwrap();
    assert_eq!(got.iter().map(|l| l.runs).collect::<Vec<_>>(), [4, 6, 12]);
    assert_eq!(got.iter().map(|l| l.can_decide).collect::<Vec<_>>(), [false, true, true]);
    assert!(got.windows(2).all(|w| w[0].alpha < w[1].alpha));
}

/// By hand: at half the information with z = 1 the B-value is 0.7071 and the trend 1.4142; the end is 1.4142 with
/// standard deviation 0.7071, so that 1.96 is passed with probability P(Z > 0.772) = 0.2201 and -1.96 hardly.
#[test]
fn conditional_power_follows_the_trend() {
    let now = Look { z: 1.0, information: 0.5 };
    let current = conditional_power(now, 1.96, Trend::Current).unwrap();
    assert!((current - 0.2201).abs() < 2e-4, "{current}");
    assert!(conditional_power(now, 1.96, Trend::Planned(3.5)).unwrap() > 0.75);
    let flat = Look { z: 0.0, information: 0.75 };
    assert!(conditional_power(flat, 1.96, Trend::Current).unwrap() < 0.1);
    assert!(conditional_power(Look { z: 1.0, information: 1.0 }, 1.96, Trend::Current).is_err());
}

#[test]
fn the_mixture_needs_more_evidence_than_one_look() {
    let test = Mixture::new(1.0, 0.5).unwrap();
    // By hand: n = 8, v + n tau^2 = 3; sqrt(1/3) exp(64 * 0.25 * 0.25 / 6) = 1.1245 for a mean of 1/2.
    assert!((test.likelihood_ratio(8, 0.5) - 1.124_5).abs() < 1e-4);
    let interval = test.interval(8, 0.5, 0.05).unwrap();
    assert!(interval.lo < 0.5 - 1.96 / 8.0_f64.sqrt());
    // The interval's edge is where the ratio reaches 1 / alpha.
    assert!((test.likelihood_ratio(8, interval.hi - 0.5) - 20.0).abs() < 1e-9);
    assert_eq!(test.always_valid_p(&[0.0, 0.0]), 1.0);
    assert!(test.always_valid_p(&[0.0, 4.0, 0.0]) < 0.05);
    assert!(Mixture::new(0.0, 1.0).is_err() && test.interval(0, 0.0, 0.05).is_err());
}
