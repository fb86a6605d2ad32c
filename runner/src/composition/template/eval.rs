//! Walks the tree and writes the output.

use super::error::{TemplateError, TemplateFault};
use super::functions::{self, Function};
use super::parser::{Base, Command, Node, Operand, Pipeline, Template};
use super::source_map::Rendered;
use super::value::Value;
use super::{ResourceLoader, Span};

/// How deeply actions, parentheses and calls of templates may be nested while they run.
const DEPTH: usize = 200;

/// The most bytes a template may write: ten thousand groups of half a kilobyte, ten times over.
const OUTPUT: usize = 64 << 20;

/// The most nodes a template may run through, against endless loops over large numbers.
const STEPS: usize = 2_000_000;

/// Renders `template` over `data`.
pub(super) fn run(
    source: &str,
    template: &Template,
    data: Value,
    resources: &dyn ResourceLoader,
) -> Result<Rendered, TemplateError> {
    let env = data.field("Env").unwrap_or_default();
    let variables = vec![(String::new(), data.clone())];
    let mut run = Run {
        source,
        template,
        resources,
        env,
        variables,
        out: Rendered::default(),
        depth: 0,
        steps: 0,
    };
    run.nodes(&template.main, &data)?;
    Ok(run.out)
}

/// What evaluation carries along.
pub(super) struct Run<'a> {
    source: &'a str,
    template: &'a Template,
    pub(super) resources: &'a dyn ResourceLoader,
    /// What `withEnv` adds.
    pub(super) env: Value,
    /// Variables, innermost last; `$` has an empty name.
    variables: Vec<(String, Value)>,
    out: Rendered,
    depth: usize,
    steps: usize,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Normal,
    Break,
    Continue,
}

impl<'a> Run<'a> {
    fn nodes(&mut self, nodes: &'a [Node], dot: &Value) -> Result<Flow, TemplateError> {
        self.depth += 1;
        let mut flow = Flow::Normal;
        for node in nodes {
            flow = self.node(node, dot)?;
            if flow != Flow::Normal {
                break;
            }
        }
        self.depth -= 1;
        Ok(flow)
    }

    fn node(&mut self, node: &'a Node, dot: &Value) -> Result<Flow, TemplateError> {
        match node {
            Node::Text(at) => self.write(&self.source[at.clone()], at, true)?,
            Node::Action(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.names.is_empty() {
                    if value == Value::Nothing {
                        self.out.missing.push(pipeline.at.clone());
                    }
                    self.write(&value.to_string(), &pipeline.at, false)?;
                }
            }
            Node::If(pipeline, then, otherwise) => {
                let scope = self.variables.len();
                let value = self.pipeline(pipeline, dot)?;
                let flow = self.nodes(if value.is_true() { then } else { otherwise }, dot);
                self.variables.truncate(scope);
                return flow;
            }
            Node::With(pipeline, then, otherwise) => {
                let scope = self.variables.len();
                let value = self.pipeline(pipeline, dot)?;
                let flow = if value.is_true() {
                    self.nodes(then, &value)
                } else {
                    self.nodes(otherwise, dot)
                };
                self.variables.truncate(scope);
                return flow;
            }
            Node::Range(pipeline, body, otherwise) => {
                let scope = self.variables.len();
                let flow = self.range(pipeline, body, otherwise, dot);
                self.variables.truncate(scope);
                return flow;
            }
            Node::Call { name, data, at } => self.call(name, data.as_ref(), at, dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Normal)
    }

    fn write(&mut self, text: &str, at: &Span, copied: bool) -> Result<(), TemplateError> {
        self.step(at)?;
        if self.out.text.len() + text.len() > OUTPUT {
            return Err(
                TemplateFault::TooMuch { what: "bytes of text", limit: OUTPUT }.at(at.clone())
            );
        }
        self.out.push(text, at.clone(), copied);
        Ok(())
    }

    fn step(&mut self, at: &Span) -> Result<(), TemplateError> {
        if self.depth > DEPTH {
            return Err(TemplateFault::TooDeep { limit: DEPTH }.at(at.clone()));
        }
        self.steps += 1;
        if self.steps > STEPS {
            return Err(TemplateFault::TooMuch { what: "steps", limit: STEPS }.at(at.clone()));
        }
        Ok(())
    }

    fn call(
        &mut self,
        name: &str,
        data: Option<&'a Pipeline>,
        at: &Span,
        dot: &Value,
    ) -> Result<(), TemplateError> {
        let template = self.template;
        let Some(nodes) = template.defined.get(name) else {
            let known = template.defined.keys().cloned().collect();
            return Err(
                TemplateFault::UnknownTemplate { name: name.to_owned(), known }.at(at.clone())
            );
        };
        let data = data.map_or(Ok(Value::Nothing), |data| self.pipeline(data, dot))?;
        // A called template sees none of the caller's variables, and `$` is its own data.
        let outer = std::mem::replace(&mut self.variables, vec![(String::new(), data.clone())]);
        let result = self.nodes(nodes, &data);
        self.variables = outer;
        result.map(|_| ())
    }

    fn range(
        &mut self,
        pipeline: &'a Pipeline,
        body: &'a [Node],
        otherwise: &'a [Node],
        dot: &Value,
    ) -> Result<Flow, TemplateError> {
        let value = self.value(pipeline, dot)?;
        let items = items(&value).map_err(|fault| fault.at(pipeline.at.clone()))?;
        if pipeline.declares {
            self.variables.extend(pipeline.names.iter().map(|name| (name.clone(), Value::Nothing)));
        }
        let mut any = false;
        for (key, item) in items {
            any = true;
            self.step(&pipeline.at)?;
            match pipeline.names.as_slice() {
                [] => {}
                [name] => self.assign(name, item.clone(), &pipeline.at)?,
                [index, name, ..] => {
                    self.assign(index, key, &pipeline.at)?;
                    self.assign(name, item.clone(), &pipeline.at)?;
                }
            }
            let scope = self.variables.len();
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(scope);
            if flow == Flow::Break {
                return Ok(Flow::Normal);
            }
        }
        if any { Ok(Flow::Normal) } else { self.nodes(otherwise, dot) }
    }

    fn assign(&mut self, name: &str, value: Value, at: &Span) -> Result<(), TemplateError> {
        match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => Err(TemplateFault::UnknownVariable { name: format!("${name}") }.at(at.clone())),
        }
    }

