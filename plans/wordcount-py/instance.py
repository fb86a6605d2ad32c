"""What every instance does: reads its environment, reports events, writes metrics."""

import ipaddress
import json
import os
import socket
import sys
import time
import traceback

from sync_client import SyncClient


class Failure(Exception):
    """The system under test did something wrong; not a mistake of this program."""


class Instance:
    """One participant of a run."""

    def __init__(self):
        """Reads the environment that every runner sets."""
        env = os.environ
        self.plan, self.case, self.run = env["TEST_PLAN"], env["TEST_CASE"], env["TEST_RUN"]
        self.group = env["TEST_GROUP_ID"]
        self.instances = int(env["TEST_INSTANCE_COUNT"])
        self.outputs = env["TEST_OUTPUTS_PATH"]
        self.params = dict(pair.split("=", 1) for pair in env["TEST_INSTANCE_PARAMS"].split("|") if pair)
        host = env.get("SYNC_SERVICE_HOST") or "testground-sync-service"
        port = int(env.get("SYNC_SERVICE_PORT") or 5050)
        self.sync = SyncClient(host, port, f"run:{self.run}:plan:{self.plan}:case:{self.case}")
        self._metrics = open(os.path.join(self.outputs, "metrics.ndjson"), "a", encoding="utf-8")

    def param(self, name):
        """Returns a parameter that is a whole number above 0."""
        value = int(self.params[name])
        if value <= 0:
            raise Failure(f"parameter `{name}` is {value}; it has to be above 0")
        return value

    def metric(self, name, value, unit):
        """Appends one sample; the file is read when the instance is gone."""
        self._metrics.write(json.dumps({"metric": name, "value": value, "unit": unit}) + "\n")

    def event(self, event):
        """Prints an event as one line, which is how a runner learns the outcome."""
        line = {"ts": time.time_ns(), "msg": "", "group_id": self.group, "run_id": self.run, "event": event}
        print(json.dumps(line), flush=True)

    def message(self, text):
        """Says something to whoever reads the log."""
        self.event({"message_event": {"message": text}})

    def address(self):
        """Returns this instance's address in the network of the system under test."""
        network = ipaddress.ip_network(os.environ["TEST_SUBNET"], strict=False)
        if network.is_loopback:
            return "127.0.0.1"
        # The kernel knows from which address it would reach the network; nothing is sent.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((str(network.network_address + 1), 9))
            return probe.getsockname()[0]


def main(testcases):
    """Runs the testcase that the environment names, and reports how it ended."""
    instance = Instance()
    try:
        if instance.case not in testcases:
            raise Failure(f"this plan has no testcase `{instance.case}`")
        instance.event({"start_event": {"runenv": {"plan": instance.plan, "case": instance.case, "run": instance.run}}})
        testcases[instance.case](instance)
        outcome, status = {"success_event": {"group": instance.group}}, 0
    except Failure as failure:
        outcome, status = {"failure_event": {"group": instance.group, "error": str(failure)}}, 1
    except Exception as crash:  # whatever it is, the runner should know
        text = traceback.format_exc()
        outcome, status = {"crash_event": {"group": instance.group, "error": repr(crash), "stacktrace": text}}, 1
    instance._metrics.close()
    instance.event(outcome)
    try:
        instance.sync.publish_event(outcome)
    except Exception as lost:  # the event is on standard output already
        print(f"cannot publish the outcome: {lost!r}", file=sys.stderr)
    instance.sync.close()
    sys.exit(status)
