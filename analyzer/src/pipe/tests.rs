use serde_json::Value;

use super::{Algorithm, changes, compare, flaky, warmup};

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// A step of ten percent at 30 of 60, under a noise of one percent that never repeats.
fn step() -> String {
    let values: Vec<String> = (0..60)
        .map(|index| {
            let noise = f64::from(index * 37 % 61) / 61.0 - 0.5;
            let level = if index < 30 { 100.0 } else { 110.0 };
            format!("{}", level + noise)
        })
        .collect();
    values.join(",")
}

#[test]
fn a_line_that_is_no_series_is_named() {
    let error =
        changes("{\"id\":\"a\",\"values\":[1]}\n\n{\"id\":", Algorithm::Kernel).unwrap_err();
    assert_eq!(error.line, 3);
    assert_eq!(flaky("{\"id\":\"a\",\"failures\":3,\"runs\":2}").unwrap_err().line, 1);
    let error = compare("{\"id\":\"a\",\"baseline\":[1],\"candidate\":[1],\"direction\":\"up\"}");
    assert!(error.unwrap_err().reason.contains("`up` is not a direction"));
}

#[test]
fn every_algorithm_finds_a_plain_step_at_the_same_place() {
    let input = format!("{{\"id\":\"s\",\"values\":[{}]}}", step());
    for algorithm in [Algorithm::Kernel, Algorithm::Otava, Algorithm::Perfherder] {
        let found = lines(&changes(&input, algorithm).unwrap());
        let points = found[0]["change_points"].as_array().unwrap();
        assert_eq!(points.len(), 1, "{algorithm:?}: {found:?}");
        assert_eq!(points[0]["index"], 30, "{algorithm:?}");
        let effect = points[0]["effect"].as_f64().unwrap();
        assert!((effect - 0.1).abs() < 0.005, "{algorithm:?}: {effect}");
    }
}

#[test]
fn gaps_and_nothing_are_answered() {
    let out = changes(
        "{\"id\":\"e\",\"values\":[]}\n{\"id\":\"n\",\"values\":[null,1,null]}",
        Algorithm::Kernel,
    );
    for line in lines(&out.unwrap()) {
        assert_eq!(line["change_points"], Value::Array(Vec::new()));
        assert_eq!(line["drift"], Value::Null);
    }
    let none = lines(&warmup("{\"id\":\"w\",\"values\":[1,2]}").unwrap());
    assert_eq!(none[0]["steady"], false);
}

#[test]
fn sides_are_compared_flat_and_nested() {
    let flat = "{\"id\":\"f\",\"baseline\":[10,11,12,10.5,11.5,10.2],\"candidate\":[20,21,22,20.5,21.5,20.2],\
                \"margin\":0.05,\"direction\":\"lower\"}";
    let nested = "{\"id\":\"n\",\"baseline\":[[10,11],[12,11],[10,12],[11,11]],\
                  \"candidate\":[[20,21],[22,21],[20,22],[21,21]],\"margin\":0.05,\"direction\":\"higher\"}";
    let found = lines(&compare(&format!("{flat}\n{nested}\n")).unwrap());
    assert_eq!(found[0]["verdict"], "regression");
    assert_eq!(found[0]["n_baseline"], 6);
    assert_eq!(found[1]["verdict"], "improvement");
    assert_eq!(found[1]["n_candidate"], 4, "runs are counted, not instances");
    let empty = lines(&compare("{\"id\":\"e\",\"baseline\":[],\"candidate\":[1]}").unwrap());
    assert_eq!(empty[0]["verdict"], "no data");
}

#[test]
fn the_flakiest_test_ranks_first() {
    let input = "{\"id\":\"a\",\"failures\":0,\"runs\":100}\n{\"id\":\"b\",\"failures\":30,\"runs\":100,\"suite\":\"s\"}";
    let found = lines(&flaky(input).unwrap());
    assert_eq!(found[1]["rank"], 1);
    assert_eq!(found[0]["rank"], 2);
    let (lo, hi) = (found[1]["lo"].as_f64().unwrap(), found[1]["hi"].as_f64().unwrap());
    assert!(lo < 0.3 && 0.3 < hi);
}
