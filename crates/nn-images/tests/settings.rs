//! Pipelines in files of settings: what is read is what was written, and what makes no sense is named.
#![allow(clippy::unwrap_used)] // a step that fails must fail the test

use nn_images::{Augment, Deskew, GradientFeatures, ImageError, KINDS, Pipeline, Step};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct File {
    name: String,
    transform: Pipeline,
}

const RECIPE: &str = r#"
name = "a recipe"

[[transform]]
kind = "deskew"

[[transform]]
kind = "augment"
rotation = 10
elastic = 1.2000000000000002
fade-to = 0.5

[[transform]]
kind = "gradient-features"
second-order = true
"#;

fn recipe() -> Pipeline {
    let elastic = 1.200_000_000_000_000_2;
    Pipeline::new([
        Deskew {}.into(),
        Augment { rotation: 10.0, elastic, fade_to: 0.5, ..Augment::default() }.into(),
        GradientFeatures { sqrt: false, second_order: true }.into(),
    ])
}

#[test]
fn a_list_of_tables_is_read_from_toml() {
    let file: File = toml::from_str(RECIPE).unwrap();
    assert_eq!(file.transform, recipe());
    assert_eq!(file.transform.steps()[1].settings()["elastic"], 1.200_000_000_000_000_2);
}

#[test]
fn what_is_written_is_read_again() {
    let file: File = toml::from_str(RECIPE).unwrap();
    let as_toml = toml::to_string(&file).unwrap();
    assert_eq!(toml::from_str::<File>(&as_toml).unwrap(), file);
    assert_eq!(toml::to_string(&toml::from_str::<File>(&as_toml).unwrap()).unwrap(), as_toml);
    let as_json = serde_json::to_string(&file).unwrap();
    assert_eq!(serde_json::from_str::<File>(&as_json).unwrap(), file);
    assert_eq!(toml::from_str::<File>(&as_toml).unwrap(), serde_json::from_str(&as_json).unwrap());
}

/// All settings are written, with the kind first.
#[test]
fn every_setting_is_written() {
    let text = toml::to_string(&File { name: String::new(), transform: recipe() }).unwrap();
    let last = "\n[[transform]]\nkind = \"gradient-features\"\nsqrt = false\nsecond-order = true\n";
    assert!(
        text.contains("[[transform]]\nkind = \"deskew\"\n\n[[transform]]\nkind = \"augment\"\n")
    );
    assert!(
        text.contains("sigma = 5.0\nfade = 0.0\nfade-to = 0.5\n") && text.ends_with(last),
        "{text}"
    );
}

#[test]
fn pipelines_are_equal_where_their_settings_are() {
    let other = |settings: Augment| Pipeline::new([settings.into()]);
    let mild = Augment { rotation: 10.0, ..Augment::default() };
    assert_eq!(other(mild), other(mild).clone());
    assert_ne!(other(mild), other(Augment { shift: 1.0, ..mild }));
    assert_ne!(other(Augment::default()), Pipeline::new([Deskew {}.into()]));
    assert_ne!(recipe(), Pipeline::new(recipe().steps()[..2].iter().cloned()));
    assert_eq!(Pipeline::default(), Pipeline::new([]));
}

/// Each kind has a default for each of its keys and no other, and each can be set to another value, alone and in a
/// pipeline, and comes back from a file.
#[test]
fn every_key_can_be_set() {
    for kind in KINDS {
        let defaults = kind.defaults();
        assert_eq!(defaults.len(), kind.keys.len(), "{}", kind.name);
        assert!(!kind.help.is_empty() && !kind.help.contains('\n') && !kind.help.ends_with('.'));
        let plain = serde_json::from_value::<Pipeline>(json!([{"kind": kind.name}])).unwrap();
        assert_eq!(plain.steps()[0].settings(), &defaults);
        plain.validate().unwrap();
        for key in kind.keys {
            assert!(!key.help.is_empty() && !key.help.contains('\n'), "{}", key.name);
            let other = match &defaults[key.name] {
                Value::Bool(value) => json!(!value),
                Value::Number(value) if !value.is_f64() => json!(value.as_u64().unwrap() + 1),
                Value::Number(value) => json!(value.as_f64().unwrap() / 2.0 + 0.5),
                value => panic!("{}: how is {value} changed?", key.name),
            };
            let set = plain.with(kind.name, key.name, &other).unwrap();
            assert_eq!(set.steps()[0].settings()[key.name], other, "{}", key.name);
            assert_ne!(set, plain, "{}", key.name);
            let given = json!([{"kind": kind.name, key.name: other}]);
            let read: Pipeline = serde_json::from_value(given).unwrap();
            assert_eq!(read, set, "{}", key.name);
            let text =
                toml::to_string(&File { name: String::new(), transform: set.clone() }).unwrap();
            assert_eq!(toml::from_str::<File>(&text).unwrap().transform, set);
        }
    }
}

