//! Recipes, repeated trainings, ensembles, comparisons, calibration, augmented images.

mod common;

use common::{folder, run, words};
use serde_json::Value;

/// A training that takes a second on the sample.
const SHORT: [&str; 8] =
    ["train", "--data", "sample", "--epochs", "1", "--hidden", "16", "--quiet"];

fn short<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&SHORT, more].concat()
}

/// Found out after the last training, it would cost them all.
#[test]
fn many_trainings_are_refused_before_the_first_where_the_last_would_fail() {
    let here = folder();
    let arguments = short(&["--seeds", "2", "--out", "all", "--ensemble", "missing/all.nn"]);
    run(here.path(), arguments).failed_with(1).saying(&["missing/all.nn", "cannot write"]);
    std::fs::create_dir_all(here.path().join("all/seed-2")).unwrap();
    std::fs::write(here.path().join("all/seed-2/model.nn"), "x").unwrap();
    let arguments = short(&["--seeds", "2", "--seed", "1", "--out", "all"]);
    run(here.path(), arguments).failed_with(1).saying(&["all/seed-2", "holds a run already"]);
    assert!(!here.path().join("all/seed-1").exists());
}

#[test]
fn a_preset_is_printed_and_flags_beat_it() {
    let here = folder();
    let printed = run(here.path(), ["train", "--preset", "best", "--print-config"]).succeeded();
    assert!(printed.stdout.contains("batch-norm = true"), "{}", printed.stdout);
    assert!(printed.stdout.contains("local.window = 12"), "{}", printed.stdout);
    std::fs::write(here.path().join("my.toml"), &printed.stdout).unwrap();
    let from_file = run(here.path(), ["train", "--config", "my.toml", "--print-config"]);
    assert_eq!(from_file.succeeded().stdout, printed.stdout);
    let arguments = ["train", "--preset", "best", "--print-config", "--epochs", "3"];
    let changed = run(here.path(), arguments).succeeded().stdout;
    assert!(changed.contains("epochs = 3"), "{changed}");
    std::fs::write(here.path().join("two.toml"), "training.epochs = 2").unwrap();
    let arguments = ["train", "--preset", "best", "--config", "two.toml", "--print-config"];
    let changed = run(here.path(), arguments).succeeded().stdout;
    assert!(changed.contains("epochs = 2"), "{changed}");
}

#[test]
fn what_a_preset_asks_for_is_taken_away_by_false_and_0() {
    let here = folder();
    let print = |sets: &[&str]| {
        let sets = sets.iter().flat_map(|set| ["--set", *set]);
        let arguments = ["train", "--preset", "best", "--print-config"].into_iter().chain(sets);
        run(here.path(), arguments)
    };
    let none = print(&["transform.augment=false", "test.copies=0", "network.local=false"]);
    let none = none.succeeded().stdout;
    for gone in ["kind = \"augment\"", "strength = 0.25", "local.grid = 14"] {
        assert!(none.contains(&format!("\n#{gone}\n")), "{gone}: {none}");
    }
    assert!(none.contains("\nkind = \"deskew\"\n"), "{none}");
    let copies = print(&["test.copies=0"]).succeeded().stdout;
    assert!(copies.contains("\n#strength = ") && copies.contains("\nsigma = 5.0\n"), "{copies}");
    // Nothing that asks for augmentation may be left without any.
    print(&["transform.augment=false"]).failed_with(2).saying(&["test.copies is 24"]);
    let zero = ["rotation", "scale", "shift", "elastic"];
    let zero = zero.map(|name| format!("transform.augment.{name}=0"));
    let zero = print(&zero.each_ref().map(String::as_str)).failed_with(2);
    zero.saying(&["transform.augment changes no image", "--set transform.augment=false"]);
    let arguments = ["train", "--preset", "simard", "--set", "test.strength=0.5"];
    run(here.path(), arguments)
        .failed_with(2)
        .saying(&["--set: test.strength", "test.copies is 0"]);
}

