//! Every kind of figure is drawn as SVG and PNG; invalid figures are refused.

use nn_plot::{
    Axis, Bars, ColourMap, Contours, Curves, Figure, Grid, HeatMap, Histogram, ImageGrid, Mark,
    Path, Picture, PlotError, Scale, Series, Style, png, png_bytes, save, svg,
};

fn curves() -> Figure {
    let wave =
        |f: f64| (0..=100).map(|i| f64::from(i) / 50.0 - 1.0).map(move |x| (x, (f * x).sin()));
    Figure::Curves(Curves {
        title: "Waves <fast & slow>".to_owned(),
        x: Axis::linear("x"),
        y: Axis::linear("sin(ωx)"),
        series: vec![
            Series::line("ω = 2", wave(2.0).collect()),
            Series::line("ω = 5", wave(5.0).collect()).styled(Style::Dashed),
            Series::line("data", wave(3.0).step_by(10).collect()).styled(Style::Points),
            Series::line("joined", wave(1.0).step_by(20).collect()).styled(Style::LineAndPoints),
            Series::line("a longer name than the others", wave(0.5).step_by(25).collect())
                .styled(Style::LineAndPoints),
        ],
    })
}

fn falling() -> Figure {
    let fall = |rate: f64| (1..200).map(move |i| (f64::from(i), (-rate * f64::from(i)).exp()));
    Figure::Curves(Curves {
        title: "Cost by epoch".to_owned(),
        x: Axis::log("epoch"),
        y: Axis::log("cost C"),
        series: vec![
            Series::line("λ = 0.1", fall(0.1).collect()),
            Series::line("λ = 0.01", fall(0.01).collect()),
            Series::line("λ = 0.03", fall(0.03).collect()),
        ],
    })
}

fn contours() -> Figure {
    let height = |x: f64, y: f64| x * x + 4.0 * y * y;
    let walk = |rate: f64| {
        let step = move |&(x, y): &(f64, f64)| Some((x - rate * 2.0 * x, y - rate * 8.0 * y));
        std::iter::successors(Some((1.8, 0.9)), step).take(20).collect()
    };
    Figure::Contours(Contours {
        title: "Descent".to_owned(),
        x: Axis::linear("w₁"),
        y: Axis::linear("w₂"),
        grid: Grid::sample((-2.0, 2.0), (-1.2, 1.2), (80, 60), height),
        levels: vec![0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0],
        paths: vec![
            Path { name: "λ = 0.02".to_owned(), points: walk(0.02) },
            Path { name: "λ = 0.23".to_owned(), points: walk(0.23) },
            Path { name: "λ = 0.26".to_owned(), points: walk(0.26) },
        ],
        marks: vec![Mark { name: "minimum".to_owned(), at: (0.0, 0.0) }],
    })
}

fn images(colours: ColourMap) -> Figure {
    let picture = |k: usize| Picture {
        caption: format!("picture {k}"),
        width: 8,
        height: 8,
        values: (0..64).map(|i| ((i * (k + 1)) as f64 / 7.0).sin()).collect(),
    };
    let pictures = (0..8).map(picture).collect();
    Figure::Images(ImageGrid { title: "Pictures".to_owned(), columns: 5, pictures, colours })
}

fn heat_map() -> Figure {
    let names: Vec<_> = (0..10).map(|class: u8| class.to_string()).collect();
    let count =
        |i: usize| if i.is_multiple_of(11) { 950.0 + i as f64 } else { (i * 7 % 13) as f64 };
    Figure::HeatMap(HeatMap {
        title: "Confusion".to_owned(),
        x: "taken for".to_owned(),
        y: "is".to_owned(),
        column_names: names.clone(),
        row_names: names,
        values: (0..100).map(count).collect(),
        scale: Scale::Log,
    })
}

fn histogram() -> Figure {
    let values =
        (0..1000).map(|i| (f64::from(i) * 0.7).sin() + (f64::from(i) * 0.3).sin()).collect();
    Figure::Histogram(Histogram {
        title: "Weights".to_owned(),
        x: Axis::linear("weight"),
        bins: 40,
        values,
    })
}

