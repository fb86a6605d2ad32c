#!/usr/bin/env bash
# Runs every check of the project: format, lints, documentation, tests. Warnings are errors.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

step format
cargo fmt --all --check

step lints
cargo clippy --workspace --all-targets --quiet -- -D warnings

step documentation
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

step tests
# Each test binary prints its own closing line; what could not run here prints `skipped:` and is counted below.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --workspace --no-fail-fast -- --show-output 2>&1 | tee "$log"
skipped=$(grep -c '^skipped:' "$log" || true)
awk -v skipped="$skipped" '/^test result:/ { passed += $4; failed += $6 }
     END { if (passed == 0) { print "no test ran"; exit 1 }
           printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
