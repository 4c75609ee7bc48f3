"""A hub on this machine: as much of Hugging Face's HTTP API as a push speaks, over real sockets.

POST /api/validate-yaml, /api/repos/create, /api/{kind}s/{repo}/preupload/{revision}, /{repo}.git/info/lfs/objects/batch,
PUT of the objects, their verification, POST /api/{kind}s/{repo}/commit/{revision}; for downloads HEAD and GET of
/{repo}/resolve/{revision}/{file}. Objects are checked against their sha256, and a commit
that names an object which was not uploaded is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import yaml

WRITER, READER = "hf_writer", "hf_reader"  # tokens: may write, may only read
LARGE = (".onnx", ".whl")  # what a hub keeps as LFS objects


@dataclass
class Repository:
    """What the hub holds of one repository."""

    kind: str
    private: bool
    sdk: str | None
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)


@dataclass
class Hub:
    """The hub's memory. fail: paths (by a regular expression) that answer with a status."""

    address: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    fail: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@contextmanager
def hub() -> Iterator[Hub]:
    """Serve on a free port of the loopback for the time of the block."""
    state = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": state}))
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self._refused():
            return
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self._path())
        repository = self.hub.repositories.get(found[1]) if found else None
        if not found or repository is None:
            return self._answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        if found[3] not in repository.files:
            return self._answer(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
        data = repository.files[found[3]]
        self.send_response(200)
        commit = hashlib.sha1("".join(repository.commits).encode()).hexdigest()
        for name, text in {
            "etag": f'"{hashlib.sha256(data).hexdigest()}"',
            "x-repo-commit": commit,
            "content-length": str(len(data)),
        }.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def do_PUT(self) -> None:
        body, name = self._body(), self._path().removeprefix("/objects/")
        if self._refused():
            return
        if hashlib.sha256(body).hexdigest() != name:
            return self._answer(400, {"error": "another sha256"})
        self.hub.objects[name] = body
        self._answer(200, {})

    def do_POST(self) -> None:
        body, path = self._body(), self._path()
        if self._refused():
            return
        if path == "/api/validate-yaml":
            return self._validate(json.loads(body))
        if path == "/verify":
            return self._answer(200 if json.loads(body)["oid"] in self.hub.objects else 404, {})
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in (WRITER, READER):
            return self._answer(401, {"error": "Invalid username or password."})
        if token != WRITER:
            return self._answer(403, {"error": "You don't have the rights"})
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if found := re.fullmatch(r"/(?:spaces/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            return self._batch(found[1], json.loads(body))
        if found := re.fullmatch(r"/api/(model|space)s/([^/]+/[^/]+)/(preupload|commit)/main", path):
            kind, name, verb = found.groups()
            repository = self.hub.repositories.get(name)
            if repository is None or repository.kind != kind:
                return self._answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            return self._preupload(json.loads(body)) if verb == "preupload" else self._commit(repository, name, body)
        self._answer(404, {"error": f"no such place: {path}"})

    def _validate(self, asked: dict[str, Any]) -> None:
        front = re.match(r"---\n(.*?)\n---\n", asked["content"], re.DOTALL)
        assert front is not None, "a README without front matter"
        values = yaml.safe_load(front[1])
        errors = [] if "license" in values else [{"message": '"license" is missing'}]
        if asked["repoType"] == "space" and values.get("sdk") not in ("docker", "gradio", "static"):
            errors.append({"message": '"sdk" must be one of docker, gradio, static'})
        self._answer(400 if errors else 200, {"errors": errors, "warnings": []})

    def _create(self, asked: dict[str, Any]) -> None:
        name, kind = f"{asked['organization']}/{asked['name']}", asked.get("type", "model")
        url = f"{self.hub.address}/{'spaces/' if kind == 'space' else ''}{name}"
        if name in self.hub.repositories:
            return self._answer(409, {"error": "You already created this repo", "url": url})
        self.hub.repositories[name] = Repository(kind, asked.get("visibility") == "private", asked.get("sdk"))
        self._answer(200, {"url": url})

    def _preupload(self, asked: dict[str, Any]) -> None:
        modes = [
            {"path": one["path"], "uploadMode": "lfs" if one["path"].endswith(LARGE) else "regular", "shouldIgnore": False}
            for one in asked["files"]
        ]
        self._answer(200, {"files": modes})

    def _batch(self, name: str, asked: dict[str, Any]) -> None:
        where = self.hub.address
        objects = [
            {**one, "actions": {"upload": {"href": f"{where}/objects/{one['oid']}"}, "verify": {"href": f"{where}/verify"}}}
            for one in asked["objects"]
        ]
        self._answer(200, {"transfer": "basic", "objects": objects})

    def _commit(self, repository: Repository, name: str, body: bytes) -> None:
        header, *lines = [json.loads(line) for line in body.splitlines()]
        files = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif value["oid"] in self.hub.objects:
                files[value["path"]] = self.hub.objects[value["oid"]]
            else:
                return self._answer(400, {"error": f"{value['path']}: its object was not uploaded"})
        repository.files |= files
        repository.commits.append(header["value"]["summary"])
        oid = hashlib.sha1(body).hexdigest()
        self._answer(200, {"commitUrl": f"{self.hub.address}/{name}/commit/{oid}", "commitOid": oid})

    def _refused(self) -> bool:
        self.hub.asked.append(self._path())
        for pattern, status in self.hub.fail.items():
            if re.search(pattern, self._path()):
                self._answer(status, {"error": "as told"})
                return True
        return False

    def _path(self) -> str:
        return urlsplit(self.path).path

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
