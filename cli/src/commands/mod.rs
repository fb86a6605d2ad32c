//! One file for each command: parse what is left to parse, call the rooms, print.

pub(crate) mod analysis;
mod changes;
mod compare;
mod demo;
mod describe;
mod flaky;
mod gate;
mod report;
pub(crate) mod run;
mod series;
mod sql;
mod sync_service;
mod verify;

use std::io::{self, Write};
use std::sync::Arc;

use ground_store::{OpenMode, Store};
use tokio::runtime::Runtime;

use crate::args::{Args, Command, Global};
use crate::error::CliError;
use crate::exit::Exit;
use crate::flow::Places;
use crate::hints;

/// Runs the command.
pub(crate) fn dispatch(args: Args) -> Result<Exit, CliError> {
    let context = Context { global: Arc::new(args.global), runtime: Arc::new(runtime()?) };
    match args.command {
        Command::Run(command) => run::run(&context, &command),
        Command::Compare(command) => compare::run(&context, &command),
        Command::Gate(command) => gate::run(&context, &command),
        Command::Changes(command) => changes::run(&context, &command),
        Command::Flaky(command) => flaky::run(&context, &command),
        Command::Warmup(command) => series::warmup(&command.series),
        Command::Report(command) => report::run(&context, &command),
        Command::Sql(command) => sql::run(&context, &command),
        Command::Describe(command) => describe::run(&command),
        Command::Verify(command) => verify::run(&context, &command),
        Command::SyncService(command) => sync_service::run(&context, &command),
        Command::Demo(command) => demo::run(&context, &command),
    }
}

/// What every command needs.
pub(crate) struct Context {
    pub(crate) global: Arc<Global>,
    runtime: Arc<Runtime>,
}

fn runtime() -> Result<Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Query plans of DataFusion nest deeply, and unoptimised builds have large frames.
        .thread_stack_size(16 << 20)
        .build()
        .map_err(|error| CliError::from_error(Exit::Broken, &error))
}

impl Context {
    /// The same, with another store and another state directory.
    pub(crate) fn at(&self, places: &Places) -> Self {
        let mut global = Global::clone(&self.global);
        global.store.clone_from(&places.store);
        global.state.clone_from(&places.state);
        Self { global: Arc::new(global), runtime: Arc::clone(&self.runtime) }
    }

    /// Opens the store for reading; a missing one is wrong input.
    pub(crate) fn open_store(&self) -> Result<Store, CliError> {
        let location = self.global.store.clone();
        self.block_on(async move { Store::open(&location, OpenMode::Read).await })
            .map_err(hints::of_open)
    }

    /// Runs a future on this thread.
    pub(crate) fn drive<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Runs a future on the runtime's own threads, whose stacks are large.
    pub(crate) fn block_on<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let joined = self.runtime.block_on(self.runtime.spawn(future));
        match joined {
            Ok(value) => value,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Prints data on standard output; a reader that has gone is no failure.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::from_error(Exit::Broken, &error))
        }
        _ => Ok(()),
    }
}
