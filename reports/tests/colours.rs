//! The colours of the style sheet: readable on both grounds, and told apart by every kind of colour vision.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../assets/a.css");

type Rgb = [f64; 3];

/// Returns the tokens of one theme, as linear light.
fn tokens(dark: bool) -> BTreeMap<String, Rgb> {
    let mut found = BTreeMap::new();
    for part in STYLE.split("--").skip(1) {
        let Some((name, rest)) = part.split_once(":light-dark(") else { continue };
        let (pair, _) = rest.split_once(')').unwrap();
        let (light, night) = pair.split_once(',').unwrap();
        found.insert(name.to_owned(), colour(if dark { night } else { light }));
    }
    found
}

fn colour(hex: &str) -> Rgb {
    let digits = hex.strip_prefix('#').unwrap();
    let long: String = if digits.len() == 3 {
        digits.chars().flat_map(|d| [d, d]).collect()
    } else {
        digits.to_owned()
    };
    [0, 2, 4].map(|at| {
        let value = f64::from(u8::from_str_radix(&long[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

/// WCAG 2.2, contrast ratio.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let light = |c: Rgb| 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    let (high, low) = (light(a).max(light(b)), light(a).min(light(b)));
    (high + 0.05) / (low + 0.05)
}

/// Machado, G. M. et al. (2009), severity 1: normal, protan, deutan, tritan.
const VISION: [[[f64; 3]; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ],
    [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ],
    [
        [1.255_528, -0.076_749, -0.178_779],
        [-0.078_411, 0.930_809, 0.147_602],
        [0.004_733, 0.691_367, 0.303_900],
    ],
];

fn times(matrix: [[f64; 3]; 3], v: Rgb) -> Rgb {
    matrix.map(|row| (row[0] * v[0] + row[1] * v[1] + row[2] * v[2]).clamp(0.0, 1.0))
}

/// CIE 1976 L*a*b*, white point D65.
fn lab(linear: Rgb) -> Rgb {
    let xyz = [
        0.412_456 * linear[0] + 0.357_576 * linear[1] + 0.180_437 * linear[2],
        0.212_673 * linear[0] + 0.715_152 * linear[1] + 0.072_175 * linear[2],
        0.019_334 * linear[0] + 0.119_192 * linear[1] + 0.950_304 * linear[2],
    ];
    let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let [x, y, z] = [f(xyz[0] / 0.950_47), f(xyz[1]), f(xyz[2] / 1.088_83)];
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn text_and_marks_are_readable_on_both_grounds() {
    for dark in [false, true] {
        let t = tokens(dark);
        assert!(t.len() > 15, "{:?}", t.keys());
        for ground in ["bg", "card"] {
            for (name, least) in [
                ("ink", 7.0),
                ("ink2", 4.5),
                ("ink3", 4.5),
                ("data", 4.5),
                ("link", 4.5),
                ("worse", 4.5),
                ("better", 4.5),
                ("flaky-i", 4.5),
                ("flaky", 3.0),
                ("same", 3.0),
            ] {
                let got = contrast(t[name], t[ground]);
                assert!(got >= least - 0.05, "{name} on {ground}, dark {dark}: {got:.2}");
            }
        }
        for (name, tint) in
            [("worse", "worse-t"), ("better", "better-t"), ("flaky-i", "flaky-t"), ("ink2", "band")]
        {
            assert!(contrast(t[name], t[tint]) >= 4.5, "{name} on {tint}, dark {dark}");
        }
    }
}

#[test]
fn judgement_colours_stay_apart_for_every_kind_of_colour_vision() {
    let judged = ["worse", "better", "flaky", "same"];
    for dark in [false, true] {
        let t = tokens(dark);
        for (kind, matrix) in VISION.into_iter().enumerate() {
            for (place, a) in judged.iter().enumerate() {
                for b in &judged[place + 1..] {
                    let (p, q) = (lab(times(matrix, t[*a])), lab(times(matrix, t[*b])));
                    let apart = (0..3).map(|i| (p[i] - q[i]).powi(2)).sum::<f64>().sqrt();
                    assert!(apart >= 25.0, "{a} and {b}, vision {kind}, dark {dark}: {apart:.1}");
                }
            }
        }
    }
}
