"""The limit that deliveries are compared to: threads that do nothing but send, by
``requests`` with a session of their own. Run as
``python -m benchmarks.bare URL COUNT THREADS`` with the body on stdin; prints the
seconds that it took.
"""

import sys
import threading
import time
import uuid
from queue import Empty, SimpleQueue

import requests


def send(url, body, waiting):
    with requests.Session() as session:
        while True:
            try:
                event_id = waiting.get_nowait()
            except Empty:
                return
            session.post(
                url,
                data=body.replace("EVENT-ID", event_id).encode(),
                headers={"Content-Type": "application/json"},
            ).raise_for_status()


def run(url, body, count, threads):
    waiting = SimpleQueue()
    for _number in range(count):
        waiting.put(str(uuid.uuid4()))
    pool = [
        threading.Thread(target=send, args=(url, body, waiting))
        for _number in range(threads)
    ]
    begin = time.monotonic()
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    return time.monotonic() - begin


if __name__ == "__main__":
    address, number, width = sys.argv[1:]
    print(run(address, sys.stdin.read(), int(number), int(width)))
