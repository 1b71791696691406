"""The unit as shipped, under a real systemd. The tests run in order: one machine's life."""

import time

from conftest import NEWER, THING

JOB_SECONDS = 90        # a machine without KVM beside other tests
RESTART_SECONDS = 10
WATCHDOG_SECONDS = 30


def main_pid(guest):
    return int(guest.run("systemctl show -P MainPID errandd"))


def run_job(cloud, document, seconds=JOB_SECONDS):
    return cloud.wait_status(cloud.create_job(document, THING), thing=THING, timeout=seconds)


def succeeded(execution):
    assert execution["status"] == "SUCCEEDED", execution
    return execution["statusDetails"]


def failed(execution, reason=None):
    assert execution["status"] == "FAILED", execution
    assert reason is None or execution["statusDetails"]["reason"] == reason, execution


def handler(name, *arguments):
    """What the AWS managed templates send."""
    return {"version": "1.0", "steps": [{"action": {
        "name": name, "type": "runHandler", "input": {"handler": name, "args": list(arguments), "path": "default"},
        "runAsUser": ""}}]}


def wait_for_restart(guest, pid, seconds):
    """How long it took until another process was ready."""
    began = time.monotonic()
    guest.wait(f"p=$(systemctl show -P MainPID errandd) && test $p -ne 0 && test $p -ne {pid} && "
               "systemctl -q is-active errandd", seconds, "another process")
    return time.monotonic() - began


def test_starts_without_a_network(guest):
    assert guest.run("ip -o -4 address show scope global") == ""
    guest.run("systemctl enable --now errandd", 30)
    assert guest.run("systemctl is-active errandd") == "active"
    assert guest.run("systemctl show -P Type errandd") == "notify"


def test_connects_when_the_network_comes(guest, cloud):
    guest.run("systemctl enable --now systemd-networkd")
    details = succeeded(run_job(cloud, {"operation": "shell", "command": ["id", "-un"]}))
    assert details["stdout"] == "nobody"


def test_comes_back_after_a_kill(guest, cloud):
    pid = main_pid(guest)
    guest.run(f"kill -9 {pid}")
    assert wait_for_restart(guest, pid, JOB_SECONDS) <= RESTART_SECONDS
    succeeded(run_job(cloud, {"operation": "shell", "command": ["true"]}))


def test_watchdog_restarts_a_process_that_stands_still(guest, cloud):
    pid = main_pid(guest)
    guest.run(f"kill -STOP {pid}")
    assert wait_for_restart(guest, pid, 2 * JOB_SECONDS) <= WATCHDOG_SECONDS + RESTART_SECONDS
    assert "watchdog" in guest.run("journalctl -q --no-pager -u errandd")
    succeeded(run_job(cloud, {"operation": "shell", "command": ["true"]}))


def test_installs_a_package(guest, cloud):
    pid = main_pid(guest)
    succeeded(run_job(cloud, handler("install-packages.sh", "probe")))
    guest.run("test -u /usr/local/bin/probe-setuid && systemctl is-active probe")
    wait_for_restart(guest, pid, JOB_SECONDS)       # to know the plugin in it
    assert "\nprobe " in guest.run("errandctl plugins")


def test_restarts_a_service(guest, cloud):
    pid = guest.run("systemctl show -P MainPID probe")
    succeeded(run_job(cloud, handler("restart-services.sh", "probe")))
    assert guest.run("systemctl show -P MainPID probe") != pid


def test_reboots(guest, cloud):
    boot = guest.run("cat /proc/sys/kernel/random/boot_id")
    job = cloud.create_job({"operation": "reboot"}, THING)
    guest.wait_for_boot()
    succeeded(cloud.wait_status(job, thing=THING, timeout=JOB_SECONDS))
    assert guest.run("cat /proc/sys/kernel/random/boot_id") != boot


