//! Caveats, told once however many instances they concern.

use std::collections::BTreeMap;

/// Instances that a caveat names.
const NAMED: usize = 3;

/// Collects caveats.
#[derive(Debug, Default)]
pub(super) struct Notes {
    plain: Vec<String>,
    counted: BTreeMap<(String, String), u64>,
    by_metric: BTreeMap<(String, String), Vec<String>>,
    by_trouble: BTreeMap<String, Vec<String>>,
}

impl Notes {
    /// Adds a caveat as it stands.
    pub(super) fn plain(&mut self, text: String) {
        self.plain.push(text);
    }

    /// Adds `count` to a caveat such as `3 values that ...` of a metric.
    pub(super) fn counted(&mut self, metric: &str, what: &str, count: u64) {
        *self.counted.entry((metric.to_owned(), what.to_owned())).or_default() += count;
    }

    /// Adds an instance to a caveat about a metric.
    pub(super) fn metric(&mut self, metric: &str, what: &str, instance: String) {
        self.by_metric.entry((metric.to_owned(), what.to_owned())).or_default().push(instance);
    }

    /// Adds an instance to a caveat about a file.
    ///
    /// Numbers in the text differ from instance to instance and are left to the first.
    pub(super) fn trouble(&mut self, what: &str, instance: String) {
        let key = what.split_ascii_whitespace().filter(|word| word.parse::<u64>().is_err());
        let key: Vec<&str> = key.collect();
        let place = self.by_trouble.entry(key.join(" ")).or_default();
        place.push(if place.is_empty() { format!("{what}\0{instance}") } else { instance });
    }

    /// Returns every caveat, in an order that depends on nothing but the data.
    pub(super) fn into_caveats(self) -> Vec<String> {
        let mut caveats = self.plain;
        for ((metric, what), count) in self.counted {
            caveats.push(format!("metric `{metric}` has {count} {what}"));
        }
        for ((metric, what), instances) in self.by_metric {
            caveats.push(format!("metric `{metric}` {what} ({})", named(&instances)));
        }
        for (_, mut instances) in self.by_trouble {
            let first = instances.remove(0);
            let (what, instance) = first.split_once('\0').unwrap_or((&first, ""));
            instances.insert(0, instance.to_owned());
            caveats.push(format!("{what} ({})", named(&instances)));
        }
        caveats
    }
}

fn named(instances: &[String]) -> String {
    let names = instances[..instances.len().min(NAMED)].join(", ");
    match instances.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::Notes;

    #[test]
    fn what_many_instances_share_is_told_once() {
        let mut notes = Notes::default();
        for index in 0..5 {
            notes.counted("lat", "values that are not finite", 2);
            notes.metric("lat", "goes backwards", format!("g[{index}]"));
            notes.trouble(
                &format!("metrics.ground is torn, its last {index} bytes are lost"),
                format!("g[{index}]"),
            );
        }
        assert_eq!(
            notes.into_caveats(),
            [
                "metric `lat` has 10 values that are not finite",
                "metric `lat` goes backwards (g[0], g[1], g[2] and 2 more)",
                "metrics.ground is torn, its last 0 bytes are lost (g[0], g[1], g[2] and 2 more)",
            ]
        );
    }
}
