use proptest::prelude::*;

use super::*;

fn definition(id: u32) -> Definition {
    Definition {
        id,
        name: "latency_s".into(),
        kind: MetricKind::Timer,
        unit: Unit::new("s"),
        direction: Direction::Lower,
    }
}

fn readings(values: &[f64]) -> Vec<Reading> {
    values
        .iter()
        .zip(0..)
        .map(|(value, at)| Reading { at_ns: 1_000 + at * 10, value: *value })
        .collect()
}

fn sketch() -> Sketch {
    Sketch {
        metric: 1,
        start_ns: 5,
        interval_ns: 1_000_000_000,
        scale: 1e-9,
        count: 3,
        sum: 0.5,
        histogram: vec![1, 2, 3],
    }
}

/// A file with one frame of each kind, and where each frame ends.
fn example() -> (Vec<u8>, Vec<usize>) {
    let mut file = Vec::new();
    let mut ends = Vec::new();
    write_header(&mut file);
    ends.push(file.len());
    write_definition(&mut file, &definition(1));
    ends.push(file.len());
    write_samples(&mut file, 1, &readings(&[0.5, 0.25]));
    ends.push(file.len());
    write_sketch(&mut file, &sketch());
    ends.push(file.len());
    write_end(&mut file, 77);
    ends.push(file.len());
    (file, ends)
}

/// Gives a payload a frame as the format's description has it, without the encoder.
fn framed(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind];
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    frame.extend_from_slice(payload);
    let mut crc = !0u32;
    for byte in &frame {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    frame.extend_from_slice(&(!crc).to_le_bytes());
    frame
}

fn file_of(frames: &[Vec<u8>]) -> Vec<u8> {
    [&MAGIC[..], &frames.concat()].concat()
}

#[test]
fn what_is_no_metrics_file_is_told_so() {
    assert_eq!(read(b"PAR1PAR1PAR1"), Err(SampleFileError::NotSampleFile));
    assert_eq!(read(b"{}"), Err(SampleFileError::NotSampleFile));
    let newer = read(b"GRNDMET2....").unwrap_err();
    assert_eq!(newer, SampleFileError::Version { version: b'2' });
    assert_eq!(newer.to_string(), "this metrics file is of version `2`; known is `1`");
}

#[test]
fn a_file_cut_anywhere_gives_all_frames_before_the_cut() {
    let (file, ends) = example();
    for length in 0..=file.len() {
        let found = read(&file[..length]).unwrap();
        let whole = ends.iter().filter(|end| **end <= length).count();
        let frames = found.definitions.len()
            + found.samples.len()
            + found.sketches.len()
            + usize::from(found.ended_ns.is_some());
        assert_eq!(frames, whole.saturating_sub(1), "cut at {length}");
        let clean = ends.contains(&length);
        let offset = ends.iter().copied().filter(|end| *end <= length).max().unwrap_or(0);
        let torn = Torn { offset, lost_bytes: length - offset };
        assert_eq!(found.torn, (!clean).then_some(torn), "cut at {length}");
    }
}

#[test]
fn no_single_wrong_bit_passes_for_data() {
    let (file, ends) = example();
    for byte in MAGIC.len()..file.len() {
        for bit in 0..8 {
            let mut harmed = file.clone();
            harmed[byte] ^= 1 << bit;
            let found = read(&harmed).unwrap();
            let whole = ends.iter().filter(|end| **end <= byte).count() - 1;
            let offset = ends[whole];
            let lost_bytes = file.len() - offset;
            assert_eq!(found.torn, Some(Torn { offset, lost_bytes }), "byte {byte} bit {bit}");
        }
    }
}

/// Frames written by hand from `docs/metrics-file.md`.
#[test]
fn the_described_bytes_decode() {
    let definition_bytes = [&[1, 2, 1, 9][..], b"latency_s", &[1], b"s"].concat();
    let mut sample_bytes = vec![1, 3];
    sample_bytes.extend_from_slice(&1_000i64.to_le_bytes());
    // Steps of 10 and 10: second differences 10 and 0.
    sample_bytes.extend_from_slice(&[20, 0]);
    // XOR: 0.5 is 3FE0..., 0.25 is 3FD0..., then 0.25 again.
    sample_bytes.extend_from_slice(&[2, 0x06, 0x3F, 0xE0, 0x16, 0x30, 0x80]);
    let mut sketch_bytes = vec![1];
    sketch_bytes.extend_from_slice(&5i64.to_le_bytes());
    sketch_bytes.extend_from_slice(&1_000_000_000i64.to_le_bytes());
    sketch_bytes.extend_from_slice(&1e-9f64.to_le_bytes());
    sketch_bytes.push(3);
    sketch_bytes.extend_from_slice(&0.5f64.to_le_bytes());
    sketch_bytes.extend_from_slice(&[3, 1, 2, 3]);
    let file = file_of(&[
        framed(1, &definition_bytes),
        framed(2, &sample_bytes),
        framed(3, &sketch_bytes),
        framed(4, &77i64.to_le_bytes()),
    ]);
    let expected = SampleFile {
        definitions: vec![definition(1)],
        samples: vec![(1, readings(&[0.5, 0.25, 0.25]))],
        sketches: vec![sketch()],
        ended_ns: Some(77),
        torn: None,
    };
    assert_eq!(read(&file), Ok(expected));
}

