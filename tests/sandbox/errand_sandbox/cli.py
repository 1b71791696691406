"""The command line."""

import argparse
import json
import sys
import uuid
from pathlib import Path

from . import __version__, uploads
from .locate import VARIABLE, find_endpoint
from .model import arn
from .ota import BASE64_TEXT
from .remote import Remote, RemoteError
from .switches import TABLE

WAIT_STEP = 60.0
EXIT_OTHER = 3      # not 0, 1 or 2, which `wait` gives a meaning


def build_parser():
    parser = argparse.ArgumentParser(prog="errand-sandbox", description="A local AWS IoT Jobs service.")
    parser.add_argument("--version", action="version", version=f"errand-sandbox {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--directory", help=f"the server's directory (default: ${VARIABLE}, else the one served last)")
    common.add_argument("--endpoint", help="URL of the server's control side, instead of its directory")
    common.add_argument("--json", action="store_true", help="print JSON")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name, summary, *positional):
        command = commands.add_parser(name, help=summary, parents=[common])
        for argument in positional:
            command.add_argument(argument)
        return command

    add_serve(commands)
    add("thing", "make a thing and print a configuration for errandd", "name")
    create = add("create-job", "queue a job and print its id")
    create.add_argument("--thing", required=True, action="append", help="may be given several times")
    create.add_argument("--document", required=True, help="a file, or - for standard input")
    create.add_argument("--job-id")
    create.add_argument("--timeout", type=int, metavar="MIN", help="minutes in progress")
    create.add_argument("--retries", type=int, metavar="N", help="after FAILED")
    add("list", "all jobs")
    add("describe", "a job and its executions", "job")
    for name, summary in (("cancel", "cancel a job"), ("delete", "delete a job")):
        add(name, summary, "job").add_argument("--force", action="store_true", help="running executions too")
    wait = add("wait", "wait for a job's end: exit 0 SUCCEEDED, 2 REJECTED, 1 any other end, 3 no end", "job")
    wait.add_argument("--timeout", type=float, metavar="SECONDS", help="default: for ever")
    add("put-file", "place a file in the file store", "file").add_argument("--name")
    stream = add("put-stream", "make a stream of files, with the ids 0, 1 ..., or its next version", "name")
    stream.add_argument("file", nargs="+")
    stream.add_argument("--description")
    add_ota(add("create-ota-update", "queue a job with an afr_ota document and print its id", "file"))
    fault = add("fault", "make requests go wrong: add API ACTION [FIELD=VALUE ...] | list | clear [NUMBER]")
    fault.add_argument("words", nargs="+", metavar="WORD")
    switch = add("switch", "show the switches, or set one: NAME VALUE")
    switch.add_argument("words", nargs="*", metavar="WORD")
    add("clock", "show the service's clock, or `advance SECONDS`").add_argument("words", nargs="*", metavar="WORD")
    add("broker", "stop, start or restart the broker").add_argument("action", choices=("stop", "start", "restart"))
    add("kick", "end a thing's connections", "thing")
    return parser


def add_ota(update):
    update.add_argument("--thing", required=True, action="append", help="may be given several times")
    update.add_argument("--update-id", help="the job's id is AFR_OTA- and this")
    update.add_argument("--protocol", action="append", choices=("MQTT", "HTTP"), help="default: MQTT; may be repeated")
    update.add_argument("--signature", metavar="FILE", help="the signature's bytes, or their base64")
    update.add_argument("--algorithm", default="sha256-ecdsa", help="default: sha256-ecdsa")
    update.add_argument("--certificate", default="signer", metavar="NAME", help="what the device knows the signer by")
    update.add_argument("--file-type", type=int, metavar="N")
    update.add_argument("--file-name", metavar="PATH", help="where the device shall put it")


