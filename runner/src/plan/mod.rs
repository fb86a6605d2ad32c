//! Loading plans: manifests, and executables without one.
