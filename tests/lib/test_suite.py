"""tests/run itself: it must not be able to call a bad run good."""

import re

import pytest

import layers
import suite
from count import Counts
from layers import LAYERS, Died


def die(place):
    raise Died("no broker")


def break_down(place):
    raise KeyError("oops")


def leave_a_report(place):
    (place.scratch / "san.12").write_text("==12==ERROR: AddressSanitizer: heap-buffer-overflow\n")
    return Counts(passed=1)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a table of layers as tests/run would; returns (exit status, last line, all output)."""
    def run_table(table, arguments=()):
        (tmp_path / "logs").mkdir(exist_ok=True)
        monkeypatch.setattr(suite, "BUILDS", tmp_path)
        monkeypatch.setattr(suite, "LAYERS", table)
        monkeypatch.setattr("sys.argv", ["tests/run", *arguments])
        status = suite.main()
        for report in tmp_path.rglob("san.*"):
            report.unlink()
        output = capsys.readouterr().out
        return status, output.rstrip("\n").split("\n")[-1], output
    return run_table


def test_all_good(run):
    status, last, _ = run({"a": ((), lambda place: Counts(passed=2, skipped=1)),
                           "b": (("a",), lambda place: Counts(passed=3))})
    assert (status, last) == (0, "5 passed, 0 failed, 1 skipped")


@pytest.mark.parametrize("layer, said", [(die, "no broker"), (break_down, "KeyError"),
                                         (lambda place: Counts(), "has no tests")])
def test_a_layer_without_results_has_failed(run, layer, said):
    status, last, output = run({"a": ((), layer), "b": ((), lambda place: Counts(passed=1))})
    assert (status, last) == (1, "1 passed, 1 failed")
    assert said in output


def test_a_report_no_test_noticed_fails_the_run(run):
    status, last, output = run({"a": ((), leave_a_report)})
    assert (status, last) == (1, "1 passed, 1 failed")
    assert "heap-buffer-overflow" in output


def test_layers_of_a_broken_build_have_failed(run):
    status, last, output = run({"build": ((), die), "unit": (("build",), lambda place: Counts(passed=1))})
    assert (status, last) == (1, "0 passed, 2 failed")
    assert "not run: build failed" in output


def test_the_last_line_has_its_form(run):
    _, last, _ = run({"a": ((), lambda place: Counts(passed=1))})
    assert re.fullmatch(r"\d+ passed, \d+ failed(, \d+ skipped)?", last)


def test_choosing_layers():
    assert suite.choose(suite.parse(["--only", "unit"])) == ["build", "build-asan", "unit", "unit-asan"]
    assert "lint" not in suite.choose(suite.parse([])) and "lint" in suite.choose(suite.parse(["--lint"]))
    assert set(suite.choose(suite.parse([]))) == set(LAYERS) - {"lint", "vm", "long"}
    assert "vm" in suite.choose(suite.parse(["--vm"]))
    assert suite.choose(suite.parse(["--only", "long"])) == ["build", "long"]
    assert "package" not in suite.choose(suite.parse(["--quick"]))
    with pytest.raises(SystemExit):
        suite.parse(["--only", "units"])


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path):
    place = layers.Place(tmp_path / "log", tmp_path, tmp_path)
    with pytest.raises(Died, match="not done after"):
        layers.run(place, ["sh", "-c", "sleep 100 & sleep 100"], 0.2)


def test_says_why_tests_were_skipped_once_for_each_reason(run):
    counts = Counts(passed=1)
    counts.skip("firmware", "no loop device")
    counts.skip("proxy", "no network")
    counts.skip("update", "no loop device")
    counts.skip("rollback", "no loop device")
    _, last, output = run({"a": ((), lambda place: counts)})
    assert last == "1 passed, 0 failed, 4 skipped"
    assert [line for line in output.split("\n") if line.startswith("    ")] == [
        "    skipped no loop device (firmware and 2 more)", "    skipped no network (proxy)"]


def test_failures_come_before_skips_and_once_more_at_the_end(run, tmp_path):
    counts = Counts(passed=3)
    counts.skip("proxy", "no network")
    counts.fail("test_x.py::test_a", "assert 1 == 2")
    counts.fail("test_x.py::test_b[one\ntwo]", "assert 2 == 3")

    def dump_core(place):
        (tmp_path / "core.7").write_text("ELF")
        die(place)

    _, last, output = run({"a": ((), lambda place: counts), "b": ((), dump_core)})
    (tmp_path / "core.7").unlink()      # tests/run sweeps this directory, too
    assert output.index("assert 1 == 2") < output.index("no network")
    lines = output.rstrip("\n").split("\n")
    assert sorted(lines[-5:-1]) == [
        "FAILED a: test_x.py::test_a", "FAILED a: test_x.py::test_b[one two]", "FAILED b: b",
        f"FAILED core file {tmp_path}/core.7"]
    assert lines[-1] == last == "3 passed, 4 failed, 1 skipped"


def test_what_was_unsteady_is_told_twice_and_does_not_fail(run):
    counts = Counts(passed=2, unsteady=[("test_x.py::test_a", "TimeoutError: no answer")])
    status, last, output = run({"a": ((), lambda place: counts)})
    assert (status, last) == (0, "2 passed, 0 failed")
    assert "    UNSTEADY test_x.py::test_a" in output and "TimeoutError: no answer" in output
    assert output.rstrip("\n").split("\n")[-2] == "UNSTEADY a: test_x.py::test_a"
