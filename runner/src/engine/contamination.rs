//! Tells when something else on the machine may have disturbed a run.

use std::time::Duration;

use crate::fingerprint::Reading;

/// Share of the machine's processor time that other work may take during a run: 10 percent.
///
/// On a two-core machine that is a fifth of a core, which is what background daemons take at most when idle.
pub const FOREIGN_SHARE: f64 = 0.10;

/// Share of the machine's processor time that the hypervisor may take during a run: 2 percent.
///
/// Quiet virtual machines show well below 0.1 percent; cloud providers' own alarms start at a few percent.
pub const STEAL_SHARE: f64 = 0.02;

/// Pressure on the processors over ten seconds before the first run: in a quarter of the time something waited.
pub const PRESSURE_BEFORE: f64 = 0.25;

/// Load a processor before the first run, over one minute: half a processor's work for each.
pub const LOAD_BEFORE: f64 = 0.5;

/// Shorter runs are not judged by shares: processor times are counted in hundredths of a second.
const JUDGED_FROM: Duration = Duration::from_secs(1);

/// How long nothing of ours must have run before averages over time speak of others.
const QUIET_FOR: Duration = Duration::from_secs(60);

/// A run as seen from outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed {
    /// Before it.
    pub(super) before: Reading,
    /// After it.
    pub(super) after: Reading,
    /// How long it took, by the clock that never goes back.
    pub(super) took: Duration,
    /// Processor time of its instances, in seconds.
    pub(super) instances_s: f64,
    /// How long no run of ours had been at work before it; nothing for the first.
    pub(super) quiet: Option<Duration>,
}

/// Returns what a reader of the run's numbers must know.
pub(super) fn caveats(observed: &Observed) -> Vec<String> {
    let Observed { before, after, took, instances_s, quiet } = *observed;
    let mut caveats = Vec::new();
    let capacity_s = took.as_secs_f64() * f64::from(after.cpus);
    // Comparisons with NaN are false: what is unknown gives no caveat.
    if took >= JUDGED_FROM && capacity_s > 0.0 {
        let own_s = after.own_s - before.own_s;
        let foreign = (after.busy_s - before.busy_s - own_s - instances_s) / capacity_s;
        if foreign > FOREIGN_SHARE {
            let percent = foreign * 100.0;
            caveats
                .push(format!("other work took {percent:.0} % of the processors during the run"));
        }
        let steal = (after.load.steal_s - before.load.steal_s) / capacity_s;
        if steal > STEAL_SHARE {
            let percent = steal * 100.0;
            caveats.push(format!(
                "the hypervisor took {percent:.1} % of the processors during the run"
            ));
        }
    }
    if quiet.is_none_or(|quiet| quiet >= QUIET_FOR) {
        if before.load.cpu_pressure > PRESSURE_BEFORE {
            let percent = before.load.cpu_pressure * 100.0;
            caveats.push(format!(
                "processors were waited for in {percent:.0} % of the time before the run"
            ));
        }
        let each = before.load.load1 / f64::from(before.cpus.max(1));
        if before.cpus > 0 && each > LOAD_BEFORE {
            caveats.push(format!("the load was {:.1} before the run", before.load.load1));
        }
    }
    caveats
}

#[cfg(test)]
mod tests {
    use ground_core::record::Load;

    use super::*;

    fn reading(busy_s: f64, own_s: f64, steal_s: f64) -> Reading {
        let load = Load { load1: 0.2, cpu_pressure: 0.01, steal_s };
        Reading { load, busy_s, own_s, cpus: 2 }
    }

    fn observed(after: Reading, instances_s: f64) -> Observed {
        let took = Duration::from_secs(10);
        Observed { before: reading(0.0, 0.0, 0.0), after, took, instances_s, quiet: None }
    }

    #[test]
    fn what_instances_and_engine_do_themselves_is_no_contamination() {
        // Twenty processor seconds in all: 15 of instances, 4 of the engine, 1 of others.
        assert_eq!(caveats(&observed(reading(20.0, 4.0, 0.0), 15.0)), [""; 0]);
    }

    #[test]
    fn other_work_and_steal_are_told_beyond_their_thresholds() {
        let caveats = caveats(&observed(reading(20.0, 4.0, 1.0), 11.0));
        assert_eq!(
            caveats,
            [
                "other work took 25 % of the processors during the run",
                "the hypervisor took 5.0 % of the processors during the run",
            ]
        );
    }

    #[test]
    fn nothing_is_told_of_what_is_unknown_or_too_short() {
        let mut unknown = observed(Reading::unknown(), 0.0);
        unknown.before = Reading::unknown();
        assert_eq!(caveats(&unknown), [""; 0]);
        let mut short = observed(reading(2.0, 0.0, 1.0), 0.0);
        short.took = Duration::from_millis(900);
        assert_eq!(caveats(&short), [""; 0]);
    }

    #[test]
    fn averages_over_time_speak_of_others_only_when_we_were_quiet() {
        let mut busy = observed(reading(0.0, 0.0, 0.0), 0.0);
        busy.before.load = Load { load1: 3.0, cpu_pressure: 0.5, steal_s: 0.0 };
        assert_eq!(
            caveats(&busy),
            [
                "processors were waited for in 50 % of the time before the run",
                "the load was 3.0 before the run",
            ]
        );
        busy.quiet = Some(Duration::from_secs(2));
        assert_eq!(caveats(&busy), [""; 0]);
    }
}
