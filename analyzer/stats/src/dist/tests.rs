use super::*;

fn reference(name: &str) -> Vec<Vec<f64>> {
    let text = include_str!("../../tests/reference/reference.json");
    let all: serde_json::Value = serde_json::from_str(text).unwrap();
    let rows = all[name].as_array().unwrap().iter();
    let numbers = |row: &serde_json::Value| {
        row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<f64>>()
    };
    rows.map(numbers).collect()
}

#[track_caller]
fn close(got: f64, expected: f64, relative: f64) {
    let scale = expected.abs().max(1e-300);
    assert!((got - expected).abs() <= relative * scale, "got {got:e}, expected {expected:e}");
}

#[test]
fn quantiles_of_the_normal_distribution_are_scipys() {
    for row in reference("normal_quantile") {
        if row[1] == 0.0 {
            assert!(normal_quantile(row[0]).abs() < 1e-15);
        } else {
            close(normal_quantile(row[0]), row[1], 1e-12);
        }
    }
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(normal_quantile(1.0), f64::INFINITY);
}

#[test]
fn students_t_is_scipys() {
    for row in reference("t_quantile") {
        close(t_quantile(row[0], row[1]), row[2], 1e-9);
    }
    for row in reference("t_sf") {
        close(t_sf(row[0], row[1]), row[2], 1e-9);
    }
    assert_eq!(t_sf(f64::INFINITY, 3.0), 0.0);
    assert_eq!(t_sf(f64::NEG_INFINITY, 3.0), 1.0);
    close(t_quantile(0.975, 1e9), 1.959_963_984_540_054, 1e-9);
}

#[test]
fn quantiles_of_the_beta_distribution_are_scipys() {
    for row in reference("beta_quantile") {
        close(beta_quantile(row[0], row[1], row[2]), row[3], 1e-8);
    }
    assert_eq!(beta_quantile(0.0, 2.0, 3.0), 0.0);
    assert_eq!(beta_quantile(1.0, 2.0, 3.0), 1.0);
}

#[test]
fn tails_of_the_binomial_and_of_f_are_scipys() {
    for row in reference("binomial_cdf") {
        close(binomial_cdf(row[0] as u64, row[1] as u64, row[2]), row[3], 1e-9);
    }
    for row in reference("f_sf") {
        close(f_sf(row[0], row[1], row[2]), row[3], 1e-9);
    }
    assert_eq!(f_sf(f64::INFINITY, 1.0, 8.0), 0.0);
}
