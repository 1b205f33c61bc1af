"""Puts the parts together."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.responses import FileResponse

from . import control, live, styles
from .arrivals import Arrivals
from .call import Refusal
from .clients import Clients
from .faults import Faults
from .store import Store
from .style import Style


@dataclass
class Settings:
    """How the unknown parts behave; set by the control API.

    :ivar pace: requests a second, more get a 429; None: as many as come
    """

    style: str = "page"
    shape: str = "entites"
    listing: str = "right"
    unknown_client: str = "empty"
    repeats: str = "accept"
    pace: int | None = None


@dataclass
class Simulator:
    """:ivar recent: when the requests of the last second came, for the pace
    :ivar user: whom Basic and OAuth expect beside the secret
    :ivar token_seconds: how long an OAuth token lives
    """

    store: Store
    style: Style
    secret: str | None = None
    user: str = "shop"
    token_seconds: float = 60
    strict_times: bool = False
    faults: Faults = field(default_factory=Faults)
    tokens: dict[str, float] = field(default_factory=dict)
    watchers: set[asyncio.Queue] = field(default_factory=set)

    def __post_init__(self):
        self.clients = Clients(self.store)
        self.restore_settings()

    def restore_settings(self):
        self.settings = Settings(pace=self.style.pace)
        self.recent = deque()

    def repeated(self, call):
        """Whether this event id was taken before and is not to be taken again.

        :raise Refusal: 409, where repeats are told by the status
        """
        first = self.store.first_time(call.facts[0]["event_id"])
        if first or self.settings.repeats == "accept":
            return False
        call.repeat = True
        if self.settings.repeats == "409":
            raise Refusal(409, "this event was received before", code="duplicate")
        return True


def create_app(db, style="inboost", **options):
    """The whole stand-in as an ASGI application.

    :param db: path of the SQLite file
    :param style: a name of ``styles.NAMES``
    :param options: of ``Simulator``
    :raise OtherVersion: for a file that another version wrote
    """
    simulator = Simulator(Store(db), styles.load(style), **options)
    app = FastAPI(title="InBoost stand-in", openapi_url=None, redirect_slashes=False)
    app.state.simulator = simulator
    app.include_router(control.router)
    app.include_router(live.router)

    @app.get("/openapi.yaml", response_class=FileResponse)
    async def openapi():
        return FileResponse(simulator.style.contract, media_type="application/yaml")

    app.add_middleware(Arrivals, simulator=simulator)
    return app
