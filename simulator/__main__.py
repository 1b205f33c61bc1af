"""Command line of the stand-in."""

import argparse
import sys

import uvicorn

from . import styles
from .app import create_app
from .people import people
from .store import OtherVersion
from .wire import Protocol


def parse(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A stand-in for InBoost, for tests and demonstrations. "
        "Live page at /, contract at /openapi.yaml, control API under /_sim/.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="default: %(default)s")
    add("--port", type=int, default=8099, help="0 takes a free one; default: 8099")
    add(
        "--db",
        default="inboost-simulator.sqlite3",
        help="SQLite file that keeps everything over restarts; default: %(default)s",
    )
    add(
        "--style",
        choices=styles.NAMES,
        default="inboost",
        help="the API that is spoken; default: %(default)s",
    )
    add(
        "--secret",
        help="the token, key or client secret that the API expects (webhooks need "
        "none); without it every caller is let in",
    )
    add(
        "--user",
        default="shop",
        help="user of Basic, client id of OAuth 2; default: %(default)s",
    )
    add(
        "--token-seconds",
        type=float,
        default=60,
        help="life of an OAuth 2 token; default: %(default)s",
    )
    add(
        "--strict-times",
        action="store_true",
        help="inboost: refuse times without an offset or a Z",
    )
    add(
        "--customers",
        type=int,
        default=0,
        metavar="N",
        help="put N made-up customers into an empty list",
    )
    return parser.parse_args(argv)


def main(argv=None):
    options = parse(argv)
    try:
        app = create_app(
            options.db,
            options.style,
            secret=options.secret,
            user=options.user,
            token_seconds=options.token_seconds,
            strict_times=options.strict_times,
        )
    except OtherVersion as error:
        sys.exit(str(error))
    clients = app.state.simulator.clients
    if options.customers and not clients.count():
        clients.add_new(people(options.customers))
    serve(app, options)


def serve(app, options):
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        http=Protocol,
        ws="none",
        lifespan="off",
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
