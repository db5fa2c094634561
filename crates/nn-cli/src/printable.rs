//! Names of files and words of others, made fit for a line of the terminal.

/// `text` with control characters written out: a line end in a file's name parts no message in two,
/// and an escape sequence does nothing to the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_control() {
            clean.extend(sign.escape_default());
        } else {
            clean.push(sign);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out_and_nothing_else() {
        assert_eq!(printable("a\nb\u{1b}[31m\u{9b}1mä→\t"), "a\\nb\\u{1b}[31m\\u{9b}1mä→\\t");
    }
}
