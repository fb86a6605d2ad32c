//! Amounts of memory and processor time, as Kubernetes writes them.

/// Suffixes of a memory amount with their factors.
///
/// # Source
/// Kubernetes, `resource.Quantity`: decimal and binary SI suffixes.
const SUFFIXES: [(&str, f64); 13] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("k", 1e3),
    ("K", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("m", 1e-3),
    ("B", 1.0),
];

/// Reads an amount of memory in bytes, rounded up; nothing for a text that is not one.
pub(super) fn memory_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    // `64MiB` and `64MB` are what people write who do not know Kubernetes.
    let text = text
        .strip_suffix('B')
        .filter(|rest| rest.ends_with(|c: char| c.is_alphabetic()))
        .unwrap_or(text);
    let (digits, factor) = SUFFIXES
        .iter()
        .find_map(|(suffix, factor)| text.strip_suffix(suffix).map(|digits| (digits, *factor)))
        .unwrap_or((text, 1.0));
    whole(number(digits)? * factor)
}

/// Reads an amount of processor time in thousandths of a core, rounded up; nothing for a text that is not one.
pub(super) fn cpu_millis(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, factor) = text.strip_suffix('m').map_or((text, 1000.0), |digits| (digits, 1.0));
    whole(number(digits)? * factor)
}

fn number(digits: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    let digits = digits.trim_end();
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !starts || !digits.chars().all(plain) {
        return None;
    }
    digits.parse().ok()
}

fn whole(amount: f64) -> Option<u64> {
    let amount = amount.ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked in the same expression"
    )]
    (0.0..9_007_199_254_740_992.0).contains(&amount).then_some(amount as u64)
}

#[cfg(test)]
mod tests {
    use super::{cpu_millis, memory_bytes};

    #[test]
    fn a_text_that_is_no_amount_gives_nothing() {
        for text in [
            "",
            "Mi",
            "much",
            "-1",
            "+1",
            "1 2",
            "1XiB",
            "0x10",
            "nan",
            "inf",
            "1e400",
            "99999999P",
            "1,5",
        ] {
            assert_eq!(memory_bytes(text), None, "{text}");
        }
        for text in ["", "m", "-1", "half", "100mm", "1e30", "nan", "2 cores"] {
            assert_eq!(cpu_millis(text), None, "{text}");
        }
    }

    #[test]
    fn memory_is_read_as_kubernetes_reads_it() {
        let cases = [
            ("64Mi", 67_108_864),
            ("64MiB", 67_108_864),
            ("1Gi", 1_073_741_824),
            ("1.5Gi", 1_610_612_736),
            ("512k", 512_000),
            ("2M", 2_000_000),
            ("2MB", 2_000_000),
            ("100", 100),
            ("100B", 100),
            ("1e3", 1000),
            ("1500m", 2),
            ("0", 0),
            (" 8 Ki ", 8192),
        ];
        for (text, bytes) in cases {
            assert_eq!(memory_bytes(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn processors_are_cores_or_thousandths() {
        for (text, millis) in [("100m", 100), ("2", 2000), ("0.5", 500), ("0.1m", 1), ("0", 0)] {
            assert_eq!(cpu_millis(text), Some(millis), "{text}");
        }
    }
}
