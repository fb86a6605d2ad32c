//! Parses pipelines: values, calls and declarations.

use super::super::Span;
use super::super::error::{TemplateError, TemplateFault};
use super::super::functions::Function;
use super::super::lexer::{Token, TokenKind};
use super::{Base, Command, Operand, Parser, Pipeline};

impl Parser<'_> {
    /// Reads a pipeline up to what cannot belong to it; `declares` allows `$x := ` before it.
    pub(super) fn pipeline(&mut self, declares: bool) -> Result<Pipeline, TemplateError> {
        self.deeper()?;
        let start = self.here();
        let (names, is_new) = if declares { self.names() } else { (Vec::new(), false) };
        let mut commands = vec![self.command()?];
        while self.is_symbol("|") {
            self.at += 1;
            commands.push(self.command()?);
        }
        let end = self.tokens[self.at - 1].at.end;
        self.depth -= 1;
        Ok(Pipeline { names, declares: is_new, commands, at: start.start..end })
    }

    /// Reads `$x := `, `$x = ` or `$i, $x := `, if it is there.
    fn names(&mut self) -> (Vec<String>, bool) {
        let start = self.at;
        let mut names = Vec::new();
        while let Some(Token { kind: TokenKind::Variable(name), .. }) = self.peek() {
            names.push(name.clone());
            self.at += 1;
            let declares = self.is_symbol(":=");
            if declares || self.is_symbol("=") {
                self.at += 1;
                return (names, declares);
            }
            if !self.is_symbol(",") || names.len() == 2 {
                break;
            }
            self.at += 1;
        }
        self.at = start;
        (Vec::new(), false)
    }

    fn command(&mut self) -> Result<Command, TemplateError> {
        let first = self.operand()?.ok_or_else(|| self.unexpected("a value"))?;
        let mut arguments = Vec::new();
        loop {
            let spaced = self.peek().is_some_and(|token| token.spaced);
            let before = self.here();
            let Some(operand) = self.operand()? else { break };
            if !spaced {
                let found = "a value right after another".to_owned();
                return Err(
                    TemplateFault::Unexpected { found, wanted: "a space between them" }.at(before)
                );
            }
            arguments.push(operand);
        }
        if !arguments.is_empty() && !matches!(first.base, Base::Function(_)) {
            return Err(TemplateFault::NotAFunction.at(first.at));
        }
        Ok(Command { first, arguments })
    }

    fn operand(&mut self) -> Result<Option<Operand>, TemplateError> {
        let Some(token) = self.peek() else { return Ok(None) };
        let start = token.at.clone();
        let mut fields = Vec::new();
        let base = match &token.kind {
            TokenKind::Dot => Base::Dot,
            TokenKind::Field(name) => {
                fields.push(name.clone());
                Base::Dot
            }
            TokenKind::Variable(name) => Base::Variable(name.clone()),
            TokenKind::Quoted(text) => Base::Text(text.clone()),
            TokenKind::Int(number) => Base::Int(*number),
            TokenKind::Float(number) => Base::Float(*number),
            TokenKind::Word(word) => word_base(word, &start)?,
            TokenKind::Symbol("(") => {
                self.at += 1;
                let inner = self.pipeline(false)?;
                if !self.is_symbol(")") {
                    return Err(self.unexpected("`)`"));
                }
                Base::Nested(Box::new(inner))
            }
            _ => return Ok(None),
        };
        self.at += 1;
        while let Some(Token { kind: TokenKind::Field(name), spaced: false, .. }) = self.peek() {
            fields.push(name.clone());
            self.at += 1;
        }
        let at = start.start..self.tokens[self.at - 1].at.end;
        Ok(Some(Operand { base, fields, at }))
    }
}

fn word_base(word: &str, at: &Span) -> Result<Base, TemplateError> {
    Ok(match word {
        "true" => Base::Bool(true),
        "false" => Base::Bool(false),
        "nil" => Base::Nothing,
        "if" | "else" | "end" | "range" | "with" | "define" | "template" | "block" | "break"
        | "continue" => {
            let fault = TemplateFault::Unexpected { found: format!("`{word}`"), wanted: "a value" };
            return Err(fault.at(at.clone()));
        }
        name => match Function::named(name) {
            Some(function) => Base::Function(function),
            None => {
                return Err(TemplateFault::UnknownFunction { name: name.to_owned() }.at(at.clone()));
            }
        },
    })
}
