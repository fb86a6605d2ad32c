//! A service for tests of the SDK.

use std::collections::BTreeMap;
use std::path::Path;

use ground_runner::sync_service::SyncServer;
use tokio::runtime::Runtime;

/// A service with a runtime of its own, since the SDK blocks.
pub(crate) struct Service {
    pub(crate) runtime: Runtime,
    pub(crate) server: Option<SyncServer>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server =
            runtime.block_on(async { SyncServer::bind("127.0.0.1:0".parse().unwrap()).unwrap() });
        Self { runtime, server: Some(server) }
    }

    pub(crate) fn server(&self) -> &SyncServer {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn environment(
        &self,
        case: &str,
        index: u32,
        count: u32,
        outputs: &Path,
    ) -> BTreeMap<&'static str, String> {
        let port = self.server().local_addr().port();
        [
            ("TEST_PLAN", "guest".to_owned()),
            ("TEST_CASE", case.to_owned()),
            ("TEST_RUN", "r1".to_owned()),
            ("TEST_GROUP_ID", "g".to_owned()),
            ("TEST_INSTANCE_COUNT", count.to_string()),
            ("TEST_GROUP_INSTANCE_COUNT", count.to_string()),
            ("TEST_INSTANCE_PARAMS", String::new()),
            ("TEST_OUTPUTS_PATH", outputs.display().to_string()),
            ("TEST_SIDECAR", "false".to_owned()),
            ("SYNC_SERVICE_HOST", "127.0.0.1".to_owned()),
            ("SYNC_SERVICE_PORT", port.to_string()),
            ("GROUND_INSTANCE", format!("g[{index}]")),
            ("GROUND_INSTANCE_INDEX", index.to_string()),
            ("GROUND_SEED", "42".to_owned()),
        ]
        .into()
    }
}
