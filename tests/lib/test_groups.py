"""Which tests run apart, and that the names say what exists: a test renamed must not fall back among the others."""

import re
import threading
from pathlib import Path

import pytest

import layers
import suite
from count import Counts

DEVICE = Path(__file__).resolve().parents[1] / "device"


@pytest.fixture
def groups(monkeypatch):
    monkeypatch.syspath_prepend(DEVICE)
    import groups
    return groups


def test_every_name_is_that_of_a_test(groups):
    for name in [*groups.ALONE, *groups.ONCE, *groups.FIRST]:
        file, _, function = name.partition("::")
        assert re.search(rf"^def {function or 'test_'}", (DEVICE / file).read_text(), re.MULTILINE), name


def test_what_is_alone_starts_when_the_others_have_ended(tmp_path, monkeypatch):
    ended, began, together = [], [], threading.Barrier(2, timeout=20)

    def other(place):
        assert not began
        ended.append(place.log.stem)
        return Counts(passed=1)

    def alone(place):
        began.append(place.log.stem)
        together.wait()     # two that are alone may run beside each other
        assert sorted(ended) == ["build", "extra", "unit"]
        return Counts(passed=1)

    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(suite, "BUILDS", tmp_path)
    monkeypatch.setattr(suite, "LAYERS", {
        "build": ((), other), "device-alone": ((), alone), "unit": (("build",), other),
        "device-asan-alone": (("build",), alone), "extra": ((), other)})
    total = suite.run_all(list(suite.LAYERS), tmp_path)
    assert (total.passed, total.failures) == (5, [])


def commands_of(tmp_path, monkeypatch, *arguments, **options):
    given = []

    def pytest_of(place, folders, timeout, environment, words):
        given.append((environment, words))
        return Counts(passed=1)

    monkeypatch.setattr(layers, "pytest", pytest_of)
    layers.device(layers.Place(tmp_path / "log", tmp_path, tmp_path), *arguments, **options)
    return given[0]


def test_each_test_of_the_daemon_is_in_one_layer_of_a_build(tmp_path, monkeypatch):
    many, alone = (commands_of(tmp_path, monkeypatch, "gcc", alone=alone)[1] for alone in (False, True))
    assert many == ["-m", "not alone", "-n", str(layers.WORKERS)] and alone == ["-m", "alone"]
    environment, words = commands_of(tmp_path, monkeypatch, "asan")
    assert words[1] == "not alone and not once" and environment["ERRAND_SANITIZED"] == "1"
    assert commands_of(tmp_path, monkeypatch, "asan", alone=True)[1] == ["-m", "alone and not once"]
