use ground_core::composition::{Dependency, ResolvedGroup};
use ground_core::config_value::{ConfigMap, ConfigValue};

/// What tells one build of a plan from another at the same revision.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BuildSpec {
    /// The builder's identifier.
    pub builder: String,
    /// The builder's configuration.
    pub config: ConfigMap,
    /// Words that select parts of the source.
    pub selectors: Vec<String>,
    /// Modules that are built at another version.
    pub dependencies: Vec<Dependency>,
    /// A path of something built before; nothing is built then.
    pub artifact: Option<String>,
}

impl BuildSpec {
    /// Returns what a group of a composition asks to be built.
    #[must_use]
    pub fn of(group: &ResolvedGroup) -> Self {
        Self {
            builder: group.builder.clone(),
            config: group.build_config.clone(),
            selectors: group.selectors.clone(),
            dependencies: group.dependencies.clone(),
            artifact: group.artifact.clone(),
        }
    }

    /// Returns the one text that every equal specification has, for digests.
    #[must_use]
    pub fn canonical(&self) -> String {
        let texts = |items: &[String]| -> ConfigValue {
            items.iter().map(|item| item.as_str().into()).collect()
        };
        let dependency = |d: &Dependency| {
            texts(&[d.module.clone(), d.target.clone().unwrap_or_default(), d.version.clone()])
        };
        let dependencies: ConfigValue = self.dependencies.iter().map(dependency).collect();
        ConfigValue::from(ConfigMap::from([
            ("builder".to_owned(), self.builder.as_str().into()),
            ("config".to_owned(), self.config.clone().into()),
            ("selectors".to_owned(), texts(&self.selectors)),
            ("dependencies".to_owned(), dependencies),
            ("artifact".to_owned(), self.artifact.as_deref().unwrap_or_default().into()),
        ]))
        .canonical()
    }
}
