"""A hub on loopback that takes uploads the way Hugging Face's does, and keeps all that it was sent."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class StubHub:
    url: str = ""
    refuse: bool = False
    requests: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    created: list[dict[str, object]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    """By SHA-256"""
    files: dict[str, bytes] = field(default_factory=dict)
    """By path in the repository, once they were committed"""

    def answer(self, path: str, body: bytes) -> dict[str, object]:
        if path == "/api/repos/create":
            self.created.append(json.loads(body))
            return {"url": f"{self.url}/owner/name", "name": "owner/name"}
        if "/preupload/" in path:
            asked = [
                (file["path"], file["path"].endswith((".safetensors", ".gguf"))) for file in json.loads(body)["files"]
            ]
            modes = [{"path": p, "uploadMode": "lfs" if big else "regular", "shouldIgnore": False} for p, big in asked]
            return {"files": modes}
        if path.endswith("/objects/batch"):
            wanted = json.loads(body)["objects"]
            return {"transfer": "basic", "objects": [o | {"actions": self._upload(o["oid"])} for o in wanted]}
        if "/commit/" in path:
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    self.files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    self.files[value["path"]] = self.blobs[value["oid"]]
            return {"commitUrl": f"{self.url}/owner/name/commit/1", "commitOid": "1" * 40, "hookOutput": ""}
        return {"errors": [], "warnings": []}

    def _upload(self, oid: str) -> dict[str, object]:
        return {"upload": {"href": f"{self.url}/blobs/{oid}", "header": {}}}


@contextmanager
def stub_hub() -> Iterator[StubHub]:
    hub = StubHub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._take(hub.answer)

        def do_PUT(self) -> None:
            def keep(path: str, body: bytes) -> dict[str, object]:
                hub.blobs[path.rpartition("/")[2]] = body
                return {}

            self._take(keep)

        def do_GET(self) -> None:
            self.send_error(404)
            hub.requests.append(f"GET {self.path}")

        def _take(self, answer: object) -> None:
            hub.requests.append(f"{self.command} {self.path}")
            hub.tokens.add(self.headers.get("Authorization"))
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            found = {} if hub.refuse else answer(self.path, body)  # type: ignore[operator]
            data = json.dumps(found).encode()
            self.send_response(403 if hub.refuse else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
