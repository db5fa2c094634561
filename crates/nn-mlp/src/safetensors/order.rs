//! The order of the layers of a file.

use crate::file::FileFault;
use nn_tensor::Shape;

/// Most layers whose order is searched for by their shapes.
const MOST_SEARCHED: usize = 8;

/// Returns the order of `layers`, as places in the list: the one that is asked for; otherwise that of the numbers in names
/// that differ in nothing else; otherwise the only one in which each layer takes in what the one before gives out.
pub(super) fn in_order(
    layers: &[(&str, Shape)],
    asked: Option<&[String]>,
) -> Result<Vec<usize>, FileFault> {
    if let Some(asked) = asked {
        return as_asked(layers, asked);
    }
    let mut numbered: Vec<usize> = (0..layers.len()).collect();
    numbered.sort_by_key(|&index| NaturalOrder::of(layers[index].0));
    let skeleton = |name: &str| -> String {
        let parts = NaturalOrder::of(name).parts.into_iter();
        let text = |part| if let Part::Text(text) = part { text } else { "\0" };
        parts.map(text).collect()
    };
    if layers.windows(2).all(|pair| skeleton(pair[0].0) == skeleton(pair[1].0)) {
        return Ok(numbered);
    }
    let mut chains = Vec::new();
    if layers.len() <= MOST_SEARCHED {
        search(layers, &mut Vec::new(), &mut chains);
    }
    match chains.as_slice() {
        [chain] => Ok(chain.clone()),
        // Told from the natural order, what does not fit has a name.
        [] if layers.len() <= MOST_SEARCHED => Ok(numbered),
        _ => {
            let names = layers.iter().map(|(name, _)| (*name).to_owned()).collect();
            Err(FileFault::AmbiguousOrder { names })
        }
    }
}

fn as_asked(layers: &[(&str, Shape)], asked: &[String]) -> Result<Vec<usize>, FileFault> {
    let place = |wanted: &String| layers.iter().position(|(name, _)| name == wanted);
    let order: Option<Vec<usize>> = asked.iter().map(place).collect();
    let complete = order.filter(|order| {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        sorted.into_iter().eq(0..layers.len())
    });
    complete.ok_or_else(|| {
        let found: Vec<&str> = layers.iter().map(|(name, _)| *name).collect();
        FileFault::WrongOrder { given: asked.join(", "), found: found.join(", ") }
    })
}

/// Finds up to two chains of all layers that begin with `chain`.
fn search(layers: &[(&str, Shape)], chain: &mut Vec<usize>, chains: &mut Vec<Vec<usize>>) {
    if chain.len() == layers.len() {
        chains.push(chain.clone());
    }
    for index in 0..layers.len() {
        let last = chain.last().map(|&last| layers[last].1.rows);
        let fits = last.is_none_or(|gives| gives == layers[index].1.columns);
        if fits && !chain.contains(&index) && chains.len() < 2 {
            chain.push(index);
            search(layers, chain, chains);
            chain.pop();
        }
    }
}

/// A name that sorts as a person counts: `fc2` before `fc10`.
struct NaturalOrder<'a> {
    text: &'a str,
    parts: Vec<Part<'a>>,
}

/// A run of digits, or of anything else.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// Without leading zeros: the longer is the larger, equal lengths compare as text.
    Number(usize, &'a str),
    Text(&'a str),
}

impl<'a> NaturalOrder<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            let number = part.trim_start_matches('0');
            parts.push(if digits { Part::Number(number.len(), number) } else { Part::Text(part) });
            rest = after;
        }
        Self { text, parts }
    }

    fn key(&self) -> (&[Part<'a>], &'a str) {
        (&self.parts, self.text)
    }
}

impl PartialEq for NaturalOrder<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for NaturalOrder<'_> {}

impl PartialOrd for NaturalOrder<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NaturalOrder<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_a_person_counts() {
        let mut names = ["fc10", "net.2.a", "fc2", "10", "9", "net.10.a", "", "007", "7"];
        names.sort_by_key(|name| NaturalOrder::of(name));
        assert_eq!(names, ["", "007", "7", "9", "10", "fc2", "fc10", "net.2.a", "net.10.a"]);
    }

    fn order(
        layers: &[(&str, usize, usize)],
        asked: Option<&[&str]>,
    ) -> Result<Vec<usize>, FileFault> {
        let layers: Vec<(&str, Shape)> = layers
            .iter()
            .map(|&(name, outputs, inputs)| (name, Shape::new(outputs, inputs)))
            .collect();
        let asked: Option<Vec<String>> =
            asked.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        in_order(&layers, asked.as_deref())
    }

    #[test]
    fn names_without_numbers_are_put_in_the_order_of_their_shapes() {
        let named = [("hidden", 5, 9), ("input", 9, 4), ("output", 3, 5)];
        assert_eq!(order(&named, None).unwrap(), [1, 0, 2]);
        assert_eq!(
            order(&[("fc2", 5, 5), ("fc10", 3, 5), ("fc1", 5, 4)], None).unwrap(),
            [2, 0, 1]
        );
    }

    /// What was read in the order of the alphabet, and answered at chance.
    #[test]
    fn equal_widths_behind_names_without_numbers_are_ambiguous() {
        let named = [("input", 8, 4), ("layer_three", 8, 8), ("layer_two", 8, 8), ("output", 3, 8)];
        let fault = order(&named, None).unwrap_err();
        assert!(
            matches!(&fault, FileFault::AmbiguousOrder { names } if names.len() == 4),
            "{fault}"
        );
        let asked = ["input", "layer_two", "layer_three", "output"];
        assert_eq!(order(&named, Some(&asked)).unwrap(), [0, 2, 1, 3]);
        assert!(matches!(order(&named, Some(&asked[..3])), Err(FileFault::WrongOrder { .. })));
    }
}
