"""Manifest, README, errand.conf and errand.conf(5) tell the same settings with the same defaults."""

import re

import pytest

from check import read
from settings import manifest_settings, of_keyfile, of_manual, of_readme, readme_faults
from tree import list_files

MANIFESTS = [path for path in list_files() if re.fullmatch(r"plugins/(?!example)\w+/\w+\.plugin", path)]
KEYFILE = of_keyfile(read("config/errand.conf"))
MANUAL = of_manual(read("packaging/man/errand.conf.5"))
NEEDED = ("host", "ca-file", "certificate-file", "private-key-file", "name")    # examples, no defaults


def test_plugins_and_groups_were_found():
    assert len(MANIFESTS) >= 5
    assert {"broker", "jobs", "plugin download"} <= set(KEYFILE)


def test_keyfile_and_manual_have_the_same_groups():
    assert list(KEYFILE) == list(MANUAL)


@pytest.mark.parametrize("group", KEYFILE)
def test_keyfile_and_manual_agree(group):
    def told(page):
        return {key: "" if group in ("broker", "thing") and key in NEEDED else value for key, value in page.items()}
    assert told(KEYFILE[group]) == told(MANUAL[group])


@pytest.mark.parametrize("path", MANIFESTS)
def test_settings_of_plugins_are_told_everywhere(path):
    folder, name = path.rpartition("/")[0], re.search(r"^name=(.*)$", read(path), re.MULTILINE)[1]
    keyfile, readme = KEYFILE[f"plugin {name}"], of_readme(read(f"{folder}/README.md"))
    settings = manifest_settings(read(path))
    assert sorted(settings) == sorted(set(settings))
    assert sorted(settings) == sorted(keyfile)
    assert sorted(settings) == sorted(readme)
    assert list(readme_faults(readme, keyfile, KEYFILE["plugin download"])) == []


README = """
| key | type | meaning |
|---|---|---|
| `url` | string | where |

| key | default | meaning |
|---|---|---|
| `a`, `b` | `1`, `2s` | both |
| `c` | none | words \\| and a bar |

| `d` | `4` | no such table |

| key | default | meaning |
|---|---|---|
| `e` | | as there |
"""


def test_a_readme_is_read():
    assert of_readme(README) == {"a": "1", "b": "2s", "c": None, "e": "as elsewhere"}
    with pytest.raises(ValueError):
        of_readme(README + "| `a` | `1` | again |\n")


def test_what_differs_is_found():
    readme = of_readme(README)
    assert list(readme_faults(readme, {"a": "1", "b": "2s", "c": "", "e": "5"}, {"e": "5"})) == []
    assert len(list(readme_faults(readme, {"a": "2", "b": "2s", "c": "3", "e": "6"}, {"e": "5"}))) == 3


def test_pages_are_read():
    assert of_keyfile("# words\n[g]\n#a=@statedir@/x\nb=\n") == {"g": {"a": "/var/lib/errand/x", "b": ""}}
    manual = ".Ss [g]\n.It Li a Ns = Ns Li @statedir@/x\n.It Li b No (required)\n.Sh END\n.It Li c\n"
    assert of_manual(manual) == {"g": {"a": "/var/lib/errand/x", "b": ""}}
