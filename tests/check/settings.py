"""Settings as the documents tell them: a plugin's manifest and README, config/errand.conf, errand.conf(5)."""

import re

# What meson puts in place of @NAME@, under the prefix that README files speak of.
PLACES = {"sysconfdir": "/etc", "statedir": "/var/lib/errand", "handlerdir": "/usr/lib/errand/handlers",
          "plugindir": "/usr/lib/errand/plugins", "libexecdir": "/usr/libexec/errand"}
LITERALS = re.compile(r"`[^`]*`(, `[^`]*`)*")


def resolve(text):
    return re.sub(r"@(\w+)@", lambda match: PLACES[match[1]], text)


def of_keyfile(text):
    """{group: {key: default}} of errand.conf, in which keys may be commented out ("" for no default)."""
    groups, group = {}, None
    for line in text.splitlines():
        if match := re.fullmatch(r"\[([^]]+)\]", line):
            group = groups.setdefault(match[1], {})
        elif match := re.fullmatch(r"#?([a-z0-9-]+)=(.*)", line):
            group[match[1]] = resolve(match[2])
    return groups


def of_manual(text):
    """The same of errand.conf(5). A required key has no default there."""
    groups, group = {}, {}
    for line in text.splitlines():
        if match := re.match(r"\.S[sh] (?:\[([^]]+)\])?", line):
            group = groups.setdefault(match[1], {}) if match[1] else {}
        elif match := re.fullmatch(r"\.It Li ([a-z0-9-]+)(?: Ns = Ns Li (\S+)| No \(required\))?", line):
            group[match[1]] = resolve(match[2] or "")
    return groups


def of_readme(text):
    """{key: default} of the tables that begin with "| key | default |". A default is the text between backticks, None
    for one that is told in words, and "as elsewhere" where the column is empty."""
    found, inside = {}, False
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        inside = cells[:2] == ["key", "default"] or (inside and line.startswith("|"))
        if not inside or not cells[0].startswith("`"):
            continue
        keys, literal = re.findall(r"`([^`]+)`", cells[0]), LITERALS.fullmatch(cells[1])
        defaults = re.findall(r"`([^`]*)`", cells[1]) if literal else []
        for i, key in enumerate(keys):
            if key in found:
                raise ValueError(f"{key} stands in two rows")
            found[key] = "as elsewhere" if not cells[1] else defaults[i] if len(defaults) == len(keys) else None
    return found


def manifest_settings(text):
    """The names; what belongs there follows a colon."""
    return [name.partition(":")[0] for name in re.search(r"^settings=(.*)$", text, re.MULTILINE)[1].split(";")]


def readme_faults(readme, keyfile, elsewhere):
    """What a README and its group of errand.conf say differently; `elsewhere` is the group that empty columns mean."""
    for key in sorted(readme.keys() & keyfile.keys()):
        told = elsewhere.get(key, keyfile[key]) if readme[key] == "as elsewhere" else readme[key] or ""
        if told != keyfile[key]:
            yield f"{key}: \"{told}\" in the README, \"{keyfile[key]}\" in errand.conf"
