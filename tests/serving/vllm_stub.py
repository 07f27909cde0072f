"""In the place of `vllm serve`: checks how it was started, and speaks as much of OpenAI's completions as is asked."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        allowed = self.headers["Authorization"] == f"Bearer {os.environ['VLLM_API_KEY']}"
        self.send_response(200 if allowed and self.path == "/v1/completions" else 401)
        self.end_headers()
        ids = body["prompt"][-3:]
        for number, token in enumerate(ids, 1):
            self.event(
                {"choices": [{"text": f"{token} ", "finish_reason": None}], "usage": {"completion_tokens": number}}
            )
        self.event({"choices": [{"text": "", "finish_reason": "length"}], "usage": {"completion_tokens": len(ids)}})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, data: object) -> None:
        self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    words = sys.argv[1:]
    assert words[0] == "serve", words
    assert words[words.index("--served-model-name") + 1] == "tuned"
    assert words[words.index("--host") + 1] == "127.0.0.1"
    if "--fail" in words:
        sys.exit(3)
    ThreadingHTTPServer(("127.0.0.1", int(words[words.index("--port") + 1])), Handler).serve_forever()