def add_serve(commands):
    serve = commands.add_parser("serve", help="broker, certificates and service in one")
    serve.add_argument("--directory", required=True)
    serve.add_argument("--port", type=int, default=0, help="MQTT over TLS; 0: the one used last, or any")
    serve.add_argument("--http-port", type=int, default=0, help="control plane, loopback only")
    serve.add_argument("--https-port", type=int, default=0, help="data plane and files")
    serve.add_argument("--plain-port", type=int, help="also MQTT without TLS on 127.0.0.1; 0: any")
    serve.add_argument("--bind", default="localhost", help="address of the MQTT and HTTPS ports")
    serve.add_argument("--name", action="append", default=[], help="further host name or address of the certificate; "
                       "the first is what clients are told")
    serve.add_argument("--verbose", action="store_true", help="print what is asked, answered and told")
    serve.add_argument("--with-parent", action="store_true", help="end when the starting process has ended")
    serve.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE")


class Commands:
    def __init__(self, options):
        self.options = options
        self.remote = Remote(find_endpoint(options.directory, options.endpoint))

    def show(self, answer, text):
        print(json.dumps(answer, indent=1) if self.options.json else text)
        return 0

    def thing(self):
        answer = self.remote.call("POST", ["_sandbox", "things", self.options.name])
        return self.show(answer, answer["config"].rstrip("\n"))

    def create_job(self):
        options = self.options
        text = sys.stdin.read() if options.document == "-" else Path(options.document).read_text("utf-8")
        body = {"targets": [arn("thing", thing) for thing in options.thing], "document": text}
        if options.timeout is not None:
            body["timeoutConfig"] = {"inProgressTimeoutInMinutes": options.timeout}
        if options.retries is not None:
            body["jobExecutionsRetryConfig"] = {
                "criteriaList": [{"failureType": "FAILED", "numberOfRetries": options.retries}]}
        job_id = options.job_id or f"job-{uuid.uuid4().hex[:12]}"
        answer = self.remote.call("PUT", ["jobs", job_id], body)
        return self.show(answer, job_id)

    def list(self):
        jobs, token = [], None
        while True:
            answer = self.remote.call("GET", "/jobs", query={"nextToken": token})
            jobs += answer["jobs"]
            token = answer.get("nextToken")
            if token is None:
                break
        return self.show(jobs, "\n".join(f"{job['jobId']}  {job['status']}" for job in jobs) or "no jobs")

    def describe(self):
        job = self.remote.call("GET", ["jobs", self.options.job])["job"]
        executions = self.remote.call("GET", ["_sandbox", "executions", self.options.job])["executions"]
        lines = [f"{job['jobId']}  {job['status']}"] + [execution_line(e) for e in executions]
        return self.show({"job": job, "executions": executions}, "\n".join(lines))

    def _force(self):
        return {"force": str(self.options.force).lower()}

    def cancel(self):
        answer = self.remote.call("PUT", ["jobs", self.options.job, "cancel"], {}, self._force())
        return self.show(answer, f"{self.options.job} canceled")

    def delete(self):
        answer = self.remote.call("DELETE", ["jobs", self.options.job], query=self._force())
        return self.show(answer, f"{self.options.job} deleted")

    def wait(self):
        left = self.options.timeout if self.options.timeout is not None else float("inf")
        while True:
            step = min(left, WAIT_STEP)
            query = {"job": self.options.job, "timeout": step}
            answer = self.remote.call("GET", "/_sandbox/wait", query=query, timeout=step + 30)
            left -= step
            if answer["done"] or left <= 0:
                break
        self.show(answer, "\n".join(execution_line(e) for e in answer["executions"]) or "no executions")
        if not answer["done"]:
            print(f"errand-sandbox: job {self.options.job} has not ended", file=sys.stderr)
            return EXIT_OTHER
        statuses = {e["status"] for e in answer["executions"]}
        return 0 if statuses == {"SUCCEEDED"} else 2 if statuses <= {"SUCCEEDED", "REJECTED"} else 1

    def put_file(self):
        path = Path(self.options.file)
        answer = self.remote.call("PUT", "/_sandbox/files/" + (self.options.name or path.name), path.read_bytes(),
                                  timeout=300)
        return self.show(answer, f"{answer['placeholder']}\n{answer['public']}")

    def put_stream(self):
        files = {number: Path(name) for number, name in enumerate(self.options.file)}
        answer = uploads.put_stream(self.remote.call, self.options.name, files, self.options.description)
        return self.show(answer, f"{answer['streamId']} version {answer['streamVersion']}")

    def create_ota_update(self):
        options = self.options
        signature = None if options.signature is None else read_signature(options.signature)
        file = uploads.ota_file(self.remote.call, Path(options.file), signature, options.certificate,
                                options.algorithm, options.file_name, options.file_type)
        job = uploads.create_ota_update(self.remote.call, options.update_id or uuid.uuid4().hex[:12], options.thing,
                                        [file], options.protocol or ("MQTT",))
        return self.show({"awsIotJobId": job}, job)

    def fault(self):
        verb, *words = self.options.words
        if verb == "list":
            faults = self.remote.call("GET", "/_sandbox/faults")["faults"]
            return self.show(faults, "\n".join(json.dumps(fault) for fault in faults) or "no faults")
        if verb == "clear":
            self.remote.call("DELETE", ["_sandbox", "faults", *words[:1]])
            return self.show({}, "cleared")
        if verb != "add" or len(words) < 2:
            raise ValueError("fault add API ACTION [FIELD=VALUE ...] | fault list | fault clear [NUMBER]")
        spec = {"api": words[0], "action": words[1]}
        for word in words[2:]:
            name, separator, value = word.partition("=")
            if not separator:
                raise ValueError(f"{word!r} is not FIELD=VALUE")
            spec[name] = number_or_text(name, value)
        answer = self.remote.call("POST", "/_sandbox/faults", spec)
        return self.show(answer, str(answer["id"]))

    def switch(self):
        if len(self.options.words) == 2:
            self.remote.call("PUT", "/_sandbox/switches", dict([self.options.words]))
        elif self.options.words:
            raise ValueError("switch NAME VALUE, or switch alone to see them all")
        values = self.remote.call("GET", "/_sandbox/switches")["switches"]
        return self.show(values, "\n".join(f"{name}={value}  # {TABLE[name][1 if len(TABLE[name]) == 2 else 2]}"
                                           for name, value in values.items()))

    def clock(self):
        words = self.options.words
        if words and (len(words) != 2 or words[0] != "advance"):
            raise ValueError("clock advance SECONDS, or clock alone to see it")
        if words:
            answer = self.remote.call("POST", "/_sandbox/clock", {"advance": float(words[1])})
        else:
            answer = self.remote.call("GET", "/_sandbox/clock")
        return self.show(answer, f"{answer['now']:.3f} ({answer['ahead']:g} s ahead)")

    def broker(self):
        self.remote.call("POST", "/_sandbox/broker", {"action": self.options.action})
        return self.show({}, f"broker: {self.options.action} done")

    def kick(self):
        self.remote.call("POST", "/_sandbox/kick", {"thing": self.options.thing})
        return self.show({}, f"{self.options.thing} kicked")