#[test]
fn kinds_have_names_of_their_own() {
    for (index, kind) in KINDS.iter().enumerate() {
        assert!(KINDS[..index].iter().all(|other| other.name != kind.name), "{}", kind.name);
        assert!(kind.keys.iter().all(|key| key.name != "kind"));
    }
}

/// In words.
fn all_kinds() -> String {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let (last, others) = names.split_last().unwrap();
    format!("{} and {last}", others.join(", "))
}

fn refused(table: &Value) -> String {
    let table = table.as_object().unwrap().clone();
    let by_hand = Step::from_table(table.clone()).unwrap_err().to_string();
    let by_serde = serde_json::from_value::<Pipeline>(json!([table])).unwrap_err().to_string();
    assert!(by_serde.contains(&by_hand) && !by_hand.contains('\n'), "{by_serde}");
    by_hand
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    let kinds = all_kinds();
    assert_eq!(
        refused(&json!({"kind": "rotate"})),
        format!("unknown transform `rotate`; there are {kinds}")
    );
    for table in [json!({}), json!({"kind": 3}), json!({"rotation": 10.0})] {
        let truth = format!("a transform without a kind; add kind = \"...\", one of {kinds}");
        assert_eq!(refused(&table), truth);
    }
    assert_eq!(
        refused(&json!({"kind": "gradient-features", "roots": true})),
        "gradient-features: unknown setting `roots`; gradient-features has sqrt and second-order"
    );
    assert_eq!(
        refused(&json!({"kind": "deskew", "strength": 1})),
        "deskew: unknown setting `strength`; deskew has none"
    );
    assert_eq!(
        refused(&json!({"kind": "augment", "fade_to": 1})),
        "augment: unknown setting `fade_to`; augment has rotation, scale, shear, shift, elastic, sigma, fade \
         and fade-to"
    );
}

#[test]
fn what_has_another_type_is_refused_by_name() {
    assert_eq!(
        refused(&json!({"kind": "augment", "shift": 1, "rotation": "ten"})),
        "augment: rotation is \"ten\", must be a number"
    );
    assert_eq!(
        refused(&json!({"kind": "gradient-features", "sqrt": 1})),
        "gradient-features: sqrt is 1, must be true or false"
    );
    for text in [
        "[[transform]]\nkind = \"augment\"\nrotation = nan",
        "transform = \"deskew\"",
        "transform = 3",
    ] {
        assert!(toml::from_str::<File>(&format!("name = \"\"\n{text}")).is_err(), "{text}");
    }
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    for (augment, message) in [
        (
            Augment { rotation: 200.0, ..Augment::default() },
            "augment: rotation is 200, must be from 0 to 180",
        ),
        (
            Augment { sigma: 0.1, ..Augment::default() },
            "augment: sigma is 0.1, must be from 0.5 to 1000",
        ),
        (
            Augment { fade: f64::NAN, ..Augment::default() },
            "augment: fade is NaN, must be from 0 to 1",
        ),
    ] {
        let pipeline = Pipeline::new([Deskew {}.into(), augment.into()]);
        assert_eq!(pipeline.validate().unwrap_err().to_string(), message);
        assert!(pipeline.worker(&[28, 28]).is_err() || augment.is_none());
    }
}

#[test]
fn what_cannot_follow_is_refused() {
    let swapped = Pipeline::new([GradientFeatures::default().into(), Deskew {}.into()]);
    assert_eq!(
        swapped.validate().unwrap_err().to_string(),
        "deskew needs images, but stands behind gradient-features, whose output is none; swap them"
    );
    let long = Pipeline::new((0..65).map(|_| Deskew {}.into()));
    assert!(matches!(long.validate(), Err(ImageError::TooMany { count: 65, limit: 64 })));
}

#[test]
fn a_setting_of_what_is_not_there_is_refused() {
    let message =
        |kind: &str, key: &str| recipe().with(kind, key, &json!(true)).unwrap_err().to_string();
    assert!(message("rotate", "angle").starts_with("unknown transform `rotate`"));
    assert!(message("augment", "angle").starts_with("augment: unknown setting `angle`"));
    assert_eq!(message("augment", "rotation"), "augment: rotation is true, must be a number");
    let without = Pipeline::new([Deskew {}.into()]);
    assert_eq!(
        without.with("augment", "rotation", &json!(1)).unwrap_err().to_string(),
        "augment: the pipeline has deskew; add a transform with kind = \"augment\" first"
    );
}
