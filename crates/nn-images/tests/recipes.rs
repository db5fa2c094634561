//! The recipes give the bytes that they gave before there were pipelines (`golden/recipes.txt`).
#![allow(clippy::unwrap_used)] // a step that fails must fail the test

use nn_data::{Dataset, embedded_sample};
use nn_images::{Draw, Pipeline, TestViews};
use serde::Deserialize;

/// What a recipe says of images.
#[derive(Deserialize)]
struct Recipe {
    name: String,
    epochs: u64,
    #[serde(default)]
    transform: Pipeline,
    #[serde(default)]
    test: TestViews,
}

#[derive(Deserialize)]
struct Recipes {
    recipe: Vec<Recipe>,
}

fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn hash_of(hash: u64, data: &Dataset) -> u64 {
    (0..data.len()).fold(hash, |hash, sample| fnv1a(hash, data.image(sample).unwrap()))
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Digits as a network is shown them in two epochs of a training.
fn trained_on(recipe: &Recipe, train: &Dataset) -> u64 {
    let (once, rest) = recipe.transform.split();
    let kept = once.apply(train).unwrap();
    let mut worker = rest.worker(kept.sample_shape()).unwrap();
    let mut shown = vec![0; worker.output_width()];
    let mut hash = START;
    for epoch in [0, recipe.epochs - 2] {
        for sample in 0..kept.len() {
            let draw = Draw {
                seed: 7,
                epoch,
                epochs: recipe.epochs,
                sample: sample as u32,
                strength: None,
            };
            worker.apply(kept.image(sample).unwrap(), &mut shown, &draw);
            hash = fnv1a(hash, &shown);
        }
    }
    hash
}

#[test]
fn bytes_are_those_of_before() {
    let recipes: Recipes = toml::from_str(include_str!("golden/recipes.toml")).unwrap();
    let digits = embedded_sample().unwrap();
    let every = |step: usize, all: &Dataset| {
        all.subset(&(0..all.len() as u32).step_by(step).collect::<Vec<_>>()).unwrap()
    };
    let (train, test) = (every(30, &digits.train), every(50, &digits.test));
    let mut lines =
        include_str!("golden/recipes.txt").lines().filter(|line| !line.starts_with('#'));
    for recipe in &recipes.recipe {
        recipe.transform.validate().unwrap();
        let shown = hash_of(START, &recipe.transform.apply(&test).unwrap());
        let trained = trained_on(recipe, &train);
        let mut views = recipe.test.prepare(&recipe.transform, &[28, 28]).unwrap();
        let views = views.of(&test).unwrap();
        let viewed = views.fold(START, |hash, view| hash_of(hash, &view.unwrap()));
        let line = format!("{} {shown:016x} {trained:016x} {viewed:016x}", recipe.name);
        assert_eq!(Some(line.as_str()), lines.next());
    }
    assert_eq!(lines.next(), None);
}
