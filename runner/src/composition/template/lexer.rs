//! Cuts a template into text and the words of its actions.

use super::Span;
use super::error::{TemplateError, TemplateFault};

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// A word of the template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: Span,
    /// Whether space stands before it, which tells `.a .b` from `.a.b`.
    pub(super) spaced: bool,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// Text to copy.
    Text,
    /// `{{`.
    Open,
    /// `}}`.
    Close,
    /// `.name`.
    Field(String),
    /// `.` alone.
    Dot,
    /// `$name`, or `$` with an empty name.
    Variable(String),
    /// A keyword, a function, `true`, `false` or `nil`.
    Word(String),
    /// A quoted text.
    Quoted(String),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// One of `( ) | , = :=`.
    Symbol(&'static str),
}

/// Cuts `source` into tokens.
pub(super) fn lex(source: &str) -> Result<Vec<Token>, TemplateError> {
    let mut lexer = Lexer { source, at: 0, tokens: Vec::new() };
    let mut trim_start = false;
    loop {
        trim_start = match lexer.text(trim_start) {
            Some(open) => lexer.action(open)?,
            None => return Ok(lexer.tokens),
        };
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: TokenKind, len: usize, spaced: bool) {
        let at = self.at..self.at + len;
        self.at = at.end;
        self.tokens.push(Token { kind, at, spaced });
    }

    /// Reads text up to the next action, and returns where that begins.
    fn text(&mut self, trim_start: bool) -> Option<usize> {
        let found = self.rest().find(OPEN).map(|offset| self.at + offset);
        let end = found.unwrap_or(self.source.len());
        let mut text = self.at..end;
        if trim_start {
            text.start += self.source[text.clone()].len()
                - self.source[text.clone()].trim_start_matches(is_space).len();
        }
        let trim_end = found.is_some_and(|open| {
            let inside = &self.source[open + OPEN.len()..];
            inside.starts_with('-') && inside[1..].starts_with(is_space)
        });
        if trim_end {
            text.end = text.start + self.source[text.clone()].trim_end_matches(is_space).len();
        }
        if !text.is_empty() {
            self.tokens.push(Token { kind: TokenKind::Text, at: text, spaced: false });
        }
        self.at = found?;
        found
    }

    /// Reads an action, and returns whether the text after it loses its leading space.
    fn action(&mut self, open: usize) -> Result<bool, TemplateError> {
        self.push(TokenKind::Open, OPEN.len(), false);
        let trims = self.rest().starts_with('-') && self.rest()[1..].starts_with(is_space);
        if trims {
            self.at += 1;
        }
        // A comment begins right after the braces, or after the one space that a trim needs.
        let inside = &self.rest()[usize::from(trims)..];
        if inside.starts_with("/*") {
            return self.comment(open, self.source.len() - inside.len());
        }
        loop {
            let before = self.at;
            self.at += self.rest().len() - self.rest().trim_start_matches(is_space).len();
            let spaced = self.at > before;
            let trims =
                spaced && self.rest().starts_with('-') && self.rest()[1..].starts_with(CLOSE);
            if trims {
                self.at += 1;
            }
            if self.rest().starts_with(CLOSE) {
                self.push(TokenKind::Close, CLOSE.len(), spaced);
                return Ok(trims);
            }
            if self.rest().is_empty() || self.rest().starts_with(OPEN) {
                // Most often the line's end is where it should have been closed.
                let line = self.source[open..].find('\n').map_or(before, |end| open + end);
                let end = line.min(before).max(open + OPEN.len());
                return Err(TemplateFault::Unclosed { what: "action" }.at(open..end));
            }
            self.word(spaced)?;
        }
    }

    fn comment(&mut self, open: usize, start: usize) -> Result<bool, TemplateError> {
        self.tokens.pop();
        let unclosed = || TemplateFault::Unclosed { what: "comment" }.at(open..start + 2);
        let end = self.source[start..]
            .find("*/")
            .map(|offset| start + offset + 2)
            .ok_or_else(unclosed)?;
        let rest = &self.source[end..];
        let tight = rest.trim_start_matches(is_space);
        let trims = tight.len() < rest.len() && tight.starts_with('-');
        let close = if trims { &tight[1..] } else { rest };
        if !close.starts_with(CLOSE) {
            return Err(unclosed());
        }
        self.at = self.source.len() - close.len() + CLOSE.len();
        Ok(trims)
    }

    fn word(&mut self, spaced: bool) -> Result<(), TemplateError> {
        let rest = self.rest();
        let first = rest.chars().next().expect("bug: a word was read at the end");
        let second = rest[first.len_utf8()..].chars().next().unwrap_or(' ');
        match first {
            '"' | '`' | '\'' => return self.quoted(first, spaced),
            '(' => self.push(TokenKind::Symbol("("), 1, spaced),
            ')' => self.push(TokenKind::Symbol(")"), 1, spaced),
            '|' => self.push(TokenKind::Symbol("|"), 1, spaced),
            ',' => self.push(TokenKind::Symbol(","), 1, spaced),
            '=' => self.push(TokenKind::Symbol("="), 1, spaced),
            ':' if second == '=' => self.push(TokenKind::Symbol(":="), 2, spaced),
            '$' => {
                let name = name_at(&rest[1..]).to_owned();
                self.push(TokenKind::Variable(name.clone()), 1 + name.len(), spaced);
            }
            '.' if second.is_ascii_digit() => return self.number(spaced),
            '.' => match name_at(&rest[1..]) {
                "" => self.push(TokenKind::Dot, 1, spaced),
                name => {
                    let name = name.to_owned();
                    self.push(TokenKind::Field(name.clone()), 1 + name.len(), spaced);
                }
            },
            '0'..='9' | '+' | '-' => return self.number(spaced),
            _ => match name_at(rest) {
                "" => {
                    let at = self.at..self.at + first.len_utf8();
                    return Err(TemplateFault::UnexpectedCharacter { found: first }.at(at));
                }
                name => {
                    let name = name.to_owned();
                    self.push(TokenKind::Word(name.clone()), name.len(), spaced);
                }
            },
        }
        Ok(())
    }

    fn number(&mut self, spaced: bool) -> Result<(), TemplateError> {
        let rest = self.rest();
        let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
        let len = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let text = rest[..len].to_owned();
        let plain = text.replace('_', "");
        let int = match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => plain.parse::<i64>().ok(),
        };
        let numeric =
            plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
        let float = || plain.parse::<f64>().ok().filter(|_| numeric);
        let kind = int.map(TokenKind::Int).or_else(|| float().map(TokenKind::Float));
        let Some(kind) = kind else {
            return Err(
                TemplateFault::BadLiteral { what: "number", text }.at(self.at..self.at + len)
            );
        };
        self.push(kind, len, spaced);
        Ok(())
    }

    fn quoted(&mut self, quote: char, spaced: bool) -> Result<(), TemplateError> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find(|&(_, c)| {
            let ends = c == quote && !escaped || c == '\n' && quote != '`';
            escaped = c == '\\' && !escaped && quote != '`';
            ends
        });
        let unclosed = || TemplateFault::Unclosed { what: "quoted text" }.at(self.at..self.at + 1);
        let (end, _) = end.filter(|(_, c)| *c == quote).ok_or_else(unclosed)?;
        let inside = &rest[1..end];
        let at = self.at..self.at + end + 1;
        let text = if quote == '`' { Some(inside.to_owned()) } else { unescape(inside) };
        let bad =
            |what| TemplateFault::BadLiteral { what, text: rest[..=end].to_owned() }.at(at.clone());
        let text = text.ok_or_else(|| bad("quoted text"))?;
        let kind = if quote == '\'' {
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(only), None) => TokenKind::Int(i64::from(u32::from(only))),
                _ => return Err(bad("character")),
            }
        } else {
            TokenKind::Quoted(text)
        };
        self.push(kind, end + 1, spaced);
        Ok(())
    }
}

/// Go's templates trim these four and no other.
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn name_at(text: &str) -> &str {
    let mut first = true;
    let end = text.find(|c: char| {
        let inside = c == '_' || if first { c.is_alphabetic() } else { c.is_alphanumeric() };
        first = false;
        !inside
    });
    &text[..end.unwrap_or(text.len())]
}

/// Reads the escapes of a Go text; nothing when one of them is not valid.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(backslash) = rest.find('\\') {
        out.push_str(&rest[..backslash]);
        let escape = rest[backslash + 1..].chars().next()?;
        rest = &rest[backslash + 1 + escape.len_utf8()..];
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            let code = u32::from_str_radix(rest.get(..digits)?, 16).ok()?;
            out.push(char::from_u32(code)?);
            rest = &rest[digits..];
            continue;
        }
        out.push(match escape {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' if rest.starts_with("00") => {
                rest = &rest[2..];
                '\0'
            }
            '\\' | '"' | '\'' => escape,
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}