def read_signature(name):
    """Bytes, or base64 text without the newline editors and tools put behind it."""
    data = Path(name).read_bytes()
    return data.strip() if BASE64_TEXT.fullmatch(data.strip()) else data


def number_or_text(name, value):
    if name in ("seconds", "count", "skip", "copies", "after", "httpStatus", "rate"):
        return float(value) if name == "seconds" else int(value)
    return value


def execution_line(execution):
    details = " ".join(f"{name}={value}" for name, value in execution["statusDetails"].items())
    return f"{execution['thing']} #{execution['executionNumber']} {execution['status']} {details}".rstrip()


def main(arguments=None):
    """The exit status."""
    options = build_parser().parse_args(arguments)
    if options.command == "serve":
        from .serve import serve    # the other commands start faster without the broker's libraries
        return serve(options)
    try:
        return getattr(Commands(options), options.command.replace("-", "_"))()
    except (LookupError, RemoteError, ValueError) as error:
        print(f"errand-sandbox: {error}", file=sys.stderr)
    except ConnectionError as error:
        print(f"errand-sandbox: no server answers ({error}): start one with `errand-sandbox serve --directory DIR`",
              file=sys.stderr)
    except OSError as error:
        print(f"errand-sandbox: {options.command}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        pass
    return EXIT_OTHER
