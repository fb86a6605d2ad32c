use super::*;

fn scrambled(n: usize, step: usize) -> Vec<f64> {
    (0..n).map(|i| (((i * step) % 1009) as f64).powi(2) / 97.0 - 300.0).collect()
}

#[test]
fn counting_finds_what_listing_finds() {
    let (a, b) = (scrambled(120, 37), scrambled(90, 53));
    let mut listed: Vec<f64> = a.iter().flat_map(|x| b.iter().map(move |y| -x + y)).collect();
    listed.sort_by(f64::total_cmp);
    let counted = Pairwise::differences(&a, &b);
    assert!(counted.listed.is_none());
    for k in [0, 1, 17, 5399, 5400, 10_798, 10_799] {
        assert_eq!(counted.nth(k), listed[k], "{k}");
    }
    assert_eq!(counted.median(), midpoint(listed[5399], listed[5400]));
    let mut walsh: Vec<f64> = Vec::new();
    for (i, x) in a.iter().enumerate() {
        walsh.extend(a[i..].iter().map(|y| x / 2.0 + y / 2.0));
    }
    walsh.sort_by(f64::total_cmp);
    let counted = Pairwise::walsh(&a);
    assert!(counted.listed.is_none());
    for k in [0, 3, 3630, 7259] {
        assert_eq!(counted.nth(k), walsh[k], "{k}");
    }
}

#[test]
fn ties_negatives_and_huge_values_are_counted() {
    let a = vec![-1e300; 70];
    let b: Vec<f64> = (0..70).map(|i| if i % 2 == 0 { 1e300 } else { -0.0 }).collect();
    let counted = Pairwise::differences(&a, &b);
    assert!(counted.listed.is_none());
    assert_eq!((counted.nth(0), counted.nth(4899)), (1e300, 2e300));
}

#[test]
fn keys_keep_the_order_of_numbers() {
    let values = [-f64::MAX, -1.0, -f64::MIN_POSITIVE, 0.0, 5e-324, 1.0, f64::MAX];
    assert!(values.windows(2).all(|w| key(w[0]) < key(w[1])));
    assert!(values.iter().all(|v| unkey(key(*v)) == *v));
    assert_eq!(key(-0.0), key(0.0));
}

#[test]
fn middles_do_not_overflow() {
    assert_eq!(midpoint(f64::MAX, f64::MAX), f64::MAX);
    assert_eq!(midpoint(-1.0, 2.0), 0.5);
}
