"""The second look must not be able to call a bad run good."""

import pytest

import layers
from count import Counts
from layers import Died
from second_look import path_of, second_look

TITLE = "tests.device.test_answers::test_late[a b]"


def counts_of(*failures, passed=5):
    counts = Counts(passed=passed)
    for title, text in failures:
        counts.fail(title, text)
    return counts


def look(counts, answer):
    asked = []

    def run(tests):
        asked.extend(tests)
        return answer
    return second_look(counts, run), asked


def test_names_the_test_as_pytest_wants_it():
    assert path_of(TITLE) == "device/test_answers.py::test_late[a b]"
    assert path_of("pytest") is None and path_of("device") is None and path_of("tests.device::test") is None


def test_what_passes_by_itself_is_passed_and_told():
    counts, asked = look(counts_of((TITLE, "TimeoutError: final status")), Counts(passed=1))
    assert str(counts) == "6 passed, 0 failed"
    assert asked == ["device/test_answers.py::test_late[a b]"]
    assert counts.unsteady == [(TITLE, "TimeoutError: final status")] and counts.failures == []


@pytest.mark.parametrize("answer", [Counts(failed=1), Counts(skipped=1), Counts(), Counts(passed=1, failed=1)])
def test_what_does_not_has_failed(answer):
    counts, asked = look(counts_of((TITLE, "TimeoutError")), answer)
    assert asked and str(counts) == "5 passed, 1 failed" and not counts.unsteady


@pytest.mark.parametrize("failures", [
    [(f"tests.device.test_answers::test_{name}", "TimeoutError") for name in "abc"],
    [(TITLE, "TimeoutError"), ("pytest", "exit status 3")],
    [(TITLE, "AssertionError: AddressSanitizer in /tmp/log")],
    [(TITLE, "AssertionError: CRITICAL in /tmp/log")],
    [(TITLE, "AssertionError: a secret in /tmp/log: X-Amz-Signature=")],
    [("tests.device.test_kill_mix::test_req_01[next]", "a job ran twice")],
    [("tests.device.test_crash_points::test_req_01_02[shell]", "ran twice")],
    []])
def test_no_second_look_at_what_is_no_accident(failures):
    counts, asked = look(counts_of(*failures), Counts(passed=len(failures)))
    assert asked == [] and counts.failed == len(failures) and not counts.unsteady


def test_a_second_look_that_dies_saves_nothing(tmp_path, monkeypatch):
    answers = [counts_of((TITLE, "TimeoutError"))]

    def pytest_once(*_, **__):
        if not answers:
            raise Died("not done after 600 s")
        return answers.pop()
    monkeypatch.setattr(layers, "pytest", pytest_once)
    counts = layers.device(layers.Place(tmp_path / "log", tmp_path, tmp_path), "gcc")
    assert str(counts) == "5 passed, 1 failed"
