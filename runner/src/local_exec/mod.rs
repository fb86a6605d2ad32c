//! The `local:exec` runner: instances as processes.
