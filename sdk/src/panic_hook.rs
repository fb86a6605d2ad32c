//! What a panic said, for the crash event.

use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic;

/// A panic's message and where it happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) error: String,
    pub(crate) stack: String,
}

thread_local! {
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Notes each panic of a thread for [`take`], and then does what was done before.
pub(crate) fn install() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let message = info.payload_as_str().unwrap_or("a panic without a message");
        let place = info.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let stack = Backtrace::force_capture().to_string();
        let panic = Panic { error: format!("panic: {message}{place}"), stack };
        LAST.with_borrow_mut(|last| *last = Some(panic));
        before(info);
    }));
}

/// Takes this thread's last panic.
pub(crate) fn take() -> Panic {
    LAST.with_borrow_mut(Option::take).unwrap_or_default()
}
