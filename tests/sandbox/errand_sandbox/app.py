"""The server as a whole: which part answers a request, and what belongs to no part alone."""

import json
import os
import secrets
import socket
import sys
import threading
import time
from pathlib import Path

from . import rest_control, rest_data, rest_knobs
from . import rest_ota, rest_streams  # noqa: F401 they add routes to rest_control
from .broker import Broker, free_port, hold_port
from .clock import Clock
from .durable import write_file
from .errors import ControlError, invalid
from .files import Files
from .front import Front
from .model import Store
from .ota import OtaUpdates
from .pki import Pki
from .presign import Documents, Presigner
from .rules import Rules
from .service import Service
from .stream_service import StreamService
from .switches import Switches
from .web import Response, Server, server_context

SAVE_SECONDS = 1.0
SAVE_SHARE = 100        # saving takes at most one hundredth of the time, however much there is to save
START_SECONDS = 15


class App:
    """serve() makes one. start() must run in the main thread, see Broker."""

    def __init__(self, options):
        self.directory = Path(options.directory).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.options = options
        before = read_json(self.directory / "endpoint.json") or {}
        self.pki = Pki(self.directory / "pki", options.name)
        self.host = options.name[0] if options.name else "localhost"
        self._held = []
        self.broker = self._make_broker(before)
        self.presigner = Presigner(self._secret(), lambda: self.service.clock.now(), self._files_url)
        self.service = self._make_service()
        self.files = Files(self.directory / "files", self.presigner, self.service)
        self.service.streams = StreamService(self.service, self.files)
        self.streams = self.service.streams.streams
        self.updates = OtaUpdates(self.service.rules, self.streams)
        self.front = Front(self.service, self.broker, self.pki)
        self.broker.on_event = lambda event, client, thing: self.service.ledger.add(
            "connection", event=event, clientId=client, thing=thing)
        self._make_servers(before)
        self.endpoint = self._describe()
        self._closing = threading.Event()
        self._saver = threading.Thread(target=self._save_behind, name="saver", daemon=True)

    def _make_broker(self, before):
        bind = self.options.bind
        address = "127.0.0.1" if bind == "localhost" else bind
        port = self.options.port or self._hold(before.get("port"), address)
        plain = self.options.plain_port
        if plain == 0:
            plain = self._hold(before.get("plainPort"), "127.0.0.1")
        return Broker(self.directory, self.pki, port, plain, bind)

    def _hold(self, wanted, address):
        """A port for the broker, which listens only later, and not while it is stopped."""
        held = hold_port(wanted, address)
        self._held.append(held)
        return held.getsockname()[1]

    def _make_service(self):
        store, switches, clock = Store(), Switches(), Clock()
        saved = load_state(self.directory / "state.json")
        if saved:
            store, switches, ahead = saved
            clock.advance(ahead)
        for text in self.options.switch:
            name, _, value = text.partition("=")
            switches.set(name, value)
        rules = Rules(store, clock, switches, Documents(self.presigner, switches).deliver)
        return Service(rules)

    def _make_servers(self, before):
        bind = "127.0.0.1" if self.options.bind == "localhost" else self.options.bind
        http_port = self.options.http_port or free_port(before.get("httpPort"), "127.0.0.1")
        https_port = self.options.https_port or free_port(before.get("httpsPort"), bind)
        self.http = Server(("127.0.0.1", http_port), self.dispatch)
        self.https = [Server((bind, https_port), self.dispatch, server_context(self.pki))]
        if bind == "127.0.0.1" and socket.has_ipv6:
            try:
                self.https.append(Server(("::1", https_port), self.dispatch, server_context(self.pki)))
            except OSError:
                pass        # a machine without IPv6

    def _secret(self):
        path = self.directory / "pki" / "presign.key"
        if not path.exists():
            write_file(path, secrets.token_bytes(32), mode=0o600)
        return path.read_bytes()

    def _files_url(self):
        if self.service.switches["presign-scheme"] == "http":
            return self.endpoint["http"]
        return self.endpoint["https"]

    def _describe(self):
        return {
            "pid": os.getpid(), "directory": str(self.directory), "host": self.host, "port": self.broker.port,
            "plainPort": self.broker.plain_port, "ca": str(self.pki.ca_file),
            "http": f"http://127.0.0.1:{self.http.server_port}", "httpPort": self.http.server_port,
            "https": f"https://{self.host}:{self.https[0].server_port}", "httpsPort": self.https[0].server_port,
        }

    def endpoint_address(self, kind):
        return f"{self.host}:{self.https[0].server_port if kind == 'iot:Jobs' else self.broker.port}"

    def start(self):
        self.broker.set_isolation(self.service.switches["isolate-answers"] == "on")
        self.broker.start()
        self.front.start()
        if not self.front.ready.wait(START_SECONDS):
            raise RuntimeError("the service could not connect to its own broker")
        for server in (self.http, *self.https):
            threading.Thread(target=server.serve_forever, args=(0.2,), name="http", daemon=True).start()
        self._saver.start()
        write_file(self.directory / "endpoint.json", json.dumps(self.endpoint, indent=1) + "\n")

    def close(self):
        self.service.ledger.close()
        self._closing.set()
        self.service.dirty.set()
        if self.front.ident is not None:
            self.front.stop()
        self.broker.stop()
        for held in self._held:
            held.close()
        if self._saver.ident is not None:
            self._saver.join(10)
        self.save()

    def dispatch(self, request):
        """Never raises for anything a client sends."""
        first = request.path[0] if request.path else ""
        try:
            if first in ("files", "public"):
                return self.files.serve(request, "/".join(request.path[1:]), first == "public")
            if first == "_sandbox" and not request.secure:
                return rest_knobs.perform(self, request)
            if request.secure or rest_data.is_data_plane(request):
                return rest_data.perform(self, request)
            body = rest_control.perform(self, request)
            self.service.ledger.add("control", method=request.method, path=request.raw_path)
            return Response(200, body)
        except ControlError as error:
            return Response(error.status, {"message": error.message}, {"x-amzn-errortype": error.name})
        except ConnectionError:
            raise
        except Exception as error:      # a fault of ours must not take the connection with it
            print(f"errand-sandbox: {request.method} {request.raw_path[:200]}: {error!r}", file=sys.stderr)
            return Response(500, {"message": repr(error)}, {"x-amzn-errortype": "InternalFailureException"})

    def credentials(self, name):
        """Key, certificate and errand.conf of a thing, made on first use."""
        directory = self.directory / "things" / name
        certificate, key = directory / "certificate.pem", directory / "private.key"
        if not certificate.exists() or not key.exists():
            self.pki.issue(certificate, key, name)
        config = (f"[broker]\nhost={self.host}\nport={self.broker.port}\nca-file={self.pki.ca_file}\n"
                  f"certificate-file={certificate}\nprivate-key-file={key}\n\n[thing]\nname={name}\n")
        write_file(directory / "errand.conf", config)
        return {"thingName": name, "directory": str(directory), "config": config, "host": self.host,
                "port": self.broker.port, "ca": str(self.pki.ca_file), "certificate": str(certificate),
                "key": str(key), "configFile": str(directory / "errand.conf")}

    def set_switch(self, name, value):
        with self.service.lock:
            self.service.switches.set(name, value)
        if name == "isolate-answers" and (value == "on") != self.broker.isolate_answers:
            self.broker.set_isolation(value == "on")
        self.service.dirty.set()

    def broker_action(self, action):
        if action not in ("stop", "start", "restart"):
            raise invalid("action must be stop, start or restart")

        def act():
            if action != "start":
                self.broker.stop()
            if action != "stop" and self.broker.process is None:
                self.broker.start()
        self.front.ready.clear()
        self.front.call_and_wait(act)
        if action != "stop" and not self.front.ready.wait(START_SECONDS):
            raise RuntimeError("the service could not connect to the broker again")

    def _save_behind(self):
        pause = SAVE_SECONDS
        while not self._closing.is_set():
            self.service.dirty.wait()
            self._closing.wait(pause)
            if not self._closing.is_set():
                began = time.monotonic()
                self.save()
                pause = max(SAVE_SECONDS, SAVE_SHARE * (time.monotonic() - began))

    def save(self):
        self.service.dirty.clear()
        write_file(self.directory / "state.json", json.dumps(self.service.snapshot()), mode=0o600)


def read_json(path):
    """None when there is none."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def load_state(path):
    """(store, switches, seconds the clock is ahead), None to start anew. A damaged file is set aside."""
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_bytes())
        return Store.from_json(data), Switches(data.get("switches")), float(data.get("ahead", 0))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        aside = path.with_suffix(".json.bad")
        os.replace(path, aside)
        print(f"errand-sandbox: {path} is damaged ({error!r}); kept as {aside}, starting anew", file=sys.stderr)
        return None
