"""Who may know whom: the table of folders, as #include rules."""

import re

# First characters of a header -> the library it stands for.
SYSTEM_HEADERS = {
    "glib": "glib",
    "gmodule": "gmodule",
    "gio/": "gio",
    "json-glib/": "json-glib",
    "jansson.h": "jansson",
    "cbor.h": "cbor",
    "mosquitto": "mosquitto",
    "openssl/": "openssl",
    "curl/": "curl",
    "dlfcn.h": "dlfcn",
    "errand/plugin.h": "plugin",
}

# Folder -> (other folders it may include from, libraries it may use beside libc).
FOLDERS = {
    "core/base": ((), ("glib",)),
    "core/document": (("core/base",), ("glib", "json-glib", "openssl")),
    "core/wire": (("core/base",), ("glib", "jansson", "cbor")),
    "core/session": (("core/base",), ("glib", "gio", "json-glib", "mosquitto", "openssl")),
    "core/job": (("core/base", "core/document", "core/wire"), ("glib", "json-glib")),    # history is JSON
    "core/daemon": (("core/base", "core/document", "core/wire", "core/session", "core/job"),
                    ("glib", "gio")),
    "core/runner": (("core/base", "core/wire"), ("glib", "jansson", "dlfcn", "plugin")),
    "core/ctl": (("core/base", "core/document", "core/wire", "core/job", "core/daemon"),
                 ("glib", "json-glib", "openssl")),
    "plugins": (("plugins/common",), ("glib", "gio", "json-glib", "openssl", "curl", "plugin")),
    "include": ((), ()),
}


def folder_of(path):
    """The row of the table a file belongs to: core/NAME; any plugin is "plugins"."""
    found = re.match(r"core/[^/]+(?=/)|plugins(?=/)|include(?=/)", path)
    return found[0] if found else None


def headers_of(files):
    """Name a header is included by -> the folders that have one of that name. All plugins count as one folder."""
    headers = {}
    for path in files:
        if path.endswith(".h") and folder_of(path) not in (None, "include"):
            headers.setdefault(path.rsplit("/", 1)[-1], set()).add(folder_of(path))
    return headers
