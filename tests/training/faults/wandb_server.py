"""As much of W&B's server as a run talks to, on the loopback interface, and it can be cut off."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_PROJECT = {"entity": {"id": "e", "name": "somebody"}, "id": "p", "name": "medgenius"}
_ANSWERS = {
    "Viewer": {
        "viewer": {"id": "v", "entity": "somebody", "username": "somebody", "flags": "{}", "teams": {"edges": []}}
    },
    "ServerFeaturesQuery": {"serverInfo": {"features": []}},
    "RunResumeStatus": {"model": None},
    "CreateRunFiles": {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": []}},
}


def _bucket(wanted: dict[str, str]) -> dict[str, object]:
    """A run as the server tells of it."""
    name = wanted["name"]
    return {"id": "b", "name": name, "displayName": name, "config": "{}", "historyLineCount": 0, "project": _PROJECT}


class WandbServer:
    """Knows no run of before, and keeps the steps of the history that it was sent.

    Args:
        refuses: whether it believes no key.
    """

    def __init__(self, *, refuses: bool = False) -> None:
        self.steps: list[int] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                answer: object = {}
                if "query" in body:
                    operation = re.match(r"\s*(?:query|mutation) (\w+)", body["query"])
                    assert operation
                    answer = {"data": _ANSWERS.get(operation[1], {})}
                    if operation[1] == "UpsertBucket":
                        answer = {"data": {"upsertBucket": {"bucket": _bucket(body["variables"]), "inserted": True}}}
                else:
                    server._keep(body.get("files") or {})
                self._say(json.dumps(answer).encode(), status=401 if refuses else 200)

            def do_GET(self) -> None:
                self._say(b"{}")

            def _say(self, content: bytes, status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def environment(self) -> dict[str, str]:
        """With which a process finds it."""
        host, port = self._http.server_address[:2]
        return {"WANDB_BASE_URL": f"http://{host!s}:{port}", "WANDB_API_KEY": "0" * 40}

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, _: TracebackType | None) -> None:
        self.cut()

    def cut(self) -> None:
        """From now on connections are refused."""
        self._http.shutdown()
        self._http.server_close()

    def _keep(self, files: dict[str, dict[str, list[str]]]) -> None:
        if history := files.get("wandb-history.jsonl"):
            self.steps += [json.loads(line)["_step"] for line in history["content"]]