fn bars() -> Figure {
    Figure::Bars(Bars {
        title: "Accuracy".to_owned(),
        x: "model".to_owned(),
        y: Axis::linear("accuracy (%)").from_to(80.0, 100.0),
        names: ["perceptron", "linear", "sigmoid", "deep"].map(str::to_owned).to_vec(),
        series: vec![
            ("training".to_owned(), vec![89.0, 87.0, 97.0, 99.5]),
            ("test".to_owned(), vec![88.0, 86.0, 96.0, 98.0]),
        ],
    })
}

fn all() -> Vec<(&'static str, Figure)> {
    vec![
        ("curves", curves()),
        ("falling", falling()),
        ("contours", contours()),
        ("ink", images(ColourMap::Ink)),
        ("signed", images(ColourMap::Signed)),
        ("heat-map", heat_map()),
        ("histogram", histogram()),
        ("bars", bars()),
    ]
}

/// The files stay in the target folder for inspection.
#[test]
fn every_kind_is_drawn_as_svg_and_as_png() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (stem, figure) in all() {
        save(&figure, folder, stem).unwrap();
        let text = svg(&figure).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let shown =
            |wanted: &str| document.descendants().any(|n| n.text().map(str::trim) == Some(wanted));
        assert!(shown(figure.title()), "{stem}: the title is not in the figure");
        let image = image::load_from_memory(&png_bytes(&figure).unwrap()).unwrap().to_rgb8();
        let drawn = image.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
        assert!(drawn > 5_000, "{stem}: {drawn} pixels are not white");
    }
}

#[test]
fn the_same_figure_is_drawn_with_the_same_bytes() {
    for (_, figure) in all() {
        assert_eq!(svg(&figure).unwrap(), svg(&figure).unwrap());
        assert_eq!(png_bytes(&figure).unwrap(), png_bytes(&figure).unwrap());
    }
}

/// 0 is white and 1 is black, in the corner pixels of a picture with one black pixel.
#[test]
fn ink_is_black_on_white() {
    let picture = Picture { caption: String::new(), width: 2, height: 1, values: vec![0.0, 1.0] };
    let grid = ImageGrid {
        title: "Ink".to_owned(),
        columns: 1,
        pictures: vec![picture],
        ..Default::default()
    };
    let image =
        image::load_from_memory(&png_bytes(&Figure::Images(grid)).unwrap()).unwrap().to_rgb8();
    let (width, height) = image.dimensions();
    let row = height - 60;
    assert_eq!(image.get_pixel(width / 2 - 60, row).0, [255; 3]);
    assert_eq!(image.get_pixel(width / 2 + 60, row).0, [0; 3]);
}

#[test]
fn invalid_figures_are_refused_by_title() {
    let refused = |figure: &Figure, words: &str| {
        for error in [svg(figure).unwrap_err(), png_bytes(figure).unwrap_err()] {
            let text = error.to_string();
            assert!(text.contains(words) && text.contains(figure.title()), "{text}");
        }
    };
    let none = Curves { title: "None".to_owned(), ..Default::default() };
    refused(&Figure::Curves(none), "no point");
    let below_zero = Curves {
        title: "Below".to_owned(),
        y: Axis::log("y"),
        series: vec![Series::line("a", vec![(0.0, -1.0)])],
        ..Default::default()
    };
    refused(&Figure::Curves(below_zero), "no point");
    let backwards = Curves {
        title: "Backwards".to_owned(),
        x: Axis::linear("time").from_to(2.0, 1.0),
        series: vec![Series::line("a", vec![(0.0, 1.0)])],
        ..Default::default()
    };
    refused(&Figure::Curves(backwards), "axis time cannot run from 2 to 1");
    let Figure::HeatMap(mut map) = heat_map() else { unreachable!() };
    map.values.pop();
    refused(&Figure::HeatMap(map), "99 values");
    let Figure::Images(mut images) = images(ColourMap::Ink) else { unreachable!() };
    images.pictures[2].width = 9;
    refused(&Figure::Images(images), "image \"picture 2\" has 64 values for 9 x 8");
    let Figure::Bars(mut bars) = bars() else { unreachable!() };
    bars.series[0].1.pop();
    refused(&Figure::Bars(bars), "training has 3 values for 4 names");
    let Figure::Contours(mut contours) = contours() else { unreachable!() };
    contours.grid.rows = 1;
    refused(&Figure::Contours(contours), "do not fill");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("figure.png");
    let error = png(&bars(), &path).unwrap_err();
    assert!(matches!(&error, PlotError::File { path: p, .. } if *p == path), "{error}");
}
