//! Array views of ndarray stand for the rows that they show, whatever their order in memory.

use ndarray::{Array2, Array3, ArrayView1, s};
use nn_mlp::{Dataset, Mlp, data};

/// 90 days: temperature and hours of daylight.
fn days() -> (Vec<[f32; 2]>, Vec<&'static str>) {
    let day = |i: u8| [i % 3 * 11 + i % 7, 8 + i % 3 * 4 + i % 2].map(f32::from);
    ((0..90).map(day).collect(), ["winter", "spring", "summer"].repeat(30))
}

#[test]
fn a_model_trained_on_a_view_is_the_one_trained_on_its_rows() {
    let (rows, seasons) = days();
    let train = |data: &Dataset| {
        let mlp = Mlp::classifier().hidden([8]).epochs(5).standardise();
        mlp.fit(data).unwrap().predict(&[23.0_f32, 16.0]).unwrap().probability()
    };
    let expected = train(&data::classification(&rows, &seasons).unwrap());

    let row_by_row = Array2::from_shape_fn((90, 2), |(row, column)| rows[row][column]);
    assert_eq!(train(&data::classification(row_by_row.view(), &seasons).unwrap()), expected);
    // The same rows, stored column by column and backwards.
    let backwards = Array2::from_shape_fn((2, 90), |(column, row)| rows[89 - row][column]);
    let view = backwards.slice(s![.., ..;-1]);
    assert_eq!(train(&data::classification(view.t(), &seasons).unwrap()), expected);
}

#[test]
fn a_sample_may_be_a_view_with_gaps() {
    let (rows, seasons) = days();
    let data = data::classification(&rows, &seasons).unwrap();
    let model = Mlp::classifier().hidden([8]).epochs(5).standardise().fit(&data).unwrap();
    let expected = model.predict(&[23.0_f32, 16.0]).unwrap().probability();

    let gaps = [23.0_f32, -1.0, 16.0, -1.0];
    let sample = ArrayView1::from(&gaps).slice_move(s![..;2]);
    assert_eq!(model.predict(sample).unwrap().probability(), expected);
}

#[test]
fn the_axes_after_the_first_are_the_shape_of_a_sample() {
    let images = Array3::<u8>::zeros((6, 4, 3));
    let data = data::classification(images.view(), &[0, 1, 0, 1, 0, 1]).unwrap();
    let model = Mlp::classifier().epochs(1).fit(&data).unwrap();
    assert!(model.predict(images.slice(s![0, .., ..])).is_ok());
    let error = model.predict(Array2::<u8>::zeros((2, 6)).view()).unwrap_err().to_string();
    assert!(error.contains("2 x 6") && error.contains("4 x 3"), "{error}");
}
