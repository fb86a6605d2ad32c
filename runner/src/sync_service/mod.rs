//! The sync service: Testground's WebSocket protocol over the state machine of `ground-core`.
