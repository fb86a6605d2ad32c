//! A last flush when the plan calls `std::process::exit`.

use std::sync::{Mutex, Once, PoisonError, Weak};

use crate::metrics::Registry;

static OPEN: Mutex<Vec<Weak<Registry>>> = Mutex::new(Vec::new());
static REGISTERED: Once = Once::new();

/// Has `registry` finished at the process's normal exit, should it be open then.
pub(crate) fn finish_at_exit(registry: Weak<Registry>) {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|known| known.strong_count() > 0);
    open.push(registry);
    REGISTERED.call_once(register);
}

#[expect(unsafe_code, reason = "the standard library has no way to run code in `exit`")]
fn register() {
    // SAFETY: `finish_all` is an `extern "C"` function without arguments that lives as long as the program, does not
    // unwind, and may run after `main`: it touches only statics without destructors. A refusal leaves us where we were.
    let _ = unsafe { libc::atexit(finish_all) };
}

extern "C" fn finish_all() {
    // A panic must not cross into C, and a thread may hold the lock for ever once `exit` runs.
    let _ = std::panic::catch_unwind(|| {
        let Ok(open) = OPEN.try_lock() else { return };
        for registry in open.iter().filter_map(Weak::upgrade) {
            let _ = registry.finish();
        }
    });
}
