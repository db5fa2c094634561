//! Tables of text, their columns lined up.

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Lines of `rows` with two spaces between columns; `sides` of the columns, the last one repeated.
pub(crate) fn lines(rows: &[Vec<String>], sides: &[Side]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max())
        .map(Option::unwrap_or_default)
        .collect();
    rows.iter().map(|row| line(row, &widths, sides)).collect()
}

/// One line with given widths of columns.
pub(crate) fn line(row: &[String], widths: &[usize], sides: &[Side]) -> String {
    let last_side = sides.last().copied().unwrap_or(Side::Left);
    let cells = row.iter().enumerate().map(|(column, cell)| {
        let room = " ".repeat(widths[column].saturating_sub(width(cell)));
        match sides.get(column).copied().unwrap_or(last_side) {
            Side::Left => format!("{cell}{room}"),
            Side::Right => format!("{room}{cell}"),
        }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["σ", "1"], ["relu", "100"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(lines(&rows, &[Side::Left, Side::Right]), ["σ       1", "relu  100"]);
    }
}
