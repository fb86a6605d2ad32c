//! The sweep: a matrix of runs in a randomized interleaved order.
