//! Signs and powers with the usual precedence.
//!
//! exmex parses -x^2 as (-x)^2, sin x^2 as (sin x)^2 and 2^3^2 as (2^3)^2. The first is corrected
//! here; expressions that are ambiguous to a reader are refused with a request for brackets.

/// Rewrites each leading sign as a difference from 0, so that -x^2 is -(x^2).
///
/// An error says where brackets are needed.
pub(crate) fn with_leading_zeros(text: &str) -> Result<String, String> {
    let mut written = String::with_capacity(text.len() + 8);
    // Whether a power is open at each bracket depth.
    let mut powers = vec![false];
    let mut name = String::new();
    let mut previous = None;
    for sign in text.chars().filter(|sign| !sign.is_whitespace()) {
        check_name(&name, sign)?;
        if sign.is_alphanumeric() || sign == '_' {
            name.push(sign);
        } else {
            name.clear();
        }
        if matches!(sign, '+' | '-') {
            match previous {
                None | Some('(' | ',') => written.push('0'),
                Some('+' | '-' | '*' | '/' | '^') => {
                    return Err(format!("put brackets around the {sign} that follows a sign"));
                }
                Some(_) => {}
            }
        }
        follow_powers(&mut powers, sign)?;
        written.push(sign);
        previous = Some(sign);
    }
    check_name(&name, ' ')?;
    Ok(written)
}

/// Names of variables and constants; every other name is a function.
const NUMBERS: [&str; 6] = ["x", "PI", "E", "TAU", "π", "τ"];

/// Checks that the name of a function is followed by a bracket.
fn check_name(name: &str, next: char) -> Result<(), String> {
    let ends = !(next.is_alphanumeric() || next == '_');
    let is_function = name.starts_with(|first: char| !first.is_ascii_digit() && first != '.');
    if ends && next != '(' && is_function && !NUMBERS.contains(&name) {
        return Err(format!("put brackets after {name}"));
    }
    Ok(())
}

/// Refuses a power of a power without brackets.
fn follow_powers(powers: &mut Vec<bool>, sign: char) -> Result<(), String> {
    match sign {
        '(' => powers.push(false),
        ')' => {
            powers.pop();
        }
        '^' | '+' | '-' | '*' | '/' | ',' => {
            if let Some(open) = powers.last_mut() {
                if *open && sign == '^' {
                    return Err("put brackets into the power of a power".to_owned());
                }
                *open = sign == '^';
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_sign_binds_less_than_a_power() {
        for (text, written) in [
            ("-x^2", "0-x^2"),
            ("exp(-x^2)", "exp(0-x^2)"),
            ("max(x, -x)", "max(x,0-x)"),
            ("1 - x", "1-x"),
            ("x^(-2) + (+x)", "x^(0-2)+(0+x)"),
            ("2*PI*x^2 - x^3", "2*PI*x^2-x^3"),
        ] {
            assert_eq!(with_leading_zeros(text).as_deref(), Ok(written));
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_needs_brackets() {
        for text in ["2*-x", "x^-2", "1--x", "sin x", "sin x^2", "sin -x", "x^2^3", "2 * sin"] {
            assert!(
                with_leading_zeros(text).is_err_and(|why| why.contains("put brackets")),
                "{text}"
            );
        }
        assert!(with_leading_zeros("(x^2)^3 + x^(2^x)").is_ok());
    }
}