    /// Evaluates a pipeline, and declares or assigns its variable.
    fn pipeline(&mut self, pipeline: &'a Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        let value = self.value(pipeline, dot)?;
        match pipeline.names.as_slice() {
            [] => {}
            [name] if pipeline.declares => self.variables.push((name.clone(), value.clone())),
            [name] => self.assign(name, value.clone(), &pipeline.at)?,
            _ => {
                let found = "two variables".to_owned();
                return Err(TemplateFault::Unexpected { found, wanted: "one outside of `range`" }
                    .at(pipeline.at.clone()));
            }
        }
        Ok(value)
    }

    fn value(&mut self, pipeline: &'a Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        self.step(&pipeline.at)?;
        self.depth += 1;
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, last, dot)?);
        }
        self.depth -= 1;
        Ok(last.expect("bug: a pipeline without commands was parsed"))
    }

    fn command(
        &mut self,
        command: &'a Command,
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, TemplateError> {
        if matches!(command.first.base, Base::Nothing) {
            let fault = TemplateFault::Unexpected { found: "`nil`".to_owned(), wanted: "a value" };
            return Err(fault.at(command.first.at.clone()));
        }
        let Base::Function(function) = command.first.base else {
            if piped.is_some() {
                return Err(TemplateFault::NotAFunction.at(command.first.at.clone()));
            }
            return self.operand(&command.first, dot);
        };
        let value = if matches!(function, Function::And | Function::Or) {
            self.shortcut(function, command, piped, dot)?
        } else {
            let mut arguments = Vec::with_capacity(command.arguments.len() + 1);
            for argument in &command.arguments {
                arguments.push(self.operand(argument, dot)?);
            }
            arguments.extend(piped);
            functions::call(self, function, &arguments)
                .map_err(|fault| fault.at(command.first.at.clone()))?
        };
        fields(value, &command.first)
    }

    /// Evaluates `and` and `or`, which look at no more arguments than they need.
    fn shortcut(
        &mut self,
        function: Function,
        command: &'a Command,
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, TemplateError> {
        let mut last = None;
        for argument in &command.arguments {
            let value = self.operand(argument, dot)?;
            if value.is_true() == (function == Function::Or) {
                return Ok(value);
            }
            last = Some(value);
        }
        piped.or(last).ok_or_else(|| {
            let fault = TemplateFault::ArgumentCount {
                function: function.name().to_owned(),
                wants: "at least one argument",
                given: 0,
            };
            fault.at(command.first.at.clone())
        })
    }

    fn operand(&mut self, operand: &'a Operand, dot: &Value) -> Result<Value, TemplateError> {
        let value = match &operand.base {
            Base::Dot => dot.clone(),
            Base::Nothing => Value::Nothing,
            Base::Bool(value) => Value::Bool(*value),
            Base::Int(number) => Value::Int(*number),
            Base::Float(number) => Value::Float(*number),
            Base::Text(text) => Value::text(text.as_str()),
            Base::Variable(name) => {
                match self.variables.iter().rev().find(|(known, _)| known == name) {
                    Some((_, value)) => value.clone(),
                    None => {
                        let fault = TemplateFault::UnknownVariable { name: format!("${name}") };
                        return Err(fault.at(operand.at.clone()));
                    }
                }
            }
            Base::Function(function) if matches!(function, Function::And | Function::Or) => {
                let name = function.name().to_owned();
                let fault = TemplateFault::ArgumentCount {
                    function: name,
                    wants: "at least one argument",
                    given: 0,
                };
                return Err(fault.at(operand.at.clone()));
            }
            Base::Function(function) => functions::call(self, *function, &[])
                .map_err(|fault| fault.at(operand.at.clone()))?,
            Base::Nested(pipeline) => self.value(pipeline, dot)?,
        };
        fields(value, operand)
    }
}

fn fields(mut value: Value, operand: &Operand) -> Result<Value, TemplateError> {
    for field in &operand.fields {
        value = value.field(field).ok_or_else(|| {
            TemplateFault::NoField { field: field.clone(), of: value.type_name() }
                .at(operand.at.clone())
        })?;
    }
    Ok(value)
}

/// Returns what `range` goes over, as keys with values.
fn items(value: &Value) -> Result<Box<dyn Iterator<Item = (Value, Value)>>, TemplateFault> {
    Ok(match value.clone() {
        Value::Nothing => Box::new(std::iter::empty()),
        Value::List(items) => Box::new((0..items.len()).map(move |index| {
            let key = i64::try_from(index).expect("bug: a list is longer than memory");
            (Value::Int(key), items[index].clone())
        })),
        Value::Map(map) => {
            let keys: Vec<String> = map.entries.keys().cloned().collect();
            Box::new(keys.into_iter().map(move |key| {
                let value = map.get(&key);
                (Value::text(key), value)
            }))
        }
        Value::Int(count) => {
            Box::new((0..count).map(|number| (Value::Int(number), Value::Int(number))))
        }
        other => return Err(TemplateFault::NotIterable { given: other.type_name() }),
    })
}
