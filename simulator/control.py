"""The control API, under ``/_sim/``: look at what arrived, set what goes wrong."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from . import live
from .answers import ANSWERS
from .faults import Fault
from .listing import LISTINGS
from .people import odd_people, people
from .store import TABLES
from .style import EVENTS

router = APIRouter(prefix="/_sim")
Limit = Annotated[int, Query(ge=1, le=1_000_000)]


async def simulator_of(request: Request):
    return request.app.state.simulator


Sim = Annotated[object, Depends(simulator_of)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Paging(Strict):
    style: Literal["page", "offset", "cursor"] = "page"
    shape: Literal["entites", "data", "bare"] = "entites"


class Behaviour(Strict):
    unknown_client: Literal["empty", "404"] = "empty"
    repeats: Literal["accept", "flag", "409"] = "accept"
    listing: Literal[tuple(LISTINGS)] = "right"
    pace: Annotated[int, Field(ge=0)] | None = None


class Clients(Strict):
    clients: list[Any]
    raw: bool = False


class Customers(Strict):
    count: int = Field(0, ge=0, le=1_000_000)
    seed: int = 1
    odd: bool = False


@router.get("/health")
async def health():
    return {"ok": True}


@router.get("/about")
async def about(simulator: Sim):
    """What the page needs to know of the style."""
    style = simulator.style
    return {
        "style": style.name,
        "title": style.title,
        "addresses": style.addresses,
        "events": EVENTS,
        "answers": list(ANSWERS),
        "listings": LISTINGS,
    }


# What arrived


@router.get("/events")
async def events(
    simulator: Sim,
    limit: Limit = 1000,
    event_id: str | None = None,
    phone: str | None = None,
    operation: str | None = None,
    processed: bool | None = None,
):
    return simulator.store.arrivals(
        limit, processed, event_id=event_id, phone=phone, operation=operation
    )


@router.get("/events/{number}")
async def event(simulator: Sim, number: int):
    found = simulator.store.arrivals(1, id=number)
    if not found:
        raise HTTPException(404)
    return found[0]


@router.get("/counts")
async def counts(simulator: Sim, all: bool = False):
    return simulator.store.counts(all)


@router.get("/webhooks")
async def webhooks(simulator: Sim, limit: Limit = 1_000_000):
    return simulator.store.arrivals(limit, processed=True, webhooks=True)


@router.get("/purchases")
async def purchases(simulator: Sim):
    return simulator.store.purchases()


@router.get("/balances")
async def balances(simulator: Sim):
    return simulator.store.balances()


@router.post("/reset")
async def reset(simulator: Sim, keep: Annotated[list[str], Query()] = ()):
    """Forget everything; ``?keep=clients`` leaves those tables."""
    unknown = set(keep) - set(TABLES)
    if unknown:
        raise HTTPException(422, f"{', '.join(sorted(unknown))}: no such table")
    simulator.store.reset(keep)
    simulator.faults.clear()
    simulator.restore_settings()
    live.reload(simulator)
    return {"ok": True}


# What goes wrong


@router.get("/faults")
async def faults(simulator: Sim):
    return simulator.faults.listed()


@router.put("/faults/{place:path}")
async def put_fault(simulator: Sim, place: str, fault: Fault | list[Fault]):
    """One fault, or several of which the first that strikes counts."""
    given = fault if isinstance(fault, list) else [fault]
    simulator.faults.put(place.strip("/"), given)
    live.trouble_changed(simulator)
    return simulator.faults.listed()


@router.post("/faults/{place:path}")
async def add_fault(simulator: Sim, place: str, fault: Fault):
    """One more fault, after those that are there."""
    simulator.faults.add(place.strip("/"), fault)
    live.trouble_changed(simulator)
    return simulator.faults.listed()


@router.delete("/faults")
async def clear_faults(simulator: Sim):
    simulator.faults.clear()
    live.trouble_changed(simulator)
    return {}


@router.delete("/faults/{place:path}")
async def remove_fault(simulator: Sim, place: str):
    if not simulator.faults.remove(place.strip("/")):
        raise HTTPException(404, "no fault is set there")
    live.trouble_changed(simulator)
    return simulator.faults.listed()


# How the unknown parts behave


@router.get("/settings")
async def settings(simulator: Sim):
    return asdict(simulator.settings)


@router.put("/settings")
async def put_settings(simulator: Sim, behaviour: Behaviour):
    """Change what is sent, and leave the rest."""
    if behaviour.listing == "cursor_elsewhere" and not simulator.style.has_cursor:
        raise HTTPException(422, f"{simulator.style.name} pages without a cursor")
    for name in behaviour.model_fields_set:
        setattr(simulator.settings, name, getattr(behaviour, name))
    live.trouble_changed(simulator)
    return asdict(simulator.settings)


@router.put("/paging")
async def put_paging(simulator: Sim, paging: Paging):
    if (paging.style, paging.shape) == ("cursor", "bare"):
        raise HTTPException(422, "a bare array has no room for a cursor")
    for name, value in paging.model_dump().items():
        setattr(simulator.settings, name, value)
    return asdict(simulator.settings)


# Clients


@router.post("/clients")
async def put_clients(simulator: Sim, given: Annotated[Clients | list[Any], Body()]):
    """Create or update clients: a list, or {"clients": [...], "raw": true}."""
    raw = not isinstance(given, list) and given.raw
    rows = given if isinstance(given, list) else given.clients
    if not raw and not all(
        isinstance(row, dict) and row.get("userPhoneNumber") for row in rows
    ):
        raise HTTPException(422, "each needs a userPhoneNumber, unless they are raw")
    simulator.clients.put(rows, raw)
    return {"stored": len(rows), "clients": simulator.clients.count()}


@router.post("/customers")
async def make_customers(simulator: Sim, wanted: Customers):
    """Replace all clients by made-up ones, and add the odd rows if they are wanted."""
    simulator.store.reset(set(TABLES) - {"clients"})
    simulator.clients.add_new(people(wanted.count, wanted.seed))
    if wanted.odd:
        simulator.clients.put(odd_people(), raw=True)
    return {"clients": simulator.clients.count()}


@router.get("/clients")
async def clients(simulator: Sim, limit: Limit = 1000):
    return [row for _, row in simulator.clients.rows(limit=limit)]


@router.get("/clients/{phone}")
async def client(simulator: Sim, phone: str):
    found = simulator.clients.find(phone)
    if found is None:
        raise HTTPException(404, "no such client")
    return found
