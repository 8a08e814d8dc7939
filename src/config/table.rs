//! The cursor with which a section reads its table, so that a section's file is a plain list of
//! its fields. What was not asked for is reported as unknown, with the nearest key that was.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::masks::may_be_secret;
use super::mistake::{Mistake, Span, excerpt};
use super::value::{Read, Value};
use super::walk::{Known, Walk, nearest};

/// A table under reading.
pub(super) struct Table<'w> {
    walk: &'w Walk<'w>,
    entries: Option<&'w DeTable<'w>>,
    span: Span,
    /// The full path, with the user's names.
    path: String,
    /// The same with `NAME` in place of the user's names, for the catalog.
    pattern: String,
    asked: Vec<&'static str>,
    forgiven: bool,
}

impl<'w> Table<'w> {
    /// The whole document.
    pub(super) fn root(walk: &'w Walk<'w>, document: Option<&'w DeTable<'w>>) -> Self {
        Self {
            walk,
            entries: document,
            span: 0..0,
            path: String::new(),
            pattern: String::new(),
            asked: Vec::new(),
            forgiven: false,
        }
    }

    /// A table that stands as a value and has no path of its own.
    pub(super) fn inline(walk: &'w Walk<'w>, entries: &'w DeTable<'w>, span: Span, title: &str) -> Self {
        Self {
            entries: Some(entries),
            span: first_line(walk.source, span),
            path: title.to_owned(),
            ..Self::root(walk, None)
        }
    }

    pub(super) const fn walk(&self) -> &'w Walk<'w> {
        self.walk
    }