#[test]
fn a_recipe_of_several_members_says_what_a_flag_changes() {
    let here = folder();
    let joint = |more: &[&'static str]| {
        let all = ["train", "--data", "none", "--preset", "joint"];
        run(here.path(), [&all[..], more].concat())
    };
    joint(&["--hidden", "784"]).failed_with(1).saying(&["--hidden", "not member 1"]);
    let rotation = joint(&["--set", "transform.augment.rotation=0"]).failed_with(2);
    rotation.saying(&["--set", "every member has transform of its own", "member.1.transform"]);
    let of_one = joint(&["--set", "member.3.transform.augment.rotation=7", "--print-config"]);
    let of_one = of_one.succeeded().stdout;
    assert!(of_one.contains("rotation = 7.0") && !of_one.contains("rotation = 15.0"), "{of_one}");
}

#[test]
fn seeds_are_summed_up_and_make_an_ensemble() {
    let here = folder();
    let arguments = short(&["--seeds", "3", "--out", "all", "--ensemble", "all.nn"]);
    let json = [arguments, vec!["--format", "json"]].concat();
    let events = run(here.path(), json).succeeded().events();
    let done: Vec<f64> = events
        .iter()
        .filter(|event| event["event"] == "done")
        .map(|event| event["test_accuracy"].as_f64().unwrap())
        .collect();
    let summary = events.iter().find(|event| event["event"] == "repeat").unwrap();
    let mean = done.iter().sum::<f64>() / 3.0;
    assert_eq!(done.len(), 3);
    assert!((summary["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!(summary["interval_95"][0].as_f64().unwrap() < mean);
    assert!(here.path().join("all/seed-2/model.nn").is_file());
    assert_eq!(summary["runs"][2], "all/seed-3");
    let two = run(here.path(), short(&["--seeds", "2", "--out", "two"])).succeeded().stdout;
    assert!(two.contains("nn compare two/seed-1 two/seed-2"), "{two}");
    let ensemble = events.last().unwrap();
    assert_eq!(ensemble["event"], "ensemble");
    let arguments = ["test", "--model", "all.nn", "--data", "sample", "--format", "json"];
    let tested = run(here.path(), arguments).succeeded().last_event();
    assert_eq!(tested["accuracy"], ensemble["test_accuracy"]);
    // Made by hand of the same models it is the same.
    let parts = ["all/seed-1", "all/seed-2", "all/seed-3"];
    let by_hand = [&["ensemble"], &parts[..], &["--out", "again.nn"]].concat();
    run(here.path(), by_hand).succeeded();
    let read = |name: &str| std::fs::read(here.path().join(name)).unwrap();
    assert_eq!(read("all.nn"), read("again.nn"));
    let text = run(here.path(), ["inspect", "all.nn"]).succeeded().stdout;
    assert!(text.contains("3 networks"), "{text}");
}

#[test]
fn runs_say_how_soon_they_were_how_good_and_what_they_spent() {
    let here = folder();
    let done =
        run(here.path(), short(&["--out", "a", "--format", "json"])).succeeded().last_event();
    // 4 operations a weight of the first layer and 6 of the others, for each of 6,000 samples.
    let operations = 6000.0 * (4.0 * 784.0 * 16.0 + 6.0 * 16.0 * 10.0);
    assert_eq!(done["operations"].as_f64(), Some(operations));
    assert!(done["seconds_to_accuracy"].is_object(), "{done}");
    assert!(done["seconds_to_first_step"].as_f64().is_some_and(|seconds| seconds > 0.0), "{done}");
}

#[test]
fn two_models_are_compared_on_the_same_images() {
    let here = folder();
    run(here.path(), short(&["--out", "a"])).succeeded();
    run(here.path(), short(&["--out", "b", "--lr", "1e-7"])).succeeded();
    let same = run(here.path(), ["compare", "a", "a", "--format", "json"]).succeeded().last_event();
    assert_eq!((&same["p_value"], &same["only_first_right"]), (&1.0.into(), &0.into()));
    let other = run(here.path(), ["compare", "a", "b"]).succeeded();
    assert!(other.stdout.contains("A is better"), "{}", other.stdout);
}

#[test]
fn a_temperature_needs_a_validation_set_and_keeps_the_answers() {
    let here = folder();
    run(here.path(), short(&["--out", "a"])).succeeded();
    let refused = run(here.path(), ["calibrate", "--model", "a", "--out", "c.nn"]).failed_with(1);
    refused.saying(&["--validation"]);
    run(here.path(), short(&["--out", "b", "--validation", "0.2"])).succeeded();
    let arguments = ["calibrate", "--model", "b", "--out", "c.nn", "--figures", "f"];
    let said = run(here.path(), arguments).succeeded().stdout;
    assert!(said.contains("temperature"), "{said}");
    assert!(here.path().join("f/reliability.svg").is_file());
    let accuracy = |model: &'static str| {
        let arguments = ["test", "--model", model, "--data", "sample", "--format", "json"];
        run(here.path(), arguments).succeeded().last_event()["accuracy"].clone()
    };
    assert_eq!(accuracy("b"), accuracy("c.nn"));
}

#[test]
fn a_network_with_everything_is_the_same_at_any_number_of_threads_and_exports_folded() {
    let here = folder();
    let sets = [
        "training.average=0.99",
        "training.label-smoothing=0.1",
        "training.max-norm=2",
        "transform.augment={ rotation = 10, elastic = 1, sigma = 4, shift = 1 }",
    ];
    let sets = sets.into_iter().flat_map(|set| ["--set", set]);
    let rich: Vec<&str> = ["--batch-norm", "--dropout", "0.1"].into_iter().chain(sets).collect();
    for (threads, out) in [("1", "one"), ("2", "two")] {
        run(here.path(), short(&[&rich[..], &["--threads", threads, "--out", out]].concat()))
            .succeeded();
    }
    let read = |name: &str| std::fs::read(here.path().join(name)).unwrap();
    assert_eq!(read("one/model.nn"), read("two/model.nn"));
    let export = ["export", "--model", "one", "--out", "x.safetensors"];
    run(here.path(), export).failed_with(1).saying(&["--fold"]);
    run(here.path(), [&export[..], &["--fold"]].concat()).succeeded();
    run(here.path(), ["import", "x.safetensors", "--out", "x.nn"]).succeeded();
    let same = run(here.path(), ["compare", "one", "x.nn", "--format", "json"]).succeeded();
    assert_eq!(same.last_event()["p_value"], 1.0);
    let shifted = ["test", "--model", "one", "--shifts", "1", "--format", "json"];
    assert!(run(here.path(), shifted).succeeded().last_event()["accuracy"].as_f64().unwrap() > 0.5);
}

/// Three small members on the sample.
const MEMBERS: &str = "\
network = { hidden = [16], batch-norm = true }\ntraining = { average = 0.99, average-warm-up = true }\ntest.copies = 3\n\
[[transform]]\nkind = 'augment'\nrotation = 10.0\n\
[[member]]\n\
[[member]]\nhidden = [9]\n\
[[member.transform]]\nkind = 'deskew'\n\
[[member.transform]]\nkind = 'augment'\nrotation = 10.0\n\
[[member]]\nhidden = [16, 8]\nlocal = { window = 9, grid = 4 }\n\
[[member.transform]]\nkind = 'augment'\nshift = 0.5\n\
[[member.transform]]\nkind = 'gradient-features'\n";

#[test]
fn members_are_trained_jointly_and_used_as_one() {
    let here = folder();
    std::fs::write(here.path().join("three.toml"), MEMBERS).unwrap();
    let train = |more: &[&str]| {
        let base = ["train", "--data", "sample", "--config", "three.toml", "--epochs", "1"];
        run(here.path(), [&base[..], more].concat())
    };
    let done = train(&["--out", "one", "--threads", "1", "--format", "json"]).succeeded();
    assert_eq!(done.events()[0]["network"], "784-16-10 + 784-9-10 + 769-16-8-10");
    train(&["--out", "two", "--threads", "2", "--quiet"]).succeeded();
    let read = |name: &str| std::fs::read(here.path().join(name)).unwrap();
    assert_eq!(read("one/model.nn"), read("two/model.nn"));

    let done = done.last_event();
    let test = ["test", "--model", "one", "--data", "sample", "--format", "json"];
    let tested = run(here.path(), test).succeeded().last_event();
    assert_eq!(tested["accuracy"], done["test_accuracy"]);
    assert!(tested["accuracy"].as_f64().unwrap() > 0.8, "{tested}");
    let text = run(here.path(), ["inspect", "one"]).succeeded().stdout;
    assert!(text.contains("769-16-8-10") && text.contains("ensemble"), "{text}");
    assert!(text.contains("network 3") && text.contains("parameters of all: 32,441"), "{text}");
    let again = ["train", "--config", "one/settings.toml", "--print-config"];
    let again = run(here.path(), again).succeeded().stdout;
    assert_eq!(again.matches("[[member]]\n").count(), 3, "{again}");

    std::fs::remove_file(here.path().join("one/model.nn")).unwrap();
    let settings = std::fs::read_to_string(here.path().join("one/settings.toml")).unwrap();
    let other = settings.replace("hidden = [9]", "hidden = [10]");
    assert_ne!(other, settings);
    std::fs::write(here.path().join("one/settings.toml"), other).unwrap();
    run(here.path(), ["train", "--resume", "one"])
        .failed_with(1)
        .saying(&["other settings", "settings.toml"]);
    std::fs::write(here.path().join("one/settings.toml"), settings).unwrap();
    run(here.path(), ["train", "--resume", "one", "--quiet"]).succeeded();
    assert_eq!(read("one/model.nn"), read("two/model.nn"));

    let ablated = train(&["--ablate", "--out", "a", "--quiet"]).succeeded().stdout;
    let left_out: Vec<&str> = ablated.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(left_out, ["left", "nothing", "member-1", "member-2", "member-3"]);
}

#[test]
fn what_a_member_may_not_have_is_named() {
    let here = folder();
    for (table, words) in [
        ("epochs = 3", &["line 3: member.2.epochs", "all members share training.epochs"][..]),
        ("local.window = 9", &["member.2.hidden", "a multiple of 196"]),
        ("[[member.member]]", &["member.2.member", "and nothing else"]),
        ("hidden = [4]\n[[member]]\nwrong = 1", &["line 5: member.3.wrong"]),
    ] {
        let text = format!("[[member]]\n[[member]]\n{table}\n");
        std::fs::write(here.path().join("two.toml"), text).unwrap();
        let arguments = ["train", "--data", "sample", "--config", "two.toml", "--print-config"];
        run(here.path(), arguments).failed_with(2).saying(words);
    }
    let solver = ["train", "--data", "sample", "--preset", "joint", "--optimizer", "lbfgs"];
    run(here.path(), solver).failed_with(2).saying(&["member", "lbfgs"]);
    let rate = run(here.path(), ["train", "--preset", "joint", "--lr", "-1"]).failed_with(2);
    assert!(rate.stderr.contains("learning-rate is -1") && !rate.stderr.contains("member"));
    let early = ["train", "--data", "sample", "--preset", "joint", "--patience", "2"];
    run(here.path(), early).failed_with(2).saying(&["--patience", "off with several members"]);
}

#[test]
fn a_network_of_deskewed_images_is_used_with_such() {
    let here = folder();
    let arguments = short(&["--set", "transform.deskew=true", "--out", "a", "--format", "json"]);
    let done = run(here.path(), arguments).succeeded().last_event();
    let test = ["test", "--model", "a", "--data", "sample", "--format", "json"];
    let tested = run(here.path(), test).succeeded().last_event();
    assert_eq!(tested["accuracy"], done["test_accuracy"]);
    let views = [&test[..], &["--shifts", "1"]].concat();
    let viewed = run(here.path(), views).succeeded().last_event();
    assert_ne!(viewed["loss"], tested["loss"]);
    let none = [&test[..], &["--copies", "3"]].concat();
    run(here.path(), none).failed_with(1).saying(&["3 augmented copies", "no transform is random"]);
    let text = run(here.path(), ["inspect", "a"]).succeeded().stdout;
    assert!(text.lines().any(|line| line.starts_with("transforms") && line.ends_with("deskew")));
}

/// Of networks that see images deskewed, by gradient features and as they are, of two architectures.
#[test]
fn an_ensemble_shows_each_of_its_networks_what_it_must_see() {
    let here = folder();
    run(here.path(), short(&["--set", "transform.deskew=true", "--out", "a"])).succeeded();
    run(here.path(), short(&["--set", "transform.gradient-features=true", "--out", "b"]))
        .succeeded();
    let run = |line: &str| run(here.path(), line.split(' ')).succeeded();
    run("train --data sample --epochs 1 --hidden 20,10 --quiet --out c");
    let made = run("ensemble a b c --out all.nn").stdout;
    assert_eq!(made, "all.nn: 3 networks, 784-16-10 + 769-16-10 + 784-20-10-10\n");
    let test = "test --data sample --format json";
    let loss = |model: &str| run(&format!("{test} --model {model}")).last_event();
    let together = loss("all.nn");
    for alone in ["a", "b", "c"] {
        let (alone, together) = (&loss(alone)["errors"], &together["errors"]);
        assert!(together.as_u64() < alone.as_u64(), "{together} {alone}");
    }
    let text = run("inspect all.nn").stdout;
    for line in [
        "3 networks, whose answers are pooled",
        "784-16-10, transforms: deskew",
        "769-16-10, transforms: gradient-features",
        "784-20-10-10, transforms: none",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // Each command shows it the same.
    let compared = run("compare all.nn all.nn --data sample --format json").last_event();
    let right = 1000 - together["errors"].as_u64().unwrap();
    assert_eq!(compared["both_right"].as_u64(), Some(right));
    let views = run(&format!("{test} --model all.nn --shifts 1 --mistakes m.png"));
    assert_ne!(views.last_event()["loss"], together["loss"]);
    run("calibrate --model all.nn --data sample");
    run("plot --weights --model all.nn --out figures");
}

/// By every command that shows it anything.
#[test]
fn a_network_of_gradient_features_is_used_with_such() {
    let here = folder();
    for (key, out, inputs) in [("sqrt", "roots", "769"), ("second-order", "second", "1569")] {
        let set = format!("transform.gradient-features.{key}=true");
        run(here.path(), short(&["--set", &set, "--out", out])).succeeded();
        let inspected = run(here.path(), ["inspect", out]).succeeded().stdout;
        assert!(inspected.contains("gradient-features") && inspected.contains(inputs));
        let settings = here.path().join(out).join("settings.toml");
        let settings = std::fs::read_to_string(settings).unwrap();
        assert!(settings.contains(&format!("\n{key} = true\n")), "{settings}");
        let tested = ["test", "--model", out, "--data", "sample", "--format", "json"];
        let tested = run(here.path(), tested).succeeded().last_event();
        assert!(tested["accuracy"].as_f64().unwrap() > 0.8, "{tested}");
        let drawn = ["plot", "--weights", "--model", out, "--out", "figures"];
        run(here.path(), drawn).succeeded();
    }
    let recipe = [
        "--set",
        "transform={ deskew = true, augment.shift = 1, gradient-features = true }",
        "--validation",
        "0.1",
    ];
    let views = ["--set", "test.copies=2", "--out", "a", "--format", "json"];
    let done = run(here.path(), short(&[&recipe[..], &views].concat())).succeeded().last_event();
    assert!(done["test_accuracy"].as_f64().unwrap() > 0.8, "{done}");
    let run = |arguments: &[&'static str]| run(here.path(), arguments).succeeded();
    let test = ["test", "--model", "a", "--data", "sample", "--format", "json"];
    assert_eq!(run(&test).last_event()["loss"], done["test_loss"]);
    let single = run(&[&test[..], &["--shifts", "0", "--mistakes", "m.png"]].concat()).last_event();
    assert_ne!(single["loss"], done["test_loss"]);
    let inspected = run(&["inspect", "a"]).stdout;
    assert!(inspected.contains("deskew, augment, gradient-features"), "{inspected}");
    assert!(inspected.contains("769"), "{inspected}");
    let compared = run(&["compare", "a", "a", "--data", "sample", "--format", "json"]).last_event();
    let right = 1000.0 * done["test_accuracy"].as_f64().unwrap();
    assert_eq!(compared["both_right"].as_u64(), Some(right.round() as u64));
    run(&["calibrate", "--model", "a", "--data", "sample", "--out", "t.nn"]);
    run(&["plot", "a", "--data", "sample"]);
    assert!(here.path().join("a/figures/weights.png").is_file());
    run(&["ensemble", "a", "a", "--out", "two.nn"]);
    run(&["export", "--model", "a", "--format", "safetensors", "--out", "a.safetensors"]);
    run(&["import", "a.safetensors", "--out", "b.nn"]);
    let imported = ["test", "--model", "b.nn", "--data", "sample", "--shifts", "0"];
    let imported = run(&[&imported[..], &["--format", "json"]].concat()).last_event();
    assert_eq!(imported["loss"], single["loss"]);
}

#[test]
fn a_network_sees_windows_of_the_image() {
    let here = folder();
    let train = ["train", "--data", "sample", "--epochs", "2", "--hidden", "98", "--quiet"];
    let with = |more: &[&'static str]| run(here.path(), [&train[..], more].concat());
    let windows = ["--set", "network.local={ window = 9, grid = 7 }"];
    let out = ["--batch-norm", "--format", "json", "--out", "a"];
    let done = with(&[&windows[..], &out].concat()).succeeded().last_event();
    assert!(done["test_accuracy"].as_f64().unwrap() > 0.8, "{done}");
    let printed = with(&[&windows[..], &["--print-config"]].concat()).succeeded().stdout;
    assert!(printed.contains("\nlocal.window = 9\n") && printed.contains("\nlocal.grid = 7\n"));
    let refused = |set: &'static str, words| with(&["--set", set]).failed_with(2).saying(words);
    refused("network.local.window=9", &["is [98]", "a multiple of 196"]);
    refused("network.local.grid=7", &["network.local.grid", "without network.local.window"]);
    refused("network.local={ window = 9, grid = 0 }", &["network.local.grid is 0"]);
    let solver = [&windows[..], &["--optimizer", "lbfgs"]].concat();
    with(&solver).failed_with(2).saying(&["network.local", "leave it out"]);
    with(&[&windows[..], &["--set", "transform.gradient-features=true"]].concat()).succeeded();
}

/// The last test of a training, a test of its model, and the same views asked for by flags agree.
#[test]
fn the_views_of_a_recipe_are_those_of_its_last_test_and_of_every_later_one() {
    let here = folder();
    let augment = "transform.augment={ rotation = 10, elastic = 1.2, shift = 0.5, scale = 0.1 }";
    let recipe = ["--set", augment];
    let views = ["--set", "test={ shifts = 1, copies = 2 }", "--out", "a", "--format", "json"];
    let done = run(here.path(), short(&[&recipe[..], &views].concat())).succeeded().last_event();
    assert_eq!(done["test_views"], 11);
    let test = |more: &[&'static str]| {
        let all = ["test", "--model", "a", "--data", "sample", "--format", "json"];
        run(here.path(), [&all[..], more].concat()).succeeded().last_event()
    };
    let of_the_run = test(&[]);
    assert_eq!(
        (&of_the_run["loss"], &of_the_run["views"]),
        (&done["test_loss"], &done["test_views"])
    );
    // The same views asked for by flags.
    assert_eq!(test(&["--shifts", "1", "--copies", "2"])["loss"], done["test_loss"]);
    let single = test(&["--shifts", "0"]);
    assert!(single["views"] == 1 && single["loss"] != done["test_loss"], "{single}");
    let epochs = run(here.path(), ["train", "--resume", "a"]).succeeded();
    assert!(epochs.stderr.contains("finished"), "{}", epochs.stderr);
    let strong = ["--set", "test={ copies = 2, strength = 1.5 }", "--out", "b"];
    run(here.path(), short(&[&recipe[..], &strong].concat())).failed_with(2).saying(&["0 to 1"]);
    let printed = run(here.path(), ["train", "--preset", "best", "--print-config"]).succeeded();
    assert!(printed.stdout.contains("\ncopies = 24\n"), "{}", printed.stdout);
}

#[test]
fn solvers_are_repeated_and_ablated_too() {
    let here = folder();
    let solver = ["train", "--data", "sample", "--optimizer", "lbfgs", "--epochs", "2"];
    let solver = [&solver[..], &["--hidden", "8", "--quiet", "--format", "json"]].concat();
    let repeat = [&solver[..], &["--seeds", "2", "--out", "r"]].concat();
    let events = run(here.path(), repeat).succeeded().events();
    let repeat = events.iter().find(|event| event["event"] == "repeat").unwrap();
    assert_eq!(repeat["accuracies"].as_array().unwrap().len(), 2);
    assert!(here.path().join("r/seed-2/model.nn").is_file());
    let ablate = [&solver[..], &["--ablate", "--weight-decay", "1e-4", "--out", "s"]].concat();
    let events = run(here.path(), ablate).succeeded().events();
    let left_out = events.iter().filter(|event| event["event"] == "ablation");
    let left_out: Vec<_> = left_out.map(|event| event["left_out"].clone()).collect();
    assert_eq!(left_out, ["nothing", "weight-decay"]);
    assert!(here.path().join("s/without-weight-decay/seed-1/model.nn").is_file());
}

/// The test accuracy is that of the best epoch's weights, so the validation accuracy beside it is too.
#[test]
fn an_ablation_with_patience_pairs_two_accuracies_of_the_same_weights() {
    let here = folder();
    let line = "train --data sample --hidden 16 --optimizer sgd --schedule constant --lr 3 --epochs 8 --patience 50 \
                --validation 0.2 --weight-decay 1e-4 --quiet --format json --ablate --out a";
    let events = run(here.path(), words(line)).succeeded().events();
    let is_ablation = |event: &&Value| event["event"] == "ablation";
    let first = events.iter().position(|event| is_ablation(&event)).unwrap();
    let of_whole = &events[..first];
    let best =
        of_whole.iter().find(|event| event["event"] == "done").unwrap()["best_epoch"].clone();
    let epochs = of_whole.iter().filter(|event| event["event"] == "epoch");
    let lowest = |a: &&Value, b: &&Value| {
        let loss = |event: &Value| event["validation_loss"].as_f64().unwrap();
        loss(a).total_cmp(&loss(b))
    };
    let kept = epochs.min_by(lowest).unwrap();
    assert!(best == kept["epoch"] && best != 8, "{best} {kept}");
    assert_eq!(events[first]["validation_accuracy"], kept["validation_accuracy"]);
}

/// By a thread of their own where a core is to spare, and by those of the device where it computes on all.
#[test]
fn augmented_images_are_the_same_at_any_number_of_threads() {
    let here = folder();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let trained = |threads: usize| {
        let (threads, out) = (threads.to_string(), format!("with-{threads}"));
        let transforms =
            "transform={ augment = { rotation = 10, elastic = 1 }, gradient-features = true }";
        let recipe = ["--set", transforms, "--batch", "100"];
        let more = ["--threads", &threads, "--out", &out];
        run(here.path(), short(&[&recipe[..], &more].concat())).succeeded();
        std::fs::read(here.path().join(out).join("model.nn")).unwrap()
    };
    let one = trained(1);
    assert!(trained(cores) == one && trained(cores + 1) == one);
}

#[test]
fn a_sheet_of_augmented_images_is_drawn() {
    let here = folder();
    for (more, name) in [(&["--preset", "simard"][..], "a.png"), (&["--deskew"], "b.png")] {
        let arguments = [&["data", "augment", "--data", "sample", "--out", name], more].concat();
        run(here.path(), arguments).succeeded();
        assert!(std::fs::metadata(here.path().join(name)).unwrap().len() > 1000);
    }
}

#[test]
fn every_file_of_examples_config_is_sound_and_prints_back_to_itself() {
    let here = folder();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/config");
    for file in std::fs::read_dir(examples).unwrap() {
        let file = file.unwrap().path().display().to_string();
        let printed = run(here.path(), ["train", "--config", &file, "--print-config"]).succeeded();
        std::fs::write(here.path().join("printed.toml"), &printed.stdout).unwrap();
        let again = run(here.path(), ["train", "--config", "printed.toml", "--print-config"]);
        assert_eq!(again.succeeded().stdout, printed.stdout, "{file}");
    }
}
