//! `ground sync-service`: the sync service alone, for authors of SDKs.

use ground_runner::sync_service::SyncServer;

use super::{Context, print};
use crate::args::SyncService;
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(context: &Context, command: &SyncService) -> Result<Exit, CliError> {
    let listen = command.listen;
    let server = context.block_on(async move { SyncServer::bind(listen) }).map_err(|error| {
        CliError::from_error(Exit::Broken, &error).hint("name another address with --listen")
    })?;
    print(&format!("listening on ws://{}/\n", server.local_addr()))?;
    context.block_on(async move {
        // Ends on Ctrl-C; a machine without signals ends by being killed.
        let _ = tokio::signal::ctrl_c().await;
        server.shutdown().await;
    });
    Ok(Exit::Good)
}
