//! Characters into tokens, each with the bytes it was made of.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

use super::error::ConditionError;
use super::field::{Field, Segment};
use super::literal::{self, Literal};

/// A word of the language.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `==`, `&&`, `(`, `contains` and their like.
    Sign(&'static str),
    /// A literal.
    Literal(Literal),
    /// A field.
    Field(Field),
}

/// What people write from other languages, and what it is here.
const HABITS: &[(&str, &str)] =
    &[("and", "&&"), ("or", "||"), ("not", "!"), ("in", "contains"), ("eq", "==")];

const SIGNS: &[&str] = &["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")"];

/// Splits a text; the first mistake ends it.
pub(super) fn lex(text: &str) -> Result<Vec<(Token, Range<usize>)>, ConditionError> {
    let mut lexer = Lexer { text, chars: text.char_indices().peekable() };
    let mut tokens = Vec::new();
    while let Some(&(at, c)) = lexer.chars.peek() {
        if c.is_whitespace() {
            lexer.chars.next();
            continue;
        }
        let token = match c {
            '"' => Token::Literal(Literal::Text(lexer.string(at)?)),
            '\'' => return Err(lexer.error(at..at + 1, "text stands in double quotes")),
            '0'..='9' | '-' => Token::Literal(lexer.number(at)?),
            'a'..='z' | 'A'..='Z' | '_' => lexer.word(at)?,
            _ => lexer.sign(at, c)?,
        };
        tokens.push((token, at..lexer.at()));
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl<'a> Lexer<'a> {
    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> ConditionError {
        ConditionError::new(self.text, span, message)
    }

    fn take_while(&mut self, from: usize, test: impl Fn(char) -> bool) -> &'a str {
        while self.chars.next_if(|(_, c)| test(*c)).is_some() {}
        let to = self.at();
        self.text.get(from..to).unwrap_or_default()
    }

    fn sign(&mut self, at: usize, c: char) -> Result<Token, ConditionError> {
        let rest = self.text.get(at..).unwrap_or_default();
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            for _ in 0..sign.len() {
                self.chars.next();
            }
            return Ok(Token::Sign(sign));
        }
        let message = match c {
            '=' => "a comparison is written ==".to_owned(),
            '&' => "and is written &&".to_owned(),
            '|' => "or is written ||".to_owned(),
            c => format!("{c:?} means nothing here"),
        };
        Err(self.error(at..at + c.len_utf8(), message))
    }

    fn number(&mut self, at: usize) -> Result<Literal, ConditionError> {
        self.chars.next_if(|(_, c)| *c == '-');
        let digits = self.take_while(at, |c| c.is_ascii_digit() || c == '.');
        let unit_at = self.at();
        let unit = self.take_while(unit_at, |c| c.is_alphanumeric() || c == '%');
        literal::quantity(digits, unit).ok_or_else(|| {
            let to = unit_at + unit.len();
            if unit.is_empty() || literal::units().any(|known| known == unit) {
                self.error(at..to, format!("{digits}{unit} is not a number that can be used here"))
            } else {
                self.error(unit_at..to, format!("{unit:?} is not a unit")).near(unit, literal::units())
            }
        })
    }

    fn string(&mut self, at: usize) -> Result<String, ConditionError> {
        self.chars.next();
        let mut text = String::new();
        loop {
            match self.chars.next() {
                Some((_, '"')) => return Ok(text),
                Some((_, '\\')) => text.push(self.escape()?),
                Some((_, c)) => text.push(c),
                None => return Err(self.error(at..self.text.len(), "the text has no closing quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ConditionError> {
        let at = self.at();
        match self.chars.next() {
            Some((_, 'n')) => Ok('\n'),
            Some((_, 't')) => Ok('\t'),
            Some((_, 'r')) => Ok('\r'),
            Some((_, c @ ('"' | '\\'))) => Ok(c),
            Some((_, 'u')) => {
                let from = self.at();
                let code = self.take_while(from, |c| c == '{' || c.is_ascii_hexdigit());
                let closed = self.chars.next_if(|(_, c)| *c == '}').is_some();
                code.strip_prefix('{')
                    .filter(|_| closed)
                    .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                    .and_then(char::from_u32)
                    .ok_or_else(|| {
                        let to = from + code.len();
                        self.error(at..to, "a character is written \\u{…} with its number in hexadecimal")
                    })
            }
            Some((_, c)) => {
                Err(self.error(at..at + c.len_utf8(), format!("\\{c} is not an escape; \\\\ is a backslash")))
            }
            None => Err(self.error(at..at, "the text has no closing quote")),
        }
    }

    fn word(&mut self, at: usize) -> Result<Token, ConditionError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let first = self.take_while(at, plain);
        match first {
            "true" => return Ok(Token::Literal(Literal::Bool(true))),
            "false" => return Ok(Token::Literal(Literal::Bool(false))),
            "contains" => return Ok(Token::Sign("contains")),
            "matches" => return Ok(Token::Sign("matches")),
            "json" => return self.json_path().map(|path| Token::Field(Field::Json(path))),
            _ => {}
        }
        let name = self.take_while(at, |c| plain(c) || c == '.' || c == '-');
        if let Some(header) = name.strip_prefix("header.").filter(|header| !header.is_empty()) {
            return Ok(Token::Field(Field::Header(header.to_ascii_lowercase())));
        }
        if name == "header" || name == "header." {
            return Err(self.error(at..at + name.len(), "a header is written header.NAME"));
        }
        Field::plain(name).map(Token::Field).ok_or_else(|| {
            let error = self.error(at..at + name.len(), format!("{name:?} is not a field"));
            match HABITS.iter().find(|(habit, _)| *habit == name) {
                Some((_, here)) => ConditionError { nearest: Some((*here).to_owned()), ..error },
                None => error.near(name, Field::NAMES.iter().copied()),
            }
        })
    }

    fn json_path(&mut self) -> Result<Vec<Segment>, ConditionError> {
        let mut path = Vec::new();
        loop {
            let at = self.at();
            if self.chars.next_if(|(_, c)| *c == '.').is_some() {
                let from = self.at();
                let key = self.take_while(from, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                if key.is_empty() {
                    return Err(self.error(at..from, "the name of a member comes after the dot"));
                }
                path.push(Segment::Key(key.to_owned()));
            } else if self.chars.next_if(|(_, c)| *c == '[').is_some() {
                path.push(self.json_index(at)?);
            } else {
                return Ok(path);
            }
        }
    }

    fn json_index(&mut self, at: usize) -> Result<Segment, ConditionError> {
        let from = self.at();
        let segment = if self.chars.peek().is_some_and(|(_, c)| *c == '"') {
            Some(Segment::Key(self.string(from)?))
        } else {
            self.take_while(from, |c| c.is_ascii_digit()).parse().ok().map(Segment::Index)
        };
        let closed = self.chars.next_if(|(_, c)| *c == ']').is_some();
        segment.filter(|_| closed).ok_or_else(|| {
            let to = self.at();
            self.error(at..to, "an element is written [0], a member with odd characters [\"its name\"]")
        })
    }
}
