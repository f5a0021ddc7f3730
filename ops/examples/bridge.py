#!/usr/bin/env python3
"""A bridge between Nightshift and a platform that is a terminal: the worked example of CHANNELS.md.

What Nightshift sends is printed; each line of standard input is posted as a message of the customer `ana`.

    BRIDGE_SECRET=... ops/examples/bridge.py --listen 8095 --ingress http://127.0.0.1:8080 --account shop-chat-de
"""

import argparse
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time
import urllib.request
import uuid

SECRET = os.environ.get("BRIDGE_SECRET", "").encode()
WINDOW = 300


def sign(timestamp: str, body: bytes) -> str:
    return "v1=" + hmac.new(SECRET, b"v1:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def is_signed(headers, body: bytes) -> bool:
    timestamp = headers.get("Nightshift-Timestamp", "")
    if not timestamp.isdecimal() or abs(int(timestamp) - time.time()) > WINDOW:
        return False
    right = sign(timestamp, body)
    # Each of several signatures is compared, in constant time.
    given = [one.strip() for one in headers.get("Nightshift-Signature", "").split(",")]
    return any([hmac.compare_digest(one.encode(), right.encode()) for one in given])


class Done:
    """What became of each action, by its id, in a file: an id is carried out once, even across restarts."""

    def __init__(self, path: str):
        self.lock, self.answers = threading.Lock(), {}
        self.file = open(path, "a+", encoding="utf-8")
        self.file.seek(0)
        for line in self.file:
            key, answer = json.loads(line)
            self.answers[key] = answer

    def once(self, key: str, carry_out):
        with self.lock:
            if key not in self.answers:
                self.answers[key] = carry_out()
                self.file.write(json.dumps([key, self.answers[key]]) + "\n")
                self.file.flush()
                os.fsync(self.file.fileno())
            return self.answers[key]


def handler(done: Done):
    class Bridge(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length <= 1 << 20 else b""
            if not SECRET or not is_signed(self.headers, body):
                return self.answer(401, {"reason": "signature"})
            action = json.loads(body)["action"]
            if action["kind"] != "send":
                return self.answer(200, {"status": "unsupported"})

            def carry_out():
                buttons = "".join(f" [{one['title']}]" for one in action.get("quick_replies", []))
                print(f"to {action['contact']}: {action.get('text', '')}{buttons}", flush=True)
                return {"status": "delivered", "id": uuid.uuid4().hex}

            self.answer(200, done.once(action["id"], carry_out))

        def answer(self, status, document):
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Bridge


def post(ingress: str, account: str, text: str):
    event = {
        "id": uuid.uuid4().hex, "account": account, "contact": "ana", "message": {"text": text},
        "happened_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    body = json.dumps({"events": [event]}).encode()
    timestamp = str(int(time.time()))
    request = urllib.request.Request(f"{ingress}/webhooks/generic", data=body, headers={
        "Content-Type": "application/json", "Nightshift-Timestamp": timestamp,
        "Nightshift-Signature": sign(timestamp, body),
    })
    with urllib.request.urlopen(request, timeout=10) as answer:
        print(answer.read().decode().strip(), file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", type=int, default=8095)
    parser.add_argument("--ingress", default="http://127.0.0.1:8080")
    parser.add_argument("--account", default="shop-chat-de")
    parser.add_argument("--done", default="bridge.done", help="file of the actions that were carried out")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.listen), handler(Done(options.done)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in sys.stdin:
        if line.strip():
            post(options.ingress, options.account, line.strip())
    threading.Event().wait()


if __name__ == "__main__":
    main()
