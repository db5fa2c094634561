//! Signs of 5 x 7 pixels, for captions in pictures: no font file, no font crate.

/// Columns of a sign.
pub(crate) const WIDTH: usize = 5;
/// Rows of a sign.
pub(crate) const HEIGHT: usize = 7;

/// Rows of a sign from the top, each with its leftmost pixel in bit 4; blank for unknown signs.
pub(crate) fn rows(sign: char) -> [u8; HEIGHT] {
    match sign {
        '0' => [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
        '1' => [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        '2' => [0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111],
        '3' => [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
        '4' => [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
        '5' => [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
        '6' => [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
        '7' => [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
        '8' => [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
        '9' => [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
        '%' => [0b11000, 0b11001, 0b00010, 0b00100, 0b01000, 0b10011, 0b00011],
        '→' => [0b00000, 0b00100, 0b00010, 0b11111, 0b00010, 0b00100, 0b00000],
        _ => [0; HEIGHT],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_drawn_and_differs_from_the_others() {
        let digits: Vec<_> = ('0'..='9').map(rows).collect();
        for (index, digit) in digits.iter().enumerate() {
            assert!(!digits[..index].contains(digit));
            assert!(digit.iter().all(|&row| row > 0 && row < 1 << WIDTH));
        }
    }
}
