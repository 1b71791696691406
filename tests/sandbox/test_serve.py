"""The program: commands, restarts, sudden ends, and what it survives."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import types

import pytest
from conversation import PREFIX, THING, Device, Some
from errand_sandbox.client import PROGRAM, Sandbox
from errand_sandbox.faults import ACTIONS
from errand_sandbox.front import Front
from errand_sandbox.switches import TABLE


def command(sandbox, *words, stdin=None, status=0, environment=None):
    done = subprocess.run([sys.executable, str(PROGRAM), *map(str, words)], input=stdin, text=True, timeout=30,
                          capture_output=True, env={**os.environ, "ERRAND_SANDBOX_DIRECTORY": str(sandbox.directory),
                                                    **(environment or {})})
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status in (0, 1, 2) else done.stderr


def test_thing_gives_a_configuration(sandbox):
    text = command(sandbox, "thing", "gw-cli")
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert lines["name"] == "gw-cli" and lines["host"] == "localhost" and int(lines["port"]) > 0
    assert text.startswith("[broker]\n") and "\n[thing]\n" in text
    assert stat.S_IMODE(os.stat(lines["private-key-file"]).st_mode) == 0o600
    written = (sandbox.directory / "things" / "gw-cli" / "errand.conf").read_text()
    assert written == text
    key = open(lines["private-key-file"]).read()
    command(sandbox, "thing", "gw-cli")
    assert open(lines["private-key-file"]).read() == key
    assert "64 characters" in command(sandbox, "thing", "x" * 65, status=3)
    assert "Thing name" in command(sandbox, "thing", "../up", status=3)


def test_commands(sandbox, over_broker, tmp_path):
    document = tmp_path / "document.json"
    document.write_text('{"op":"a"}')
    job = command(sandbox, "create-job", "--thing", THING, "--document", document, "--timeout", 5,
                  "--retries", 1).strip()
    assert command(sandbox, "create-job", "--thing", THING, "--document", "-", "--job-id", "jobB",
                   stdin='{"op":"b"}') == "jobB\n"
    assert command(sandbox, "list").splitlines() == ["jobB  IN_PROGRESS", f"{job}  IN_PROGRESS"]
    over_broker.drop_messages()
    over_broker.send(f"{job}/update", {"status": "SUCCEEDED", "statusDetails": {"k": "v"}})
    assert command(sandbox, "wait", job, "--timeout", 10) == f"{THING} #1 SUCCEEDED k=v\n"
    assert "COMPLETED" in command(sandbox, "describe", job)
    assert json.loads(command(sandbox, "describe", job, "--json"))["executions"][0]["status"] == "SUCCEEDED"
    assert "not ended" in command(sandbox, "wait", "jobB", "--timeout", 0.1, status=3)
    command(sandbox, "cancel", "jobB", "--force")
    command(sandbox, "wait", "jobB", status=1)
    command(sandbox, "delete", "jobB")
    sandbox.create_job({}, THING, "jobC")
    over_broker.send("jobC/update", {"status": "REJECTED"})
    command(sandbox, "wait", "jobC", status=2)
    assert "jobX" in command(sandbox, "describe", "jobX", status=3)
    assert "No such file" in command(sandbox, "create-job", "--thing", THING, "--document", "/none", status=3)
    assert "no JSON" in command(sandbox, "create-job", "--thing", THING, "--document", "-", stdin="{", status=3)


def test_knobs_on_the_command_line(sandbox, over_broker, tmp_path):
    assert command(sandbox, "fault", "add", "UpdateJobExecution", "delay", "seconds=1.5", "thing=x").strip().isdigit()
    assert '"seconds": 1.5' in command(sandbox, "fault", "list")
    command(sandbox, "fault", "clear")
    assert command(sandbox, "fault", "list") == "no faults\n"
    assert "action must be" in command(sandbox, "fault", "add", "*", "explode", status=3)
    assert "status-details=merge" in command(sandbox, "switch", "status-details", "merge")
    assert "none of replace, merge" in command(sandbox, "switch", "status-details", "x", status=3)
    assert "ahead" in command(sandbox, "clock", "advance", 5)
    (tmp_path / "f").write_text("x")
    assert command(sandbox, "put-file", tmp_path / "f", "--name", "cli/f").startswith("${aws:iot:s3-presigned-url:")
    assert "errand-sandbox serve" in command(sandbox, "list", "--directory", "/none", status=3)
    assert "no server answers" in command(sandbox, "list", "--endpoint", "http://127.0.0.1:1", status=3)


def test_the_server_served_last_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ERRAND_SANDBOX_DIRECTORY", raising=False)
    with Sandbox(tmp_path / "served") as server:
        assert command(server, "list", environment={"ERRAND_SANDBOX_DIRECTORY": ""}) == "no jobs\n"
        assert command(server, "list", "--endpoint", server.endpoint["http"]) == "no jobs\n"


def mosquitto_of(sandbox):
    children = f"/proc/{sandbox.process.pid}/task/{sandbox.process.pid}/children"
    return [int(pid) for pid in open(children).read().split()]


def gone(pid, seconds=5):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_a_clean_end_and_a_restart(tmp_path, number):
    with Sandbox(tmp_path) as server:
        server.thing(THING)
        server.create_job({"op": "kept"}, THING, "jobA", timeout=7, retries=2)
        server.switch("status-details", "merge")
        before, broker = server.endpoint, mosquitto_of(server)
        assert len(broker) == 1
        server.process.send_signal(number)
        assert server.process.wait(10) == 0
        assert gone(broker[0])
        server.start()
        assert server.endpoint["port"] == before["port"] and server.endpoint["http"] == before["http"]
        device = Device(server.thing(THING))
        try:
            device.client.publish(PREFIX + "start-next", b"")
            answer = json.loads(device.messages.get(timeout=10).payload)
            assert answer["execution"] == Some(jobId="jobA", jobDocument={"op": "kept"})
            assert 400 < answer["execution"]["approximateSecondsBeforeTimedOut"] <= 420
        finally:
            device.close()
        assert server.call("GET", "/_sandbox/switches")["switches"]["status-details"] == "merge"
        again = subprocess.run([sys.executable, str(PROGRAM), "serve", "--directory", str(tmp_path)],
                               capture_output=True, text=True, timeout=20)
        assert again.returncode == 1 and "another process" in again.stderr


def test_a_sudden_end_leaves_no_broker(tmp_path):
    server = Sandbox(tmp_path).start()
    broker = mosquitto_of(server)
    server.broker("restart")
    restarted = [pid for task in os.listdir(f"/proc/{server.process.pid}/task") for pid in
                 map(int, open(f"/proc/{server.process.pid}/task/{task}/children").read().split())]
    assert len(restarted) == 1 and restarted != broker
    server.kill()
    assert gone(restarted[0])


def test_it_ends_with_its_parent(tmp_path):
    script = (f"import sys, time; sys.path.insert(0, {str(PROGRAM.parent)!r})\n"
              f"from errand_sandbox.client import Sandbox\n"
              f"print(Sandbox({str(tmp_path)!r}).start().endpoint['pid'], flush=True); time.sleep(600)")
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        server = int(parent.stdout.readline())
        parent.kill()
    assert gone(server)


def test_it_prints_the_conversation(tmp_path):
    with Sandbox(tmp_path, "--verbose") as server:
        server.thing(THING)
        server.create_job({"op": "seen"}, THING, "jobA")
        for line in server.process.stdout:
            if f"notification {THING} notify-next" in line:
                break
        assert '"jobDocument": {"op": "seen"}' in line


def test_damaged_state_is_set_aside(tmp_path):
    for damage in (b"", b"{", b"[]", b'{"seq":1,"things":[{}],"groups":[],"jobs":[]}'):
        (tmp_path / "state.json").write_bytes(damage)
        with Sandbox(tmp_path) as server:
            assert server.call("GET", "/jobs") == {"jobs": []}
        assert (tmp_path / "state.json.bad").read_bytes() == damage


def test_a_broker_that_dies_ends_the_server(tmp_path):
    server = Sandbox(tmp_path).start()
    os.kill(mosquitto_of(server)[0], signal.SIGKILL)
    assert server.process.wait(10) == 1
    server.process.stdout.close()


def test_kick(sandbox):
    paths = sandbox.thing("gw-4")
    begun = sandbox.last()
    victim = Device(paths, ("get/+",), client_id="gw-4-client")
    try:
        sandbox.expect(begun, kind="connection", event="connected", clientId="gw-4-client", thing="gw-4")
        before = sandbox.last()
        sandbox.kick("gw-4")
        victim.disconnected.get(timeout=10)
        sandbox.expect(before, kind="connection", event="connected", clientId="gw-4-client", thing="gw-4")
    finally:
        victim.close()


def test_broker_stop_and_start(tmp_path):
    with Sandbox(tmp_path) as server:
        device = Device(server.thing(THING))
        try:
            server.broker("stop")
            device.disconnected.get(timeout=10)
            server.create_job({"op": "old"}, THING, "jobO", timeout=1)
            server.call("PUT", f"/things/{THING}/jobs/$next", {})
            server.advance(61)
            assert server.wait_status("jobO", thing=THING, timeout=10)["status"] == "TIMED_OUT"
            server.create_job({"op": "meanwhile"}, THING, "jobA")
            server.broker("start")
            device.granted.get(timeout=10)
            device.client.publish(PREFIX + "$next/get", b"", 1)
            while not (message := device.messages.get(timeout=10)).topic.endswith("get/accepted"):
                pass
            assert json.loads(message.payload)["execution"] == Some(jobId="jobA")
        finally:
            device.close()


def test_what_the_service_never_said(sandbox, over_broker):
    sandbox.publish(PREFIX + "notify-next", b'{"timestamp":1')
    assert over_broker.device.messages.get(timeout=10).payload == b'{"timestamp":1'
    over_broker.queued("jobA")
    sandbox.notify(THING)
    over_broker.expect("notify", Some())
    over_broker.expect("notify-next", Some(execution=Some(jobId="jobA")))


def test_no_wake_up_is_lost():
    """One that comes while the last one is being read must not silence all that follow."""
    front = Front(types.SimpleNamespace(), None, None)
    source = front._wake_in

    class Late:
        def recv(self, size):
            front.wake()
            return source.recv(size)

    front._wake_in = Late()
    front.wake()
    front._drain_wake()
    front.wake()
    assert source.recv(10) == b"w"


def test_faults_choose_their_requests(bench):
    bench.queued("jobA")
    bench.fault("UpdateJobExecution", "drop-answer", status="SUCCEEDED", job="jobA")
    bench.accepted("jobA/update", {"status": "IN_PROGRESS"}, Some())
    bench.send("jobA/update", {"status": "SUCCEEDED"})
    bench.expect_both({})
    bench.rejected("jobA/update", {"status": "SUCCEEDED"}, Some(code="InvalidStateTransition"))
    bench.fault("GetPendingJobExecutions", "duplicate", copies=3, skip=1)
    bench.accepted("get", {}, Some())
    bench.accepted("get", {}, Some())
    bench.expect("get/accepted", Some())
    bench.expect("get/accepted", Some())
    bench.fault("*", "delay", seconds=60)
    bench.send("get", {"clientToken": "held"})
    bench.quiet()
    bench.release()
    bench.expect("get/accepted", Some(clientToken="held"))


def test_the_ledger_tells_everything_in_order(sandbox, over_broker):
    over_broker.queued("jobA")
    before = sandbox.last()
    over_broker.accepted("jobA/update", {"status": "FAILED", "clientToken": "l"}, Some())
    over_broker.expect_both({})
    entries = [e for e in sandbox.ledger(before) if e["kind"] != "control"]
    assert [(e["kind"], e["api"]) for e in entries] == [
        ("request", "UpdateJobExecution"), ("answer", "UpdateJobExecution"), ("notification", "notify"),
        ("notification", "notify-next")]
    assert entries[0]["payload"] == {"status": "FAILED", "clientToken": "l"} and entries[1]["accepted"]
    numbers = [e["n"] for e in entries]
    assert numbers == sorted(numbers) and entries[0]["monotonic"] <= entries[-1]["monotonic"]
    assert sandbox.ledger(before, kind="answer", thing=THING)[0]["n"] == entries[1]["n"]
    assert sandbox.ledger(numbers[-1], timeout=0.05, kind="answer") == []
    with pytest.raises(TimeoutError):
        sandbox.create_job({}, THING, "jobB")
        sandbox.wait_status("jobB", timeout=0.05)


def test_every_switch_is_in_the_manual():
    text = (PROGRAM.parent / "README.md").read_text()
    for name, row in TABLE.items():
        values = f"a number, {row[1]}" if row[0] is None else " · ".join(row[0])
        assert f"| `{name}` | {values} | {row[-1]} |" in text
    for actions in ACTIONS.values():
        for action in actions:
            assert f"`{action}`" in text
