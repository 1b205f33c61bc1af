"""How an answer leaves, or does not."""

import asyncio
from email.utils import formatdate
from time import time

from . import wire
from .answers import ANSWERS, JSON
from .call import Answer

CHUNK = 64 * 1024


def planned(fault, refuse, answer):
    """The answer that leaves, if one leaves.

    :param refuse: (status) -> Answer, in the words of the style
    :param answer: what the route said, or None when it was not asked
    """
    if fault.answer:
        canned = ANSWERS[fault.answer]
        headers = dict(canned.headers)
        answer = Answer(canned.status, canned.body, headers, canned.content_type)
    elif fault.redirect:
        answer = refuse(fault.status or 302)
        answer.headers["location"] = fault.redirect
    elif fault.status and (answer is None or fault.status >= 300):
        answer = refuse(fault.status)
    elif fault.status:
        answer.status = fault.status
    answer = answer or Answer()
    if fault.body is not None:
        _replace_body(answer, fault)
    if fault.content_type:
        answer.headers["content-type"] = fault.content_type
    answer.headers.update(retry_after(fault))
    return answer


def _replace_body(answer, fault):
    if isinstance(fault.body, str):
        answer.body = fault.body.encode()
        answer.headers["content-type"] = "text/plain; charset=utf-8"
    else:
        answer.body = Answer.json(fault.body).body
        answer.headers["content-type"] = JSON


def retry_after(fault):
    if fault.retry_after_date is not None:
        moment = formatdate(time() + fault.retry_after_date, usegmt=True)
        return {"retry-after": moment}
    return {"retry-after": fault.retry_after} if fault.retry_after else {}


async def leave(fault, answer, scope, receive, send):
    """Give the answer to the client in the manner of the fault."""
    if fault.close:
        await wire.hang_up(scope, receive, reset=fault.reset)
    elif fault.silence:
        try:
            await asyncio.wait_for(receive(), fault.silence)
        except asyncio.TimeoutError:
            await wire.hang_up(scope, receive, reset=fault.reset)
    elif fault.huge:
        await _huge(fault.huge, answer, send)
    elif fault.broken in (True, "json"):
        answer.body = b'{"data": [{"id": 1, "userName": "\xd0'
        await whole(answer, send)
    elif fault.broken == "encoding":
        answer.body = b'{"userName": "\xff\xfe\x80"}'
        await whole(answer, send)
    elif fault.broken == "length":
        await _start(answer, send, len(answer.body) + 1000)
        await _part(send, answer.body)
        await wire.hang_up(scope, receive, reset=fault.reset, flush=True)
    elif fault.drip_headers:
        await wire.drip_headers(scope, receive, answer, fault.drip_headers)
    elif fault.drip:
        await _drip(fault.drip, answer, receive, send)
    else:
        await whole(answer, send)


async def whole(answer, send):
    await _start(answer, send, len(answer.body))
    await _part(send, answer.body, more=False)


async def _start(answer, send, length=None):
    headers = answer.raw_headers(length)
    start = {"type": "http.response.start", "status": answer.status, "headers": headers}
    await send(start)


async def _part(send, body, more=True):
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _huge(size, answer, send):
    """Valid JSON of about this many bytes."""
    await _start(answer, send)
    await _part(send, b'{"data": "')
    for left in range(size - 12, 0, -CHUNK):
        await _part(send, b"x" * min(left, CHUNK))
    await _part(send, b'"}', more=False)


async def _drip(pause, answer, receive, send):
    await _start(answer, send, len(answer.body))
    for position in range(len(answer.body)):
        await _part(send, answer.body[position : position + 1])
        try:
            # Ends early when the client has had enough.
            await asyncio.wait_for(receive(), pause)
            return
        except asyncio.TimeoutError:
            pass
    await _part(send, b"", more=False)
