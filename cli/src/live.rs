//! What a sweep looks like while it runs: bars on a terminal, plain lines otherwise, JSON for machines.

mod json;
mod lines;

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use ground_core::revision::Revision;
use ground_runner::engine::EngineEvent;
use ground_runner::runner::{OpenBarrier, RunProgress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;

/// How a sweep is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Bars where standard error is a terminal, lines otherwise.
    People,
    /// One JSON object a line on standard output.
    Json,
}

/// Shows events until the engine has no more.
pub(crate) async fn show(view: View, mut events: UnboundedReceiver<EngineEvent>) {
    let bar = match view {
        View::People if stderr().is_terminal() => Some(bar()),
        _ => None,
    };
    let mut revisions: Vec<Revision> = Vec::new();
    while let Some(event) = events.recv().await {
        if let EngineEvent::SweepPlanned { revisions: planned, .. } = &event {
            revisions.clone_from(planned);
        }
        match (view, &bar) {
            (View::Json, _) => json::tell(&event),
            (View::People, Some(bar)) => draw(bar, &event, &revisions),
            (View::People, None) => {
                if let Some(line) = lines::line(&event, &revisions) {
                    eprintln!("{line}");
                }
            }
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} runs  {elapsed} {prefix}  {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// Progress goes into the bar; what stays true goes above it.
fn draw(bar: &ProgressBar, event: &EngineEvent, revisions: &[Revision]) {
    match event {
        EngineEvent::SweepPlanned { total, done, .. } => {
            bar.set_length(*total);
            bar.set_position(*done);
        }
        EngineEvent::Building { revision, builder } => {
            bar.set_message(format!("building {revision} by {builder}"));
        }
        EngineEvent::RunStarted { slot, .. } => {
            let revision = revisions.get(slot.revision).map(Revision::short).unwrap_or_default();
            bar.set_message(format!("run {} at {revision}", slot.position + 1));
        }
        EngineEvent::RunProgress { progress, .. } => {
            if let Some(text) = progress_text(progress) {
                bar.set_message(text);
            }
        }
        EngineEvent::Recorded { done, total, eta, .. } => {
            bar.set_length(*total);
            bar.set_position(*done);
            let eta = eta.map(|eta| format!("about {} left", short_time(eta)));
            bar.set_prefix(eta.unwrap_or_default());
        }
        EngineEvent::RunSkipped { done, .. } => bar.set_position(*done),
        _ => {}
    }
    if lines::stays(event)
        && let Some(line) = lines::line(event, revisions)
    {
        bar.println(line);
    }
}

/// Instances by state, or who is missing at the oldest barrier.
fn progress_text(progress: &RunProgress) -> Option<String> {
    match progress {
        RunProgress::Instances { total, started, succeeded, failed } => {
            Some(format!("{started}/{total} started, {succeeded} succeeded, {failed} failed"))
        }
        RunProgress::Barriers(barriers) => barriers.first().map(barrier_text),
        _ => None,
    }
}

fn barrier_text(barrier: &OpenBarrier) -> String {
    let shown: Vec<&str> = barrier.missing.iter().take(3).map(String::as_str).collect();
    let missing = match (barrier.missing.len(), shown.join(", ")) {
        (0, _) => String::new(),
        (count, names) if count > shown.len() => {
            format!("; missing {names} and {} more", count - shown.len())
        }
        (_, names) => format!("; missing {names}"),
    };
    format!(
        "barrier `{}`: {} of {} arrived{missing}",
        barrier.state, barrier.arrived, barrier.target
    )
}

/// `1.4 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn short_time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ground_runner::runner::OpenBarrier;

    use super::{barrier_text, short_time};

    #[test]
    fn times_are_as_long_as_they_need_to_be() {
        for (ms, text) in
            [(1400, "1.4 s"), (59_000, "59 s"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min")]
        {
            assert_eq!(short_time(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn a_barrier_names_who_is_missing() {
        let missing = |count: u32| (0..count).map(|index| format!("leech[{index}]")).collect();
        let barrier = |count| OpenBarrier {
            state: "ready".to_owned(),
            arrived: 3,
            target: 8,
            missing: missing(count),
        };
        assert_eq!(barrier_text(&barrier(0)), "barrier `ready`: 3 of 8 arrived");
        assert_eq!(
            barrier_text(&barrier(5)),
            "barrier `ready`: 3 of 8 arrived; missing leech[0], leech[1], leech[2] and 2 more"
        );
    }
}
