//! Turns the words of a template into a tree.

use std::collections::BTreeMap;

use super::Span;
use super::error::{TemplateError, TemplateFault};
use super::functions::Function;
use super::lexer::{Token, TokenKind};

mod pipeline;

/// How deeply actions and parentheses may be nested.
const DEPTH: usize = 64;

/// A parsed template.
#[derive(Debug, Default)]
pub(super) struct Template {
    pub(super) main: Vec<Node>,
    pub(super) defined: BTreeMap<String, Vec<Node>>,
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    /// Text to copy.
    Text(Span),
    /// A value to write, unless the pipeline declares or assigns.
    Action(Pipeline),
    If(Pipeline, Vec<Node>, Vec<Node>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    Range(Pipeline, Vec<Node>, Vec<Node>),
    /// Another template with its data.
    Call {
        name: String,
        data: Option<Pipeline>,
        at: Span,
    },
    Break,
    Continue,
}

/// Commands of which each gets the result of the one before as its last argument.
#[derive(Debug)]
pub(super) struct Pipeline {
    /// The variables that take the result.
    pub(super) names: Vec<String>,
    /// Whether the variables are new ones.
    pub(super) declares: bool,
    pub(super) commands: Vec<Command>,
    pub(super) at: Span,
}

/// A function with its arguments, or one value.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) first: Operand,
    pub(super) arguments: Vec<Operand>,
}

/// A value with its place.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) base: Base,
    /// Fields to go down from the base.
    pub(super) fields: Vec<String>,
    pub(super) at: Span,
}

/// What an operand starts from.
#[derive(Debug)]
pub(super) enum Base {
    Dot,
    Nothing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Variable(String),
    Function(Function),
    Nested(Box<Pipeline>),
}

/// Parses `tokens` of `source`.
pub(super) fn parse(source: &str, tokens: &[Token]) -> Result<Template, TemplateError> {
    let end = source.len()..source.len();
    let mut parser = Parser { tokens, at: 0, end, defined: BTreeMap::new(), depth: 0, loops: 0 };
    let (main, ended) = parser.list()?;
    if let Some((word, at)) = ended {
        return Err(TemplateFault::Unexpected {
            found: format!("`{word}`"),
            wanted: "an open action before it",
        }
        .at(at));
    }
    Ok(Template { main, defined: parser.defined })
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    end: Span,
    defined: BTreeMap<String, Vec<Node>>,
    depth: usize,
    /// How many `range` are open.
    loops: usize,
}

