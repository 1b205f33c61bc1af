"""The page on which a person watches events arrive, and the stream behind it."""

import asyncio
import json
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, StreamingResponse

router = APIRouter(include_in_schema=False)
PAGE = Path(__file__).parent / "page"
# A page that falls further behind than this is told to load afresh.
BACKLOG = 5000
PAUSE = 0.15
KEEP_ALIVE = 15


def _tell(simulator, message):
    for queue in simulator.watchers:
        if queue.qsize() < BACKLOG:
            queue.put_nowait(message)
        elif queue.qsize() == BACKLOG:
            queue.put_nowait(("reload", None))


def arrived(simulator, arrival):
    if simulator.watchers:
        _tell(simulator, ("arrival", simulator.store.readable(arrival, body=False)))


def trouble_changed(simulator):
    """Faults or settings are others now."""
    _tell(simulator, ("trouble", None))


def reload(simulator):
    _tell(simulator, ("reload", None))


async def _stream(simulator):
    """Messages in bundles, so that a page keeps up with hundreds a second."""
    queue = asyncio.Queue()
    simulator.watchers.add(queue)
    try:
        first = True
        while True:
            messages = []
            if not first:
                try:
                    messages.append(await asyncio.wait_for(queue.get(), KEEP_ALIVE))
                except asyncio.TimeoutError:
                    yield ": still here\n\n"
                    continue
                await asyncio.sleep(PAUSE)
            while not queue.empty():
                messages.append(queue.get_nowait())
            bundle = {
                "arrivals": [body for kind, body in messages if kind == "arrival"],
                "reload": any(kind == "reload" for kind, _ in messages),
                "totals": simulator.store.totals,
                "faults": simulator.faults.listed(),
                "listing": simulator.settings.listing,
            }
            first = False
            yield f"data: {json.dumps(bundle)}\n\n"
    finally:
        simulator.watchers.discard(queue)


@router.get("/_sim/live")
async def stream(request: Request):
    return StreamingResponse(
        _stream(request.app.state.simulator),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


@router.get("/")
async def page():
    return FileResponse(PAGE / "index.html")


@router.get("/_sim/page.css")
async def style():
    return FileResponse(PAGE / "page.css")


@router.get("/_sim/page.js")
async def script():
    return FileResponse(PAGE / "page.js")
