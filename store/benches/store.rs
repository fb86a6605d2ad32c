//! Append and query.
fn main() {
    divan::main();
}
