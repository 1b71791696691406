"""System updates on a board with two slots, RAUC and systemd. The tests run in order: one board's life."""

import subprocess

import pytest

from board import Board, Images, fill
from conftest import configure, install
from rauc_service import Keys

THING = "board"
JOB_SECONDS = 240       # a download and an install without KVM, beside other tests
SETTINGS = """
[plugin firmware]
ca-file=/etc/errand/certs/ca.pem
version-file=/etc/system-version
health-checks=test -e /etc/rauc/system.conf
health-units=gateway.service
health-timeout=30s
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory, cloud, debs):
    work = tmp_path_factory.mktemp("images")
    root = work / "root"
    keys = Keys(work / "keys")
    debian = install(root, debs, "errand", "errand-plugin-firmware")
    configure(root, cloud, THING, SETTINGS)
    fill(root, keys.keyring, "1")
    debian.run("systemctl", "enable", "errandd", "systemd-networkd", "gateway")
    yield Images(work, root, keys)
    subprocess.run(["rm", "-rf", "--one-file-system", str(work)], check=True, timeout=120)


@pytest.fixture(scope="module")
def board(tmp_path_factory, images):
    machine = Board(images, tmp_path_factory.mktemp("board"))
    try:
        assert machine.boot() == ["A"]
        yield machine
    finally:
        machine.cut_power()


class Updates:
    """Jobs of one board, as the service sees them."""

    def __init__(self, board, cloud, images):
        self.board, self.cloud, self.images = board, cloud, images

    def order(self, version):
        bundle = self.images.bundle(version)
        placed = self.cloud.put_file(bundle.name, bundle.read_bytes())
        return self.cloud.create_job({"operation": "firmware", "url": placed["placeholder"], "version": version}, THING)

    def downloads(self, version):
        return self.cloud.ledger(kind="file", name=f"{version}.raucb")

    def in_progress(self, job):
        return self.cloud.execution(job, THING)["status"] == "IN_PROGRESS"

    def restart(self, job, link=True):
        """The board restarts by itself, the job going on: which slots are tried then."""
        try:
            self.board.wait_down(JOB_SECONDS)
        except subprocess.TimeoutExpired:
            execution = self.cloud.execution(job, THING)
            raise AssertionError(f"no restart: {execution}\n{self.board.story()}") from None
        assert self.in_progress(job)
        return self.board.boot(link)

    def end(self, job):
        """Status and details of the only execution, which was told its end once."""
        try:
            execution = self.cloud.wait_status(job, thing=THING, timeout=JOB_SECONDS)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.board.story()}") from None
        updates = self.cloud.ledger(kind="request", api="UpdateJobExecution", jobId=job)
        told = [entry["payload"]["status"] for entry in updates]
        assert [status for status in told if status != "IN_PROGRESS"] == [execution["status"]], told
        assert [each["executionNumber"] for each in self.cloud.executions(job)] == [1]
        return execution["status"], execution["statusDetails"]


@pytest.fixture
def updates(board, cloud, images):
    return Updates(board, cloud, images)


def test_a_new_version_is_a_success_when_it_runs(updates, board):
    assert board.runs() == ("A", "1")
    job = updates.order("2")
    assert updates.restart(job) == ["B"]
    status, details = updates.end(job)
    assert (status, details["version"], details["slot"]) == ("SUCCEEDED", "2", "rootfs.1"), details
    assert board.runs() == ("B", "2")
    assert board.marks() == ({"A": "good", "B": "good"}, "B") and board.run("cat /data/boot/tries.B") == "proven"
    assert [entry["secure"] for entry in updates.downloads("2")] == [True]


def test_power_cut_in_mid_install_then_proven_without_a_network(updates, board):
    job = updates.order("3")
    board.wait("read -r a b c d e f sectors rest </sys/class/block/vda/stat && test $sectors -gt 20000", JOB_SECONDS,
               "RAUC at work on slot A")
    board.cut_power()
    fetched = len(updates.downloads("3"))
    assert board.boot() == ["B"]
    assert updates.restart(job, link=False) == ["A"]
    board.wait("test $(cat /data/boot/tries.A) = proven", JOB_SECONDS, "the slot marked good")
    assert board.run("ip -o -4 address show scope global") == ""
    assert updates.in_progress(job)
    board.set_link(True)
    status, details = updates.end(job)
    assert (status, details["version"], details["slot"]) == ("SUCCEEDED", "3", "rootfs.0"), details
    assert board.runs() == ("A", "3") and board.marks() == ({"A": "good", "B": "good"}, "A")
    assert len(updates.downloads("3")) == fetched


def test_a_system_that_does_not_boot_is_rolled_back_and_not_tried_again(updates, board, cloud):
    job = updates.order("4-broken")
    assert updates.restart(job) == ["B", "B", "B", "A"]
    status, details = updates.end(job)
    assert (status, details["reason"], details["slot"]) == ("FAILED", "rolled-back", "rootfs.0"), details
    assert board.runs() == ("A", "3")
    assert board.marks() == ({"A": "good", "B": "bad"}, "A")
    board.run("systemctl restart errandd", JOB_SECONDS)
    after = cloud.create_job({"operation": "shell", "command": ["true"]}, THING)
    assert updates.end(after)[0] == "SUCCEEDED"
    assert updates.end(job)[0] == "FAILED" and len(updates.downloads("4-broken")) == 1


def test_a_system_that_does_not_work_is_given_up(updates, board):
    job = updates.order("5-sick")
    tried = updates.restart(job)
    while tried[-1] == "B":
        tried += updates.restart(job)
    assert tried == ["B", "A"]
    status, details = updates.end(job)
    assert (status, details["reason"], details["slot"]) == ("FAILED", "health-check-failed", "rootfs.0"), details
    assert "unit gateway.service is not active: systemctl exited with status 3" in details["message"], details
    assert board.runs() == ("A", "3")
    assert board.marks() == ({"A": "good", "B": "bad"}, "A")
