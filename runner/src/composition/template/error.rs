//! What can be wrong with a template.

use super::{ResourceError, Span};

/// Why a template cannot be rendered, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{fault}")]
pub struct TemplateError {
    /// What is wrong.
    pub fault: Box<TemplateFault>,
    /// The bytes of the template's source that are meant.
    pub at: Span,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateFault {
    /// An action, a comment or a quoted text has no end.
    #[error("this {what} has no end")]
    Unclosed {
        /// What has no end.
        what: &'static str,
    },
    /// A character stands where no action allows it.
    #[error("unexpected {found:?} in an action")]
    UnexpectedCharacter {
        /// The character.
        found: char,
    },
    /// A word stands where another one has to.
    #[error("unexpected {found}, {wanted} is wanted")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What has to stand there.
        wanted: &'static str,
    },
    /// A number or quoted text cannot be read.
    #[error("{text} is not a valid {what}")]
    BadLiteral {
        /// What it should be.
        what: &'static str,
        /// The text as it was given.
        text: String,
    },
    /// A function does not exist.
    #[error("there is no function `{name}`")]
    UnknownFunction {
        /// The function.
        name: String,
    },
    /// A variable was not declared.
    #[error("there is no variable `{name}`")]
    UnknownVariable {
        /// The variable.
        name: String,
    },
    /// A template was not defined.
    #[error("there is no template `{name}`")]
    UnknownTemplate {
        /// The template.
        name: String,
        /// The templates there are.
        known: Vec<String>,
    },
    /// A template is defined twice.
    #[error("template `{name}` is defined twice")]
    RepeatedTemplate {
        /// The template.
        name: String,
    },
    /// A field is asked of a value that has none.
    #[error("{of} has no field `{field}`")]
    NoField {
        /// The field.
        field: String,
        /// The type of the value.
        of: &'static str,
    },
    /// A function is called with too few or too many arguments.
    #[error("`{function}` takes {wants}, and {given} are given")]
    ArgumentCount {
        /// The function.
        function: String,
        /// How many it takes.
        wants: &'static str,
        /// How many it gets.
        given: usize,
    },
    /// A function is called with an argument of another type.
    #[error("`{function}` wants {wants}, and {given} is given")]
    ArgumentType {
        /// The function.
        function: String,
        /// What it wants.
        wants: &'static str,
        /// The type of the argument.
        given: &'static str,
    },
    /// Two values cannot be compared.
    #[error("{left} cannot be compared with {right}")]
    Incomparable {
        /// The type of the left one.
        left: &'static str,
        /// The type of the right one.
        right: &'static str,
    },
    /// A list is shorter than an index.
    #[error("index {index} is outside of a list of {len}")]
    OutOfRange {
        /// The index.
        index: i64,
        /// The list's length.
        len: usize,
    },
    /// A value is called with arguments, and is not a function.
    #[error("this value is no function, and cannot take arguments")]
    NotAFunction,
    /// A text is not a number.
    #[error("`atoi` wants a whole number, and {text:?} is none")]
    NotANumber {
        /// The text.
        text: String,
    },
    /// A value cannot be written as TOML.
    #[error("`toml` cannot write this value: {reason}")]
    NotToml {
        /// What the writer says.
        reason: String,
    },
    /// A value cannot be iterated.
    #[error("`range` cannot go over {given}")]
    NotIterable {
        /// The value's type.
        given: &'static str,
    },
    /// A resource cannot be loaded.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// Actions are nested too deeply, or templates call each other without end.
    #[error("actions or templates are nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The template writes or does too much.
    #[error("the template comes to more than {limit} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl TemplateFault {
    /// Says where the fault stands.
    pub(super) fn at(self, at: Span) -> TemplateError {
        TemplateError { fault: Box::new(self), at }
    }
}