#[test]
fn the_encoder_writes_the_described_bytes() {
    let mut file = Vec::new();
    write_samples(&mut file, 300, &readings(&[5.0, 4.0, 70.0]));
    let mut payload = vec![0xAC, 0x02, 3];
    payload.extend_from_slice(&1_000i64.to_le_bytes());
    payload.extend_from_slice(&[20, 0]);
    // Integers: 5, -1, +66.
    payload.extend_from_slice(&[1, 10, 1, 0x84, 0x01]);
    assert_eq!(file, framed(2, &payload));

    file.clear();
    write_samples(&mut file, 0, &readings(&[-0.0]));
    let constant = [&[0, 1][..], &1_000i64.to_le_bytes(), &[0], &(-0.0f64).to_le_bytes()].concat();
    assert_eq!(file, framed(2, &constant));

    file.clear();
    write_samples(&mut file, 0, &[]);
    assert_eq!(file, []);
}

#[test]
fn frames_that_make_no_sense_are_refused_where_they_stand() {
    let known = framed(1, &[1, 2, 1, 1, b'x', 1, b's']);
    let at = MAGIC.len() + known.len();
    for (frame, reason) in [
        (framed(1, &[1, 2, 1, 1, b'x', 1, b's']), "its metric is declared twice"),
        (framed(1, &[2, 9, 1, 1, b'x', 1, b's']), "its payload cannot be decoded"),
        (framed(1, &[2, 2, 1, 1, 0xFF, 1, b's']), "its payload cannot be decoded"),
        (framed(2, &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "its payload cannot be decoded"),
        (
            framed(2, &[1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0]),
            "its payload cannot be decoded",
        ),
        (framed(2, &[7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), "its metric is not declared"),
        (framed(4, &[0; 9]), "bytes follow its payload"),
    ] {
        let error = read(&file_of(&[known.clone(), frame])).unwrap_err();
        assert_eq!(error, SampleFileError::Malformed { offset: at, reason });
    }
}

#[test]
fn frames_of_an_unknown_kind_are_passed_over() {
    let file = file_of(&[framed(200, b"whatever"), framed(4, &77i64.to_le_bytes())]);
    assert_eq!(read(&file).unwrap().ended_ns, Some(77));
}

#[test]
fn even_counter_samples_take_less_than_four_bytes() {
    // One reading about every 100 ms with some jitter, increments of a few hundred.
    let readings: Vec<_> = (0..10_000i64)
        .map(|at| Reading {
            at_ns: 1_700_000_000_000_000_000 + at * 100_000_000 + (at * 7919) % 1000,
            value: (300 + (at * 104_729) % 97) as f64,
        })
        .collect();
    let mut file = Vec::new();
    write_samples(&mut file, 1, &readings);
    assert!(file.len() <= 4 * readings.len(), "{} bytes", file.len());
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-1_000_000i64..1_000_000).prop_map(|value| value as f64),
        Just(f64::NAN),
        Just(-0.0),
        Just(9_007_199_254_740_992.0),
        Just(-9_007_199_254_740_994.0),
    ]
}

fn bits(readings: &[Reading]) -> Vec<(i64, u64)> {
    readings.iter().map(|reading| (reading.at_ns, reading.value.to_bits())).collect()
}

proptest! {
    #[test]
    fn every_block_survives_bit_for_bit(
        block in prop::collection::vec((any::<i64>(), any_value()), 1..100),
        integers in any::<bool>(),
    ) {
        let block: Vec<_> = block
            .into_iter()
            .map(|(at_ns, value)| Reading { at_ns, value: if integers { value as i32 as f64 } else { value } })
            .collect();
        let mut file = Vec::new();
        write_header(&mut file);
        write_definition(&mut file, &definition(9));
        write_samples(&mut file, 9, &block);
        let found = read(&file).unwrap();
        prop_assert_eq!(found.torn, None);
        prop_assert_eq!(bits(&found.samples[0].1), bits(&block));
    }

    #[test]
    fn no_bytes_at_all_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..6) {
        let _ = read(&file_of(&[framed(1, &[1, 2, 1, 1, b'x', 1, b's']), framed(kind, &bytes)]));
        let _ = read(&[&MAGIC[..], &bytes].concat());
        let _ = read(&bytes);
    }
}
