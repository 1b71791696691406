"""errandctl sign says when what it signs can never be completed by the service."""

import json
import subprocess

from device import errandctl

URL = "${aws:iot:s3-presigned-url:https://s3.region.amazonaws.com/bucket/file}"


def sign(directory, document):
    key = directory / "prod.key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    path = directory / "document.json"
    path.write_text(json.dumps(document))
    return errandctl("sign", "--key", key, path)


def test_a_placeholder_is_warned_of(tmp_path):
    done = sign(tmp_path, {"operation": "download", "url": URL})
    assert done.returncode == 0 and "payload" in json.loads(done.stdout)
    assert "${aws:iot:...}" in done.stderr and URL not in done.stderr


def test_nothing_else_is(tmp_path):
    done = sign(tmp_path, {"operation": "download", "url": "https://example.com/file"})
    assert done.returncode == 0 and done.stderr == ""
