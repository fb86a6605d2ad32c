//! Free-form configuration values of manifests and compositions.
