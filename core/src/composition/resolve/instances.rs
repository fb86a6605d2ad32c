//! How many instances each group has.

use super::super::error::{Fault, ResolveError};
use super::super::path::KeyPath;
use super::super::{Instances, RunGroup};
use super::{Context, Member};

/// Counts the instances of each member, and checks their sum.
pub(super) fn counts(
    context: &Context<'_>,
    members: &[Member<'_>],
) -> Result<Vec<u32>, ResolveError> {
    let asked: Vec<Asked> =
        members.iter().map(|member| asked(context, member)).collect::<Result<_, _>>()?;
    let total = declared_total(context, &asked);
    let mut counts = Vec::with_capacity(members.len());
    for (member, asked) in members.iter().zip(&asked) {
        counts.push(count(context, member, asked, total.as_ref().map(|(total, _)| *total))?);
    }
    let sum: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    if let Some((declared, at)) = &total
        && sum != u64::from(*declared)
    {
        let run = context.run_id().to_owned();
        return Err(Fault::TotalMismatch { run, sum, declared: *declared }.at(at.clone()));
    }
    check_range(context, sum, &counts, members, total.map(|(_, at)| at))?;
    Ok(counts)
}

/// What a group asks for after the run's fields were laid over the group's.
struct Asked {
    amount: Amount,
    at: KeyPath,
}

#[derive(Clone, Copy)]
enum Amount {
    Count(u32),
    Fraction(f64),
}

fn asked(context: &Context<'_>, member: &Member<'_>) -> Result<Asked, ResolveError> {
    let (count, count_at) =
        field(member, "count", |instances| instances.count.filter(|&count| count != 0));
    let (fraction, fraction_at) = field(member, "percentage", |instances| {
        instances.percentage.filter(|&fraction| fraction != 0.0)
    });
    let (run, group) = (context.run_id().to_owned(), member.id.to_owned());
    match (count, fraction) {
        (Some(count), Some(percentage)) => {
            let fault = Fault::CountAndPercentage { run, group, count, percentage };
            Err(fault.at(count_at).against(fraction_at))
        }
        (None, None) => Err(Fault::NoInstances { run, group }.at(count_at)),
        (Some(count), None) => Ok(Asked { amount: Amount::Count(count), at: count_at }),
        (None, Some(fraction)) if fraction > 0.0 && fraction <= 1.0 => {
            Ok(Asked { amount: Amount::Fraction(fraction), at: fraction_at })
        }
        (None, Some(percentage)) => {
            Err(Fault::NotAFraction { run, group, percentage }.at(fraction_at))
        }
    }
}

/// Reads one field, the run's before the group's, and says where it stands or would stand.
fn field<T>(
    member: &Member<'_>,
    key: &str,
    read: impl Fn(&Instances) -> Option<T>,
) -> (Option<T>, KeyPath) {
    let at = |base: &KeyPath| base.clone().key("instances").key(key);
    if let Some((own, base)) = &member.own {
        let own: &RunGroup = own;
        if let Some(value) = read(&own.instances) {
            return (Some(value), at(base));
        }
    }
    (read(&member.group.instances), at(&member.group_at))
}

/// Returns the total the groups must add up to, with its place, if one is declared.
///
/// A run that declares none takes the global one only when it has a percentage to take of it,
/// because compositions with several runs often keep a global total of another size.
fn declared_total(context: &Context<'_>, asked: &[Asked]) -> Option<(u32, KeyPath)> {
    let global = context.composition.global.total_instances;
    let global_at = KeyPath::composition("global").key("total_instances");
    let (total, at) = match context.run {
        None => (global, global_at),
        Some((index, run)) => match run.total_instances.filter(|&total| total != 0) {
            Some(total) => {
                (Some(total), KeyPath::composition("runs").index(index).key("total_instances"))
            }
            None if asked.iter().any(|asked| matches!(asked.amount, Amount::Fraction(_))) => {
                (global, global_at)
            }
            None => (None, global_at),
        },
    };
    total.filter(|&total| total != 0).map(|total| (total, at))
}

fn count(
    context: &Context<'_>,
    member: &Member<'_>,
    asked: &Asked,
    total: Option<u32>,
) -> Result<u32, ResolveError> {
    let percentage = match asked.amount {
        Amount::Count(count) => return Ok(count),
        Amount::Fraction(fraction) => fraction,
    };
    let (run, group) = (context.run_id().to_owned(), member.id.to_owned());
    let Some(total) = total else {
        return Err(Fault::PercentageOfNothing { run, group }.at(asked.at.clone()));
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of a u32 that lies between 0 and 1 fits into a u32"
    )]
    let count = (percentage * f64::from(total)).round() as u32;
    if count == 0 {
        return Err(Fault::RoundsToZero { run, group, percentage, total }.at(asked.at.clone()));
    }
    Ok(count)
}

fn check_range(
    context: &Context<'_>,
    sum: u64,
    counts: &[u32],
    members: &[Member<'_>],
    total_at: Option<KeyPath>,
) -> Result<(), ResolveError> {
    let range = context.case.instances;
    if u32::try_from(sum).is_ok_and(|sum| range.contains(sum)) {
        return Ok(());
    }
    let largest =
        counts.iter().zip(members).max_by_key(|(count, _)| **count).map(|(_, member)| member);
    let at = total_at
        .or_else(|| {
            largest.map(|member| {
                let own =
                    member.own.as_ref().filter(|(own, _)| own.instances != Instances::default());
                own.map_or(&member.group_at, |(_, at)| at).clone().key("instances").key("count")
            })
        })
        .expect("bug: a run without groups was counted");
    let case = context.manifest.testcases.iter().position(|case| case.name == context.case.name);
    let end = if sum < u64::from(range.min) { "min" } else { "max" };
    let fault = Fault::TotalOutOfRange {
        run: context.run_id().to_owned(),
        total: sum,
        plan: context.manifest.name.clone(),
        testcase: context.case.name.clone(),
        min: range.min,
        max: range.max,
    };
    let testcases = KeyPath::manifest("testcases").index(case.unwrap_or_default());
    Err(fault.at(at).against(testcases.key("instances").key(end)))
}
