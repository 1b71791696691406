"""The counting and sweeping that tests/run believes."""

import json

import pytest

from count import Counts, from_junit, from_meson, from_tap
from sweep import alarms_in, cores_below, sweep

TAP = "# random seed\n1..4\nok 1 /a/b\nnot ok 2 /a/c - wrong\nok 3 /a/d # SKIP no network\nok 4 /a/e\n"


def test_tap_counts_single_tests():
    counts = from_tap(TAP, "a")
    assert (counts.passed, counts.failed, counts.skipped) == (2, 1, 1)
    assert [reason for _, reason in counts.reasons] == ["no network"]
    assert counts.failures[0][0] == "a /a/c - wrong"


@pytest.mark.parametrize("text", [
    "1..2\nok 1 /a\n", "ok 1 /a\n", "1..1\nok 1 /a\nBail out! /b\n", "", "1..0\n", "1..0\nok 1 /a\n"])
def test_tap_that_ends_early_has_failed(text):
    assert from_tap(text, "a").failed == 1


def test_tap_may_skip_everything():
    counts = from_tap("1..0 # SKIP no broker\n", "a")
    assert (str(counts), counts.reasons) == ("0 passed, 0 failed, 1 skipped", [("a", "no broker")])


def test_tap_ignores_what_is_not_a_result():
    assert str(from_tap("1..1\nokay\n    ok 1 sub\n# ok 7\nok 1 /a\n", "a")) == "1 passed, 0 failed"


def test_junit(tmp_path):
    path = tmp_path / "junit.xml"
    path.write_text('<testsuites><testsuite tests="4"><testcase classname="m" name="a"/>'
                    '<testcase classname="m" name="b"><failure message="no">assert</failure></testcase>'
                    '<testcase classname="m" name="c"><error message="bad">setup</error></testcase>'
                    '<testcase classname="m" name="d"><skipped message="no loop device"/>'
                    '</testcase></testsuite></testsuites>')
    counts = from_junit(path)
    assert str(counts) == "1 passed, 2 failed, 1 skipped"
    assert counts.reasons == [("m::d", "no loop device")]
    assert counts.failures[0] == ("m::b", "assert")


def meson_log(tmp_path, *tests):
    path = tmp_path / "unit.json"
    path.write_text("".join(json.dumps({"name": "t", "stdout": "", "returncode": 0, **test}) + "\n" for test in tests))
    return from_meson(path)


def test_meson_sums_tap_and_plain_tests(tmp_path):
    counts = meson_log(tmp_path, {"result": "OK", "stdout": "1..2\nok 1 a\nok 2 b\n"}, {"result": "OK"},
                       {"result": "SKIP", "returncode": 77})
    assert str(counts) == "3 passed, 0 failed, 1 skipped"


def test_meson_a_crash_after_good_results_has_failed(tmp_path):
    counts = meson_log(tmp_path, {"result": "ERROR", "stdout": "1..1\nok 1 a\n", "returncode": -11})
    assert str(counts) == "1 passed, 1 failed"
    assert "ERROR" in counts.failures[0][1]


@pytest.mark.parametrize("result", ["FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"])
def test_meson_a_plain_failure(tmp_path, result):
    assert str(meson_log(tmp_path, {"result": result, "returncode": 1})) == "0 passed, 1 failed"


def test_meson_counts_the_tests_of_a_pytest(tmp_path):
    skipped = "SKIPPED [1] a.py:9: no token\n"
    counts = meson_log(tmp_path, {"result": "OK", "stdout": f"....\n{skipped}12 passed, 1 skipped in 3.20s\n"},
                       {"result": "FAIL", "stdout": "=== 2 failed, 3 passed in 3.20s ===\n", "returncode": 1})
    assert str(counts) == "15 passed, 2 failed, 1 skipped"
    assert counts.reasons == [("a.py:9", "no token")]


def test_a_failure_is_counted_once(tmp_path):
    counts = meson_log(tmp_path, {"result": "FAIL", "stdout": "1..1\nnot ok 1 a\n", "stderr": "why"})
    assert str(counts) == "0 passed, 1 failed"
    assert "why" in counts.failures[0][1]


def test_counts_add_up():
    counts = Counts(passed=1)
    counts.add(from_tap(TAP, "a"))
    assert str(counts) == "3 passed, 1 failed, 1 skipped" and counts.total() == 5


@pytest.mark.parametrize("line", [
    "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
    "==7==ERROR: LeakSanitizer: detected memory leaks",
    "../core/a.c:3:5: runtime error: signed integer overflow",
    "(errandd:12): GLib-CRITICAL **: 10:00:00.000: g_strdup failed",
    "GLib:ERROR: no", "Segmentation fault (core dumped)"])
def test_alarms(line):
    assert bool(alarms_in("before\n" + line + "\n    #0 in f core/a.c:3\n")) == (line != "GLib:ERROR: no")


def test_the_zoo_may_crash():
    report = "==7==ERROR: AddressSanitizer: SEGV on unknown address\n    #0 0x1 in run ../tests/zoo/segv.c:9\n"
    assert alarms_in(report) == []
    assert alarms_in(report + "x\n" * 70 + "==8==ERROR: AddressSanitizer: SEGV\n#0 core/a.c\n")


def test_sweep_reads_logs_and_sees_cores(tmp_path):
    report = "==7==ERROR: LeakSanitizer: detected memory leaks\n"
    files = {"device.log": "x\n" + report, "data.bin": report, "core.12": "ELF"}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    found = {(path.name, line) for path, line in sweep([tmp_path])}
    late, one = cores_below([tmp_path], 2e12), sweep([tmp_path / "device.log"])
    for name in files:
        (tmp_path / name).unlink()      # tests/run sweeps this directory, too
    assert found == {("device.log", "==7==ERROR: LeakSanitizer: detected memory leaks"), ("core.12", "core file")}
    assert late == [] and len(one) == 1