/// The word that ended a list of nodes, `end` or `else`, with its place.
type Ended = Option<(String, Span)>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at);
        self.at += usize::from(token.is_some());
        token
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: TokenKind::Symbol(found), .. }) if *found == symbol)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: TokenKind::Word(found), .. }) if found == word)
    }

    fn here(&self) -> Span {
        self.peek().map_or(self.end.clone(), |token| token.at.clone())
    }

    fn unexpected(&self, wanted: &'static str) -> TemplateError {
        let found =
            self.peek().map_or("the end of the file".to_owned(), |token| describe(&token.kind));
        TemplateFault::Unexpected { found, wanted }.at(self.here())
    }

    fn close(&mut self) -> Result<(), TemplateError> {
        match self.peek() {
            Some(Token { kind: TokenKind::Close, .. }) => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.unexpected("`}}`")),
        }
    }

    fn deeper(&mut self) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(TemplateFault::TooDeep { limit: DEPTH }.at(self.here()));
        }
        Ok(())
    }

    /// Reads nodes up to the file's end, or to `end` or `else`.
    fn list(&mut self) -> Result<(Vec<Node>, Ended), TemplateError> {
        self.deeper()?;
        let mut nodes = Vec::new();
        let ended = loop {
            let Some(token) = self.next() else {
                break None;
            };
            if token.kind == TokenKind::Text {
                nodes.push(Node::Text(token.at.clone()));
                continue;
            }
            let word = match self.peek() {
                Some(Token { kind: TokenKind::Word(word), .. }) => word.as_str(),
                _ => "",
            };
            let at = self.here();
            match word {
                "end" | "else" => {
                    self.at += 1;
                    break Some((word.to_owned(), at));
                }
                "if" | "with" | "range" | "define" | "template" | "block" | "break"
                | "continue" => {
                    self.at += 1;
                    nodes.extend(self.statement(word, at)?);
                }
                _ => {
                    nodes.push(Node::Action(self.pipeline(true)?));
                    self.close()?;
                }
            }
        };
        self.depth -= 1;
        Ok((nodes, ended))
    }

    fn statement(&mut self, word: &str, at: Span) -> Result<Option<Node>, TemplateError> {
        match word {
            "if" | "with" => self.branch(word, at).map(Some),
            "range" => self.range(at).map(Some),
            "define" => self.define(at).map(|()| None),
            "block" => self.block(at).map(Some),
            "template" => self.call(at).map(Some),
            _ => {
                if self.loops == 0 {
                    let found = format!("`{word}`");
                    return Err(
                        TemplateFault::Unexpected { found, wanted: "a `range` around it" }.at(at)
                    );
                }
                self.close()?;
                Ok(Some(if word == "break" { Node::Break } else { Node::Continue }))
            }
        }
    }

    fn branch(&mut self, word: &str, at: Span) -> Result<Node, TemplateError> {
        let pipeline = self.pipeline(true)?;
        self.close()?;
        let (then, ended) = self.list()?;
        let otherwise = match self.ended(ended, &at)?.as_str() {
            "else" if self.is_word("if") || self.is_word("with") => {
                let inner = self.here();
                let word = if self.is_word("if") { "if" } else { "with" };
                self.at += 1;
                self.deeper()?;
                let node = self.branch(word, inner)?;
                self.depth -= 1;
                // The inner branch has taken the `end` of both.
                vec![node]
            }
            "else" => self.rest(&at)?,
            _ => {
                self.close()?;
                Vec::new()
            }
        };
        Ok(if word == "if" {
            Node::If(pipeline, then, otherwise)
        } else {
            Node::With(pipeline, then, otherwise)
        })
    }

    fn range(&mut self, at: Span) -> Result<Node, TemplateError> {
        let pipeline = self.pipeline(true)?;
        self.close()?;
        self.loops += 1;
        let (body, ended) = self.list()?;
        self.loops -= 1;
        let otherwise = if self.ended(ended, &at)? == "else" {
            self.rest(&at)?
        } else {
            self.close()?;
            Vec::new()
        };
        Ok(Node::Range(pipeline, body, otherwise))
    }

    /// Reads what stands between `else` and `end`.
    fn rest(&mut self, at: &Span) -> Result<Vec<Node>, TemplateError> {
        self.close()?;
        let (nodes, ended) = self.list()?;
        let (word, ended_at) =
            ended.ok_or_else(|| TemplateFault::Unclosed { what: "action" }.at(at.clone()))?;
        if word != "end" {
            return Err(TemplateFault::Unexpected { found: "`else`".to_owned(), wanted: "`end`" }
                .at(ended_at));
        }
        self.close()?;
        Ok(nodes)
    }

    fn ended(&self, ended: Ended, at: &Span) -> Result<String, TemplateError> {
        ended
            .map(|(word, _)| word)
            .ok_or_else(|| TemplateFault::Unclosed { what: "action" }.at(at.clone()))
    }

    fn name(&mut self) -> Result<String, TemplateError> {
        match self.peek() {
            Some(Token { kind: TokenKind::Quoted(name), .. }) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(self.unexpected("the template's name in quotes")),
        }
    }

    fn define(&mut self, at: Span) -> Result<(), TemplateError> {
        let name = self.name()?;
        self.close()?;
        self.body(name, at)
    }

    fn body(&mut self, name: String, at: Span) -> Result<(), TemplateError> {
        let loops = std::mem::take(&mut self.loops);
        let (nodes, ended) = self.list()?;
        self.loops = loops;
        if self.ended(ended, &at)? == "else" {
            return Err(
                TemplateFault::Unexpected { found: "`else`".to_owned(), wanted: "`end`" }.at(at)
            );
        }
        self.close()?;
        if self.defined.insert(name.clone(), nodes).is_some() {
            return Err(TemplateFault::RepeatedTemplate { name }.at(at));
        }
        Ok(())
    }

    fn block(&mut self, at: Span) -> Result<Node, TemplateError> {
        let name = self.name()?;
        let data = Some(self.pipeline(false)?);
        self.close()?;
        self.body(name.clone(), at.clone())?;
        Ok(Node::Call { name, data, at })
    }

    fn call(&mut self, at: Span) -> Result<Node, TemplateError> {
        let name = self.name()?;
        let closes = matches!(self.peek(), Some(Token { kind: TokenKind::Close, .. }));
        let data = if closes { None } else { Some(self.pipeline(false)?) };
        self.close()?;
        Ok(Node::Call { name, data, at })
    }
}

fn describe(kind: &TokenKind) -> String {
    match kind {
        TokenKind::Text => "text".to_owned(),
        TokenKind::Open => "`{{`".to_owned(),
        TokenKind::Close => "`}}`".to_owned(),
        TokenKind::Field(name) => format!("`.{name}`"),
        TokenKind::Dot => "`.`".to_owned(),
        TokenKind::Variable(name) => format!("`${name}`"),
        TokenKind::Word(word) => format!("`{word}`"),
        TokenKind::Quoted(text) => format!("{text:?}"),
        TokenKind::Int(number) => format!("`{number}`"),
        TokenKind::Float(number) => format!("`{number}`"),
        TokenKind::Symbol(symbol) => format!("`{symbol}`"),
    }
}
