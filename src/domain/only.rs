//! Some of a backup: tables of a database, or paths of files or of a volume.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::datastore::Source;
use super::file_list::plain;
use super::sql::{identifier, literal};

/// What of a backup is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// All of it.
    #[default]
    All,
    /// These tables.
    Tables(Vec<Table>),
    /// These members of its archive, by their names there, with what is below them.
    Members(Vec<String>),
}

/// A table of a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name in it.
    pub name: String,
}

/// A table as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The schema, where one is said.
    pub schema: Option<String>,
    /// The table's name.
    pub name: String,
}

impl Only {
    /// Whether nothing is left out.
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// The tables; none where it is not about any.
    pub fn tables(&self) -> &[Table] {
        match self {
            Self::Tables(tables) => tables,
            Self::All | Self::Members(_) => &[],
        }
    }

    /// The archive's members; none where it is not about any.
    pub fn members(&self) -> &[String] {
        match self {
            Self::Members(members) => members,
            Self::All | Self::Tables(_) => &[],
        }
    }

    /// It, for the reader; empty for all.
    pub fn describe(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Tables(all) => all.iter().map(Table::to_string).collect::<Vec<_>>().join(", "),
            Self::Members(all) => all.join(", "),
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// The names of paths in the archive of a backup: a volume is packed from within.
pub fn members(source: &Source, paths: &[String]) -> Vec<String> {
    let before = if matches!(source, Source::Volume { .. }) { "./" } else { "" };
    paths.iter().map(|path| format!("{before}{}", plain(path))).collect()
}

/// The options by which `pg_restore` takes these tables alone.
pub fn filters(tables: &[Table]) -> Vec<String> {
    let schemas: BTreeSet<&str> = tables.iter().map(|it| it.schema.as_str()).collect();
    let names: BTreeSet<&str> = tables.iter().map(|it| it.name.as_str()).collect();
    let option = |option: &'static str| move |it: &str| [option.to_owned(), it.to_owned()];
    schemas.into_iter().flat_map(option("-n")).chain(names.into_iter().flat_map(option("-t"))).collect()
}

/// The statements that make the schemas that they lie in, of which `pg_restore` then makes none.
pub fn schemas(tables: &[Table]) -> Vec<String> {
    let schemas: BTreeSet<&str> = tables.iter().map(|it| it.schema.as_str()).collect();
    schemas.into_iter().map(|it| format!("create schema if not exists {}", identifier(it))).collect()
}

/// The pairs of schema and name that they are, as texts of a statement.
pub fn pairs(tables: &[Table]) -> String {
    let pair = |it: &Table| format!("({}, {})", literal(&it.schema), literal(&it.name));
    tables.iter().map(pair).collect::<Vec<_>>().join(", ")
}

/// Reads `TABLE[,…]`: each a name, or one with its schema, in double quotes where it has a dot, a comma or a
/// space. A letter is what it is, capital or not. What is wrong with it where it is none.
pub fn tables(text: &str) -> Result<Vec<Named>, String> {
    let mut all = Vec::new();
    let mut parts = vec![String::new()];
    let mut chars = text.chars().peekable();
    loop {
        match chars.next() {
            Some('"') => loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => {
                        chars.next();
                        push(&mut parts, '"');
                    }
                    Some('"') => break,
                    Some(c) => push(&mut parts, c),
                    None => return Err(format!("in {text} a quote is not closed")),
                }
            },
            Some('.') => parts.push(String::new()),
            Some(c) if c.is_whitespace() => {}
            Some(c) if c != ',' => push(&mut parts, c),
            end => {
                all.push(named(std::mem::replace(&mut parts, vec![String::new()]), text)?);
                if end.is_none() {
                    return Ok(all);
                }
            }
        }
    }
}

fn push(parts: &mut [String], c: char) {
    if let Some(last) = parts.last_mut() {
        last.push(c);
    }
}

fn named(parts: Vec<String>, text: &str) -> Result<Named, String> {
    let mut parts = parts.into_iter();
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), None, None) if !name.is_empty() => Ok(Named { schema: None, name }),
        (Some(schema), Some(name), None) if !schema.is_empty() && !name.is_empty() => {
            Ok(Named { schema: Some(schema), name })
        }
        _ => Err(format!("{text:?}: a table is NAME or SCHEMA.NAME, what is odd in it in double quotes")),
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_as_in_sql() {
        let named = |schema: Option<&str>, name: &str| Named {
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
        };
        assert_eq!(
            tables("orders, audit.Log,\"a,b\".\"c.\"\"d\"").unwrap(),
            [named(None, "orders"), named(Some("audit"), "Log"), named(Some("a,b"), "c.\"d")]
        );
        for odd in ["", "a,", ".a", "a.b.c", "\"a", "a..b"] {
            assert!(tables(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_hostile_table_is_a_name() {
        let all = [Table { schema: "s\"".to_owned(), name: "o'd".to_owned() }];
        assert_eq!(filters(&all), ["-n", "s\"", "-t", "o'd"]);
        assert_eq!(schemas(&all), ["create schema if not exists \"s\"\"\""]);
        assert_eq!(pairs(&all), "('s\"', 'o''d')");
    }

    #[test]
    fn a_path_is_a_member_of_its_archive() {
        let paths = ["/srv/shop/prod.env".to_owned(), "./sub/".to_owned()];
        let files = Source::Files { run_as: None, paths: Vec::new(), exclude: Vec::new() };
        assert_eq!(members(&files, &paths), ["srv/shop/prod.env", "sub"]);
        let volume = Source::Volume { volume: "x".to_owned() };
        assert_eq!(members(&volume, &paths), ["./srv/shop/prod.env", "./sub"]);
    }
}