def test_upgrades_itself_by_a_job(guest, cloud):
    pid = main_pid(guest)
    execution = run_job(cloud, handler("install-packages.sh", "errand"), 2 * JOB_SECONDS)
    succeeded(execution)
    assert execution["executionNumber"] == 1
    assert guest.run("dpkg-query -W -f '${Version}' errand") == NEWER
    wait_for_restart(guest, pid, JOB_SECONDS)
    succeeded(run_job(cloud, {"operation": "shell", "command": ["true"]}))
    assert guest.run("systemctl show -P Result errandd") == "success"


def test_nothing_of_a_killed_daemon_goes_on(guest, cloud):
    job = cloud.create_job({"operation": "shell", "command": ["sleep", "1234"]}, THING)
    cloud.wait_status(job, "IN_PROGRESS", thing=THING, timeout=JOB_SECONDS)
    guest.wait("pgrep -f '^sleep 1234'", JOB_SECONDS, "the step")
    guest.run(f"kill -9 {main_pid(guest)}")
    failed(cloud.wait_status(job, thing=THING, timeout=JOB_SECONDS), "interrupted")
    assert guest.try_run("pgrep -f '^sleep 1234'")[0] == 1


def test_tells_the_truth_after_a_power_cut(guest, cloud):
    done = cloud.create_job({"operation": "shell", "command": ["true"]}, THING)
    cut = cloud.create_job({"operation": "shell", "command": ["sleep", "1234"]}, THING)
    cloud.wait_status(cut, "IN_PROGRESS", thing=THING, timeout=JOB_SECONDS)
    guest.wait("pgrep -f '^sleep 1234'", JOB_SECONDS, "the step")
    guest.cut_power()
    guest.power_on()
    failed(cloud.wait_status(cut, thing=THING, timeout=2 * JOB_SECONDS), "interrupted")
    succeeded(cloud.execution(done, THING))


def test_outlives_a_step_that_eats_all_memory(guest, cloud):
    pid = main_pid(guest)
    failed(run_job(cloud, {"operation": "shell", "command": ["tail", "/dev/zero"]}, 2 * JOB_SECONDS))
    assert "Out of memory" in guest.run("dmesg")
    assert main_pid(guest) == pid


def test_a_faulty_configuration_is_not_tried_again(guest, cloud):
    fault = "/etc/errand/errand.conf.d/99-fault.conf"
    guest.run(f"printf '[jobs]\\nworkflow=sometimes\\n' >{fault}")
    guest.try_run("systemctl restart errandd", JOB_SECONDS)
    guest.wait("systemctl -q is-failed errandd", JOB_SECONDS, "the failure")
    assert guest.run("systemctl show -P ExecMainStatus errandd") == "78"
    assert "sometimes" in guest.run("journalctl -q --no-pager -u errandd -n 20")
    guest.run(f"rm {fault} && systemctl start errandd")
    succeeded(run_job(cloud, {"operation": "shell", "command": ["true"]}))


def test_stop_lets_a_step_end(guest, cloud):
    job = cloud.create_job({"operation": "shell", "command": ["sleep", "5"]}, THING)
    cloud.wait_status(job, "IN_PROGRESS", thing=THING, timeout=JOB_SECONDS)
    guest.run("systemctl stop errandd", JOB_SECONDS)
    assert guest.run("systemctl show -P Result errandd") == "success"
    assert guest.try_run("pgrep -x errand-runner")[0] == 1
    succeeded(cloud.wait_status(job, thing=THING, timeout=5))


def test_purge_leaves_nothing(guest):
    guest.run("systemctl start errandd && DEBIAN_FRONTEND=noninteractive apt-get -q -y purge errand", JOB_SECONDS)
    for path in ("/etc/errand", "/var/lib/errand", "/etc/systemd/system/multi-user.target.wants/errandd.service"):
        assert guest.try_run(f"test -e {path} || test -L {path}")[0] == 1, path
    assert guest.try_run("pgrep -x errandd")[0] == 1
    assert guest.run("systemctl --failed --no-legend --plain") == ""
