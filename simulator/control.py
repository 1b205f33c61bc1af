"""The control API, under ``/_sim/``: look at what arrived, set what goes wrong."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, HTTPException, Query
from pydantic import BaseModel, ConfigDict

from . import live
from .contract import Sim
from .faults import Fault
from .store import TABLES

router = APIRouter(prefix="/_sim")
Limit = Annotated[int, Query(ge=1, le=1_000_000)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Paging(Strict):
    style: Literal["page", "offset", "cursor"] = "page"
    shape: Literal["entites", "data", "bare"] = "entites"


class Behaviour(Strict):
    unknown_client: Literal["empty", "404"] | None = None
    repeats: Literal["accept", "flag", "409"] | None = None


class Clients(Strict):
    clients: list[Any]
    raw: bool = False


@router.get("/health")
async def health():
    return {"ok": True}


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
    simulator.settings.__init__()
    live.reload(simulator)
    return {"ok": True}


# What goes wrong


@router.get("/faults")
async def faults(simulator: Sim):
    return simulator.faults.listed()


@router.put("/faults/{endpoint:path}")
async def put_fault(simulator: Sim, endpoint: str, fault: Fault):
    simulator.faults.put(endpoint.strip("/"), fault)
    live.faults_changed(simulator)
    return simulator.faults.listed()


@router.delete("/faults")
async def clear_faults(simulator: Sim):
    simulator.faults.clear()
    live.faults_changed(simulator)
    return {}


@router.delete("/faults/{endpoint:path}")
async def remove_fault(simulator: Sim, endpoint: str):
    if not simulator.faults.remove(endpoint.strip("/")):
        raise HTTPException(404, "no fault is set there")
    live.faults_changed(simulator)
    return simulator.faults.listed()


# How the unknown parts behave


@router.get("/settings")
async def settings(simulator: Sim):
    return asdict(simulator.settings)


@router.put("/settings")
async def put_settings(simulator: Sim, behaviour: Behaviour):
    for name, value in behaviour.model_dump(exclude_none=True).items():
        setattr(simulator.settings, name, value)
    return asdict(simulator.settings)


@router.put("/paging")
async def put_paging(simulator: Sim, paging: Paging):
    if (paging.style, paging.shape) == ("cursor", "bare"):
        raise HTTPException(422, "a bare array has no room for a cursor")
    simulator.settings.style = paging.style
    simulator.settings.shape = paging.shape
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
    simulator.store.put_clients(rows, raw)
    return {"stored": len(rows), "clients": simulator.store.count_clients()}


@router.get("/clients")
async def clients(simulator: Sim, limit: Limit = 1000):
    return [row for _, row in simulator.store.clients(limit=limit)]


@router.get("/clients/{phone}")
async def client(simulator: Sim, phone: str):
    found = simulator.store.client(phone)
    if found is None:
        raise HTTPException(404, "no such client")
    return found
