"""The make-believe board: a program of it that is killed leaves each file as it was or as it is to be."""

import subprocess
from pathlib import Path

import pytest

BOARD = Path(__file__).resolve().parent / "board"


@pytest.fixture
def board(tmp_path):
    for name, text in {"slot": "A", "next": "B", "version.A": "1.0"}.items():
        (tmp_path / name).write_text(text + "\n")
    return tmp_path


def run(board, *words):
    return subprocess.run([BOARD, board, *words], check=True, stdout=subprocess.PIPE, text=True, timeout=20).stdout


def test_booted(board):
    assert run(board, "booted") == "A 1.0\n"


def test_install_and_rollback(board):
    (board / "image").write_text("2.0 toaster\nmore\n")
    run(board, "rollback", "other")
    assert (board / "next").read_text() == "A\n"
    run(board, "install", board / "image")
    assert ((board / "next").read_text(), (board / "version.B").read_text()) == ("B\n", "2.0\n")
    assert not list(board.glob("new.*"))


@pytest.mark.parametrize("words", [["rollback", "other"], ["install", "image"]])
def test_what_boots_next_is_replaced_as_a_whole(board, words):
    """Never empty: who read it before still reads all of it."""
    (board / "image").write_text("2.0 toaster\n")
    with (board / "next").open() as before:
        run(board, *[board / word if word == "image" else word for word in words])
        assert before.read() == "B\n"