    /// Where the table stands: its header, or the braces.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// A text that another reader of this table reads and judges.
    pub(super) fn peek(&self, key: &str) -> Option<&'w str> {
        self.entries?.get(key)?.get_ref().as_str()
    }

    /// Whether the key is there at all.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.is_some_and(|entries| entries.contains_key(key))
    }

    /// Where a key's value stands; the table's own place where it is not there.
    pub(super) fn span_of(&self, key: &str) -> Span {
        self.entries
            .and_then(|entries| entries.get(key))
            .map_or_else(|| self.span(), |value| trim(self.walk.source, value.span()))
    }

    /// Reports a mistake.
    pub(super) fn report(&self, mistake: Mistake) {
        self.walk.report(mistake);
    }

    /// An optional value.
    pub(super) fn opt<T: Read>(&mut self, key: &'static str) -> Option<T> {
        self.ask(key, T::expects(), None, false);
        self.value(key).and_then(T::read)
    }

    /// A value with a default, which also stands in for one that is wrong.
    pub(super) fn or<T: Read>(&mut self, key: &'static str, default: T) -> T {
        self.ask(key, T::expects(), Some(default.show()), false);
        self.value(key).and_then(T::read).unwrap_or(default)
    }

    /// A value that must be there.
    pub(super) fn need<T: Read>(&mut self, key: &'static str) -> Option<T> {
        self.ask(key, T::expects(), None, true);
        let Some(value) = self.value(key) else {
            if !self.forgiven {
                let mistake = Mistake::error(self.span(), format!("`{key}` is missing"))
                    .label(format!("{} needs `{key}`", self.title()))
                    .help(format!("add `{key} = …`: {}", T::expects()));
                self.walk.report(mistake);
            }
            return None;
        };
        T::read(value)
    }

    /// A table of its own; read as empty where it is not there.
    pub(super) fn table<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Table<'w>) -> T) -> T {
        self.asked.push(key);
        let (entries, span) = match self.value(key) {
            Some(value) => {
                let entries = value.raw.get_ref().as_table();
                if entries.is_none() {
                    value.wrong("a table");
                }
                (entries, value.span())
            }
            None => (None, self.span()),
        };
        let mut table = self.below(key, key, entries, span);
        let read = read(&mut table);
        table.finish();
        read
    }

    /// A table whose keys are names that the user gives, each with a table; with the name's place.
    pub(super) fn each(&mut self, key: &'static str, mut read: impl FnMut(&str, Span, &mut Table<'w>)) {
        if self.walk.is_catalog() {
            let mut table = self.below(key, key, None, 0..0).below("NAME", "NAME", None, 0..0);
            read("NAME", 0..0, &mut table);
            return;
        }
        let mut names = self.names(key);
        names.sort_by_key(|(name, _)| name.span().start);
        let section = self.below(key, key, None, 0..0);
        for (name, value) in names {
            let span = trim(self.walk.source, name.span());
            let DeValue::Table(entries) = value.get_ref() else {
                Value { walk: self.walk, raw: value }.wrong(&format!("a table `[{key}.{}]`", name.get_ref()));
                continue;
            };
            let mut table = section.below(name.get_ref(), "NAME", Some(entries), value.span());
            read(name.get_ref(), span, &mut table);
            table.finish();
        }
    }

    /// A table whose keys are names that the user gives, each with a value.
    pub(super) fn pairs<T: Read>(&mut self, key: &'static str) -> Vec<(String, Span, T)> {
        if self.walk.is_catalog() {
            let mut table = self.below(key, key, None, 0..0);
            table.ask("NAME", T::expects(), None, false);
            return Vec::new();
        }
        let walk = self.walk;
        let mut pairs: Vec<_> = self
            .names(key)
            .into_iter()
            .filter_map(|(name, raw)| {
                let value = T::read(Value { walk, raw })?;
                if walk.records() {
                    walk.used(join(&join(&self.pattern, key), "NAME"), trim(walk.source, raw.span()));
                }
                Some((name.get_ref().to_string(), trim(walk.source, name.span()), value))
            })
            .collect();
        pairs.sort_by_key(|(_, span, _)| span.start);
        pairs
    }

    /// A list of tables (`[[…]]`, or inline).
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Table<'w>) -> Option<T>,
    ) -> Vec<T> {
        self.asked.push(key);
        let pattern = format!("{key}[]");
        if self.walk.is_catalog() {
            read(&mut self.below(key, &pattern, None, 0..0));
            return Vec::new();
        }
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(entries) = value.raw.get_ref() else {
            value.wrong("a list of tables");
            return Vec::new();
        };
        let mut all = Vec::new();
        for entry in entries {
            let DeValue::Table(fields) = entry.get_ref() else {
                Value { walk: self.walk, raw: entry }.wrong("a table");
                continue;
            };
            let mut table = self.below(key, &pattern, Some(fields), entry.span());
            all.extend(read(&mut table));
            table.finish();
        }
        all
    }

    /// From here on, the keys belong to one variant of the table alone.
    pub(super) fn variant(&mut self, word: &str) {
        if self.walk.records() {
            let plain = self.pattern.split('(').next().unwrap_or_default();
            self.pattern = format!("{plain}({word})");
        }
    }

    /// Keeps quiet about this table from here on: it is not known what belongs in it.
    pub(super) fn forgive(&mut self) {
        self.forgiven = true;
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(&self) {
        if self.forgiven {
            return;
        }
        for (key, value) in self.entries.into_iter().flatten() {
            if self.asked.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let span = trim(self.walk.source, key.span());
            let near = nearest(key.get_ref(), self.asked.iter().copied());
            if [near, Some(key.get_ref().as_ref())].into_iter().flatten().any(may_be_secret) {
                self.walk.mask(trim(self.walk.source, value.span()));
            }
            let mut mistake =
                Mistake::error(span, format!("unknown key `{}` in {}", excerpt(key.get_ref()), self.title()));
            mistake = match near {
                Some(near) => mistake.label(format!("did you mean `{near}`?")),
                None => {
                    mistake.label("not known here").help(format!("known here: {}", self.asked.join(", ")))
                }
            };
            if near.is_none() && matches!(value.get_ref(), DeValue::Table(_)) && self.path.is_empty() {
                mistake = mistake.label("no such section");
            }
            self.walk.report(mistake);
        }
    }

    /// What the table is called in messages.
    pub(super) fn title(&self) -> String {
        match self.path.as_str() {
            "" => "the configuration".to_owned(),
            path if path.contains(' ') && !path.contains('"') => path.to_owned(),
            path => format!("[{path}]"),
        }
    }

    fn names(
        &mut self,
        key: &'static str,
    ) -> Vec<(&'w Spanned<toml::de::DeString<'w>>, &'w Spanned<DeValue<'w>>)> {
        self.asked.push(key);
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Table(entries) = value.raw.get_ref() else {
            value.wrong(&format!("a table `[{key}.NAME]`"));
            return Vec::new();
        };
        entries.iter().collect()
    }

    pub(super) fn value(&self, key: &str) -> Option<Value<'w>> {
        self.entries?.get(key).map(|raw| Value { walk: self.walk, raw })
    }

    fn ask(&mut self, key: &'static str, expects: String, default: Option<String>, required: bool) {
        self.asked.push(key);
        if self.walk.records() {
            let path = join(&self.pattern, key);
            if self.has(key) {
                self.walk.used(path.clone(), self.span_of(key));
            }
            self.walk.know(Known { path, expects, default, required });
        }
    }

    fn below(&self, key: &str, pattern: &str, entries: Option<&'w DeTable<'w>>, span: Span) -> Self {
        Self {
            walk: self.walk,
            entries,
            span: first_line(self.walk.source, span),
            path: join(&self.path, key),
            pattern: if self.walk.records() { join(&self.pattern, pattern) } else { String::new() },
            asked: Vec::new(),
            forgiven: self.forgiven,
        }
    }
}

fn join(path: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-[]".contains(c)) && !key.is_empty();
    let key = if plain { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// The span without white space at its ends.
pub(super) fn trim(source: &str, span: Span) -> Span {
    let Some(text) = source.get(span.clone()) else { return span };
    let start = span.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// As much of the span as stands on its first line: a table's whole body would be underlined.
fn first_line(source: &str, span: Span) -> Span {
    let span = trim(source, span);
    let len = source.get(span.clone()).and_then(|text| text.lines().next()).map_or(0, str::len);
    span.start..span.start + len
}
