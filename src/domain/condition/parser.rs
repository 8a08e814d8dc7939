//! Tokens into a tree, by recursive descent; nesting is bounded.

use std::ops::Range;

use super::error::ConditionError;
use super::expr::{Comparison, Expr, Operand, Pattern};
use super::kinds;
use super::lexer::{Token, lex};
use super::literal::Literal;
use super::{MAX_DEPTH, MAX_LENGTH};

/// Reads a condition.
pub(super) fn parse(text: &str) -> Result<Expr, ConditionError> {
    if text.len() > MAX_LENGTH {
        return Err(ConditionError::new(text, 0..0, format!("a condition has at most {MAX_LENGTH} bytes")));
    }
    let tokens = lex(text)?;
    let mut parser = Parser { text, tokens: &tokens, next: 0 };
    let expr = parser.any(0)?;
    match parser.peek() {
        None => Ok(expr),
        Some((Token::Sign(")"), span)) => Err(parser.error(span.clone(), "this closes nothing")),
        Some((_, span)) => Err(parser.error(span.clone(), "&& or || is missing before this")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [(Token, Range<usize>)],
    next: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a (Token, Range<usize>)> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some((Token::Sign(next), _)) if *next == sign);
        self.next += usize::from(found);
        found
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ConditionError {
        ConditionError::new(self.text, span, message)
    }

    fn here(&self) -> Range<usize> {
        self.peek().map_or(self.text.len()..self.text.len(), |(_, span)| span.clone())
    }

    fn any(&mut self, depth: usize) -> Result<Expr, ConditionError> {
        let first = self.all(depth)?;
        let mut parts = vec![first];
        while self.take("||") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Expr::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expr, ConditionError> {
        let first = self.unary(depth)?;
        let mut parts = vec![first];
        while self.take("&&") {
            parts.push(self.unary(depth)?);
        }
        Ok(one_or(parts, Expr::All))
    }

    fn unary(&mut self, depth: usize) -> Result<Expr, ConditionError> {
        let span = self.here();
        if depth >= MAX_DEPTH {
            return Err(self.error(span, format!("this is nested more than {MAX_DEPTH} deep")));
        }
        if self.take("!") {
            return Ok(Expr::Not(Box::new(self.unary(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            if self.take(")") {
                return Ok(inner);
            }
            return Err(self.error(span, "this is not closed"));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, ConditionError> {
        let start = self.here().start;
        let left = self.operand()?;
        let sign = self.here();
        if self.take("matches") {
            return self.matches(left, start);
        }
        let Some(comparison) = self.sign() else {
            let span = start..self.tokens.get(self.next - 1).map_or(start, |(_, span)| span.end);
            return match kinds::can_hold(&left) {
                Ok(()) => Ok(Expr::Holds(left)),
                Err(why) => Err(self.error(span, why)),
            };
        };
        let right = self.operand()?;
        let end = self.tokens.get(self.next - 1).map_or(sign.end, |(_, span)| span.end);
        match kinds::can_compare(&left, comparison, &right) {
            Ok(()) => Ok(Expr::Compare(left, comparison, right)),
            Err(why) => Err(self.error(start..end, why)),
        }
    }

    fn matches(&mut self, left: Operand, start: usize) -> Result<Expr, ConditionError> {
        let span = self.here();
        let Operand::Literal(Literal::Text(source)) = self.operand()? else {
            return Err(self.error(span, "a pattern in quotes comes after matches"));
        };
        kinds::can_match(&left).map_err(|why| self.error(start..span.end, why))?;
        match Pattern::new(&source) {
            Ok(pattern) => Ok(Expr::Matches(left, pattern)),
            Err(err) => {
                let why = err.to_string();
                let why = why.lines().last().unwrap_or("it does not compile");
                let why = why.trim().trim_start_matches("error: ");
                Err(self.error(span, format!("this is not a regular expression: {why}")))
            }
        }
    }

    fn sign(&mut self) -> Option<Comparison> {
        use Comparison::{AtLeast, AtMost, Contains, Equal, Greater, Less, NotEqual};
        let all = [Equal, NotEqual, Less, AtMost, Greater, AtLeast, Contains];
        all.into_iter().find(|comparison| self.take(comparison.sign()))
    }

    fn operand(&mut self) -> Result<Operand, ConditionError> {
        let operand = match self.peek() {
            Some((Token::Field(field), _)) => Operand::Field(field.clone()),
            Some((Token::Literal(literal), _)) => Operand::Literal(literal.clone()),
            Some((Token::Sign(_), span)) => {
                return Err(self.error(span.clone(), "a field or a value is missing before this"));
            }
            None => {
                let end = self.text.len();
                return Err(self.error(end..end, "a field or a value is missing at the end"));
            }
        };
        self.next += 1;
        Ok(operand)
    }
}

fn one_or(mut parts: Vec<Expr>, several: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}
