//! Holds the rows of `docs/from-pytorch-and-scikit-learn.md` that say "same": each names a test that compares with a
//! peer, the case in that test's golden file, and a setting that exists.

use nn_mlp::settings::Schema;
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/from-pytorch-and-scikit-learn.md");

/// Where a test is, and the golden file that it reads, if a row may name a case of it.
const TESTS: [(&str, &str, Option<&str>); 7] = [
    (
        "weights_after_five_steps",
        include_str!("../../../nn-core/tests/it/pytorch.rs"),
        Some(include_str!("../../../nn-core/tests/it/golden/training.json")),
    ),
    (
        "five_steps_end_where_pytorch_ends",
        include_str!("../../../nn-core/tests/it/regularisation.rs"),
        Some(include_str!("../../../nn-core/tests/it/golden/regularisation.json")),
    ),
    (
        "learning_rates",
        include_str!("../../../nn-core/tests/it/pytorch.rs"),
        Some(include_str!("../../../nn-core/tests/it/golden/schedules.json")),
    ),
    ("outputs_under_every_activation", include_str!("../../../nn-core/tests/it/pytorch.rs"), None),
    ("scikit_learn_finds_the_same", include_str!("../../../nn-core/tests/it/evaluation.rs"), None),
    ("means_and_deviations_are_those_of_scikit_learn", include_str!("../../src/scaler.rs"), None),
    ("names_and_shapes_are_pytorchs", include_str!("safetensors.rs"), None),
];

/// The cells of the rows of all tables, without the heads.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split(" | ").map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| cells[0] != "PyTorch or scikit-learn").collect()
}

/// Whether the golden file has a run with this value, or with any besides the usual one.
fn has_case(golden: &str, case: &str) -> bool {
    let golden: Value = serde_json::from_str(golden).unwrap();
    let (name, value) =
        case.split_once('=').map_or((case, None), |(name, value)| (name, Some(value)));
    let Some(runs) = golden["runs"].as_array() else { return golden.get(name).is_some() };
    runs.iter().any(|run| match (&run[name], value) {
        (Value::String(text), Some(value)) => text == value,
        (Value::Array(list), None) => !list.is_empty(),
        (Value::Bool(is_on), None) => *is_on,
        (Value::Number(number), None) => number.as_f64() != Some(0.0),
        _ => false,
    })
}

#[test]
fn rows_that_say_same_are_shown_by_a_test_against_the_peer() {
    let mut shown = 0;
    for cells in rows() {
        assert_eq!(cells.len(), 4, "{cells:?}");
        assert!(["same", "differs"].contains(&cells[2]), "{cells:?}");
        if cells[2] != "same" {
            continue;
        }
        let (name, case) =
            cells[3].split_once(": ").map_or((cells[3], None), |(n, c)| (n, Some(c)));
        let (_, source, golden) = TESTS.into_iter().find(|test| test.0 == name).expect(name);
        assert!(source.contains(&format!("fn {name}(")), "{name} is no test there");
        assert_eq!(golden.is_some(), case.is_some(), "{cells:?}");
        if let (Some(golden), Some(case)) = (golden, case) {
            assert!(has_case(golden, case), "the golden file of {name} has no case of {case}");
        }
        shown += 1;
    }
    assert!(shown > 20, "{shown}");
}

#[test]
fn the_settings_on_the_page_exist() {
    let schema = Schema::library();
    let mut found = 0;
    for text in PAGE.split('`').skip(1).step_by(2) {
        let path = text.split([' ', '=']).next().unwrap_or_default();
        if path.starts_with("training.") || path.starts_with("network.") {
            assert!(schema.find(path).is_some(), "{path}");
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}
