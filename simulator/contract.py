"""InBoost's own routes. What of them is attested is said in openapi.yaml."""

import hmac
import re
from typing import Annotated

import pydantic_core
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from . import shapes
from .listing import list_clients
from .problems import Problem

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
PORTAL_USER = {
    "id": "5f0c5c5e-6a0e-4d8a-9d0b-0f5a3c1e7b11",
    "userName": "InBoost stand-in",
    "email": "portal@example.com",
    "lang": "UA",
}


def simulator_of(request: Request):
    return request.app.state.simulator


async def authorised(request: Request):
    secret = simulator_of(request).secret
    if secret is None:
        return
    given = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {secret}".encode()):
        raise Problem(401, headers={"WWW-Authenticate": "Bearer"})


def body_as(shape):
    """A dependency: the request's JSON, checked against ``shape``."""

    async def read(request: Request):
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem(415, "application/json is expected")
        try:
            data = pydantic_core.from_json(await request.body(), allow_inf_nan=False)
        except ValueError as error:
            raise Problem(400, f"not JSON: {error}") from None
        try:
            return shape.model_validate(data)
        except ValidationError as error:
            errors = {}
            for one in error.errors(include_url=False, include_input=False):
                where = ".".join(str(step) for step in one["loc"]) or "body"
                errors.setdefault(where, []).append(one["msg"])
            raise Problem(422, "the content is refused", errors) from None

    return Depends(read)


def as_sent(shape):
    """The fields that were sent, and no others."""
    return shape.model_dump(exclude_unset=True)


Sim = Annotated[object, Depends(simulator_of)]
wapi = APIRouter(
    dependencies=[Depends(authorised)], default_response_class=JSONResponse
)
webhooks = APIRouter(default_response_class=JSONResponse)


def repeated(request, simulator):
    """Whether this event id was taken before and is not to be taken again.

    :raise Problem: 409, where repeats are told by the status
    """
    first = simulator.store.first_time(request.scope["state"]["event_id"])
    if first or simulator.settings.repeats == "accept":
        return False
    request.scope["state"]["repeat"] = True
    if simulator.settings.repeats == "409":
        raise Problem(409, "this event was received before")
    return True


@wapi.get("/api/Users/GetPortalUser")
async def connection_test():
    return PORTAL_USER


@wapi.post("/wapi/Clients")
async def customers_list(
    query: Annotated[shapes.ListQuery, body_as(shapes.ListQuery)], simulator: Sim
):
    return JSONResponse(list_clients(simulator.store, simulator.settings, query))


@wapi.post("/api/booking_settings/getUser")
async def customer_find(
    query: Annotated[shapes.FindQuery, body_as(shapes.FindQuery)], simulator: Sim
):
    client = simulator.store.client(query.userPhone)
    if client is None and simulator.settings.unknown_client == "404":
        raise Problem(404, "no such client")
    return JSONResponse(client or {})


@wapi.post("/api/MyClients/AddNewClient")
async def customer_upsert(
    client: Annotated[shapes.NewClient, body_as(shapes.NewClient)], simulator: Sim
):
    if simulator.store.client(client.userPhoneNumber) is not None:
        raise Problem(409, "userPhoneNumber is taken")
    given = {name: v for name, v in as_sent(client).items() if v is not None}
    simulator.store.put_clients([given])
    return JSONResponse(simulator.store.client(client.userPhoneNumber))


@wapi.post("/api/Bonuses/SetBalance")
async def balance_set(
    request: Request,
    balance: Annotated[shapes.Balance, body_as(shapes.Balance)],
    simulator: Sim,
):
    answer = {"eventId": balance.eventId, "repeat": repeated(request, simulator)}
    if not answer["repeat"]:
        simulator.store.set_balance(
            balance.userPhoneNumber, balance.amount, balance.date, balance.eventId
        )
    return answer


@wapi.post("/api/Purchases/AddPurchase")
async def purchase_details(
    request: Request,
    purchase: Annotated[shapes.Purchase, body_as(shapes.Purchase)],
    simulator: Sim,
):
    answer = {"eventId": purchase.eventId, "repeat": repeated(request, simulator)}
    if not answer["repeat"]:
        answer["id"] = simulator.store.add_purchase(
            purchase.userPhoneNumber, purchase.eventId, as_sent(purchase)
        )
    return answer


# Starlette would answer the form without the last slash by a redirect.
@webhooks.post("/api/webhok/{token}/")
@webhooks.post("/api/webhok/{token}")
async def webhook(
    token: str,
    request: Request,
    hook: Annotated[shapes.Hook, body_as(shapes.Hook)],
    simulator: Sim,
):
    if not TOKEN.fullmatch(token):
        raise Problem(404, "no flow listens here")
    return {"accepted": True, "repeat": repeated(request, simulator)}
