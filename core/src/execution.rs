//! One execution of a run: what a runner is asked and what it answers.
