"""Command line of the stand-in."""

import argparse

import uvicorn

from .app import create_app
from .wire import Protocol


def parse(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A stand-in for InBoost, for tests and demonstrations. "
        "Live page at /, contract at /openapi.yaml, control API under /_sim/.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument(
        "--port", type=int, default=8099, help="0 takes a free one; default: 8099"
    )
    parser.add_argument(
        "--db",
        default="inboost-simulator.sqlite3",
        help="SQLite file that keeps everything over restarts; default: %(default)s",
    )
    parser.add_argument(
        "--secret",
        help="expect 'Authorization: Bearer SECRET' on /api and /wapi "
        "(webhooks need none); without it every caller is let in",
    )
    return parser.parse_args(argv)


def main(argv=None):
    options = parse(argv)
    config = uvicorn.Config(
        create_app(options.db, options.secret),
        host=options.host,
        port=options.port,
        http=Protocol,
        loop="asyncio",
        ws="none",
        access_log=False,
        log_level="warning",
        # A live page or a silent answer never ends by itself.
        timeout_graceful_shutdown=1,
    )
    listener = config.bind_socket()
    # From the line below on, nobody who connects is refused.
    listener.listen(config.backlog)
    port = listener.getsockname()[1]
    print(f"InBoost stand-in listens on http://{options.host}:{port}/", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
