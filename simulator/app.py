"""Puts the parts together."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse

from . import contract, control, live
from .arrivals import Arrivals
from .faults import Faults
from .problems import handlers
from .store import Store

CONTRACT = Path(__file__).parent / "openapi.yaml"


@dataclass
class Settings:
    """How the unknown parts of InBoost behave; set by the control API."""

    style: str = "page"
    shape: str = "entites"
    unknown_client: str = "empty"
    repeats: str = "accept"


@dataclass
class Simulator:
    store: Store
    secret: str | None = None
    faults: Faults = field(default_factory=Faults)
    settings: Settings = field(default_factory=Settings)
    watchers: set[asyncio.Queue] = field(default_factory=set)


def create_app(db, secret=None):
    """The whole stand-in as an ASGI application.

    :param db: path of the SQLite file
    :param secret: what ``Authorization: Bearer`` has to carry; None: anything
    """
    simulator = Simulator(Store(db), secret)
    app = FastAPI(
        title="InBoost stand-in",
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=handlers,
    )
    app.state.simulator = simulator
    app.include_router(contract.wapi)
    app.include_router(contract.webhooks)
    app.include_router(control.router)
    app.include_router(live.router)

    @app.get("/openapi.yaml", response_class=FileResponse)
    async def openapi():
        return FileResponse(CONTRACT, media_type="application/yaml")

    app.add_middleware(Arrivals, simulator=simulator)
    return app
