//! Statistics on plain slices: effects, intervals, equivalence, change points, rates.
