//! A function of x given as text.

use crate::LectureError;
use crate::expression_signs::with_leading_zeros;
use exmex::prelude::*;

/// Describes valid expressions in error messages.
pub(crate) const ALLOWED: &str = "an expression in x such as sin(2*x), x^2 or exp(-x^2)";

/// Limit of the length, since the parser recurses.
const MOST_BYTES: usize = 200;

/// A parsed function of x.
#[derive(Debug)]
pub(crate) struct Expression {
    parameter: &'static str,
    text: String,
    parsed: FlatEx<f64>,
}

impl Expression {
    /// Parses the text of `parameter`.
    pub(crate) fn parse(parameter: &'static str, text: &str) -> Result<Self, LectureError> {
        let refuse = |why: String| Err(refused(parameter, text, &why));
        if text.len() > MOST_BYTES {
            return refuse(format!("this is longer than {MOST_BYTES} bytes"));
        }
        let parsed = match exmex::parse::<f64>(text) {
            Ok(parsed) => parsed,
            Err(error) => return refuse(error.to_string()),
        };
        if let Some(name) = parsed.var_names().iter().find(|name| *name != "x") {
            return refuse(format!("{name} is unknown"));
        }
        match with_leading_zeros(text).map(|written| exmex::parse::<f64>(&written)) {
            Ok(Ok(parsed)) => Ok(Self { parameter, text: text.to_owned(), parsed }),
            Ok(Err(error)) => refuse(error.to_string()),
            Err(why) => refuse(why),
        }
    }

    /// Evaluates the expression at all of `x`.
    ///
    /// Returns an error if a value is not finite.
    pub(crate) fn values(&self, x: &[f64]) -> Result<Vec<f64>, LectureError> {
        let value = |&x: &f64| {
            let variables = if self.parsed.var_names().is_empty() { vec![] } else { vec![x] };
            match self.parsed.eval(&variables) {
                Ok(value) if value.is_finite() => Ok(value),
                Ok(value) => {
                    Err(refused(self.parameter, &self.text, &format!("it is {value} at x = {x}")))
                }
                Err(error) => Err(refused(self.parameter, &self.text, &error.to_string())),
            }
        };
        x.iter().map(value).collect()
    }
}

fn refused(parameter: &'static str, text: &str, why: &str) -> LectureError {
    let why = why.lines().next().unwrap_or_default();
    LectureError::parameter(parameter, text, format!("{ALLOWED} ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_those_of_the_standard_library() {
        let x = [-0.7, 0.3, 1.9_f64];
        for (text, function) in [
            ("sin(2*x)", (|x| (2.0 * x).sin()) as fn(f64) -> f64),
            ("x^2 - 3", |x| x * x - 3.0),
            ("exp(-x^2)", |x| (-x * x).exp()),
            ("sqrt(abs(x)) * cos(PI*x)", |x| x.abs().sqrt() * (std::f64::consts::PI * x).cos()),
            ("0.5", |_| 0.5),
            ("-x^2", |x| -x * x),
            ("1/(1+exp(-4*x)) - 2^(-x)", |x| 1.0 / (1.0 + (-4.0 * x).exp()) - (-x).exp2()),
            ("8/4/2 - 8 - 4 + x/2*4", |x| 8.0 / 4.0 / 2.0 - 8.0 - 4.0 + x / 2.0 * 4.0),
        ] {
            let values = Expression::parse("expression", text).unwrap().values(&x).unwrap();
            for (value, &x) in values.iter().zip(&x) {
                assert!((value - function(x)).abs() < 1e-14, "{text} at {x}: {value}");
            }
        }
    }

    #[test]
    fn what_does_not_parse_is_refused_with_the_reason() {
        let deep = format!("{}x{}", "(".repeat(150), ")".repeat(150));
        for text in ["", "sin(", "2 +", "x x", "a*x", "sin(2x", "*", "x^", "1/0*", "§", &deep] {
            let error = Expression::parse("expression", text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("parameter expression is {text}, must be")));
            assert!(!error.contains('\n'), "{error}");
        }
        let error = Expression::parse("expression", "a*x").unwrap_err().to_string();
        assert!(error.contains("a is unknown"), "{error}");
    }

    #[test]
    fn a_pole_is_named() {
        let expression = Expression::parse("expression", "1/x").unwrap();
        let error = expression.values(&[1.0, 0.0]).unwrap_err().to_string();
        assert!(error.contains("it is inf at x = 0"), "{error}");
    }
}
