//! Gantt of a run: phases of groups or instances, barriers across.

use std::collections::BTreeMap;

use ground_core::event::{Event, EventKind};
use ground_core::report::RunDetail;

use super::backend::{Canvas, Label};
use super::over_time::{Barrier, draw_barriers, time_axis};
use super::paint::{Paint, Role};
use super::plot::{Anchor, Margins, Plot};
use super::width::text_width;
use crate::mark::Mark;

/// Instances that get a lane each; above, groups do.
const LANES: usize = 40;
const PITCH: f64 = 18.0;

/// Returns the barriers of a run, by time.
pub(crate) fn barriers(detail: &RunDetail) -> Vec<Barrier> {
    let begin = detail.run.started_ns;
    let seconds = |ns: i64| ns.saturating_sub(begin) as f64 / 1e9;
    detail
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::BarrierOpened { state, first_ns, .. } => Some(Barrier {
                name: state.clone(),
                first: seconds(*first_ns),
                opened: seconds(event.at_ns),
            }),
            _ => None,
        })
        .collect()
}

struct Phase {
    name: String,
    from: f64,
    to: f64,
}

#[derive(Default)]
struct Lane {
    name: String,
    from: f64,
    to: f64,
    failed: bool,
    phases: Vec<Phase>,
}

/// Draws the run's phases on its time axis; none for a run without instances.
pub(crate) fn gantt(detail: &RunDetail) -> Option<String> {
    let lanes = lanes(detail);
    if lanes.is_empty() {
        return None;
    }
    let end = lanes.iter().map(|lane| lane.to).fold(1e-3, f64::max);
    let height = 28.0 + 26.0 + PITCH * lanes.len() as f64;
    let mut canvas = Canvas::new(1256, height as u32);
    let margins = Margins { top: 28.0, right: 16.0, bottom: 26.0, left: 150.0 };
    let count = lanes.len() as f64;
    let plot = Plot::new(&mut canvas, margins, 0.0..end, 0.0..count);
    time_axis(&plot);
    for (index, lane) in lanes.iter().enumerate() {
        draw(&plot, lane, count - 1.0 - index as f64);
    }
    draw_barriers(&plot, &barriers(detail));
    drop(plot);
    let title = format!("Phases of run {}", detail.run.run);
    let desc = format!("{} lanes over {:.1} s", lanes.len(), end);
    let title = crate::plain::short(&title, 100);
    Some(canvas.finish(&Label { title: &title, desc: &desc, class: "ch", ..Label::default() }))
}

fn draw(plot: &Plot<'_>, lane: &Lane, y: f64) {
    let middle = plot.at(0.0, y + 0.5);
    let name = crate::plain::short(&lane.name, 22);
    plot.text(&name, (middle.0 - 80, middle.1), Anchor::End, Paint::Text);
    plot.area((lane.from, y + 0.75), (lane.to, y + 0.25), Paint::Cell);
    for phase in &lane.phases {
        plot.area((phase.from, y + 0.88), (phase.to, y + 0.12), Paint::Bar);
    }
    for phase in &lane.phases {
        let (from, to) = (plot.at(phase.from, y + 0.5), plot.at(phase.to, y + 0.5));
        let label = crate::plain::short(&phase.name, 30);
        if text_width(&label, 100.0) as i32 + 60 < to.0 - from.0 {
            plot.open("iv");
            plot.text(&label, (from.0 + 40, from.1), Anchor::Start, Paint::Note);
            plot.close();
        }
    }
    if lane.failed {
        let at = plot.at(lane.to, y + 0.5);
        plot.shape((at.0, at.1), 120, Mark::Broken);
        plot.line(
            vec![(lane.to, y + 0.95), (lane.to, y + 0.05)],
            Paint::Of(Role::Whisker, Mark::Broken),
        );
    }
}

fn lanes(detail: &RunDetail) -> Vec<Lane> {
    let begin = detail.run.started_ns;
    let seconds = |ns: i64| ns.saturating_sub(begin) as f64 / 1e9;
    let by_instance = detail.instances.len() <= LANES;
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut lanes: Vec<Lane> = Vec::new();
    for row in &detail.instances {
        let name = if by_instance { row.instance.to_string() } else { row.instance.group.clone() };
        let (from, to) = (seconds(row.started_ns), seconds(row.ended_ns));
        let failed = !row.outcome.is_success();
        match places.get(&name) {
            Some(place) => {
                let lane = &mut lanes[*place];
                lane.from = lane.from.min(from);
                lane.to = lane.to.max(to);
                lane.failed |= failed;
            }
            None => {
                places.insert(name.clone(), lanes.len());
                lanes.push(Lane { name, from, to, failed, phases: Vec::new() });
            }
        }
    }
    for phase in phases(&detail.events, by_instance, &seconds) {
        if let Some(place) = places.get(&phase.0) {
            let lane = &mut lanes[*place];
            let known =
                lane.phases.iter_mut().find(|known| !by_instance && known.name == phase.1.name);
            match known {
                Some(known) => {
                    known.from = known.from.min(phase.1.from);
                    known.to = known.to.max(phase.1.to);
                }
                None => lane.phases.push(phase.1),
            }
        }
    }
    lanes
}

/// Returns phases with the name of their lane; a phase without an end is left out.
fn phases(
    events: &[Event],
    by_instance: bool,
    seconds: &dyn Fn(i64) -> f64,
) -> Vec<(String, Phase)> {
    let mut open: BTreeMap<(String, String), f64> = BTreeMap::new();
    let mut found = Vec::new();
    for event in events {
        let Some(instance) = &event.instance else { continue };
        let full = instance.to_string();
        match &event.kind {
            EventKind::StageStart(name) => {
                open.insert((full, name.clone()), seconds(event.at_ns));
            }
            EventKind::StageEnd(name) => {
                if let Some(from) = open.remove(&(full.clone(), name.clone())) {
                    let lane = if by_instance { full } else { instance.group.clone() };
                    let to = seconds(event.at_ns);
                    found.push((lane, Phase { name: name.clone(), from, to }));
                }
            }
            _ => {}
        }
    }
    found
}
