//! The sync state machine, without sockets.
