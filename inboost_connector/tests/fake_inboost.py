"""A scripted receiver on the loopback, for unit tests that want real HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def read(body, headers):
    """JSON as its value, a form as its text."""
    if not body or "form" in headers["Content-Type"]:
        return body.decode() or None
    return json.loads(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    #: Sixteen threads connect at once; the default of five refuses some of them.
    request_queue_size = 64


class FakeInBoost:
    """Answers 200 unless ``script`` says otherwise and keeps what it was sent.

    ``script`` maps a path to a list of answers, taken one by one: an int status,
    (status, headers), (status, headers, body), or "close" to hang up unanswered."""

    def __init__(self):
        self.requests = []
        self.script = {}
        self.lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                with fake.lock:
                    fake.requests.append(
                        {
                            "method": self.command,
                            "path": self.path,
                            "headers": dict(self.headers),
                            "body": read(body, self.headers),
                        }
                    )
                    answers = fake.script.get(self.path) or [200]
                    answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if answer == "close":
                    self.close_connection = True
                    return
                if isinstance(answer, int):
                    answer = (answer, {})
                status, headers, content = (*answer, b"{}")[:3]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" in headers:
                    # More was announced than comes.
                    self.close_connection = True
                else:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *args):
                """Quiet."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def bodies(self, path):
        return [r["body"] for r in self.requests if r["path"] == path]
