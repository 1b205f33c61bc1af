"""The states of an event, the moves between them, and what a verdict leads to. Tables,
so that the same rules serve one event and a statement about a thousand."""

from dataclasses import dataclass
from typing import Literal, get_args

from .outcome import Verdict, after_unknown

State = Literal[
    "parked",  # waits for a customer with a valid phone
    "pending",  # waits for its turn
    "sending",  # leased: on its way, or about to be
    "done",  # delivered
    "held",  # nobody knows whether it arrived: a person decides
    "failed",  # refused, or given up: a person decides
    "cancelled",  # a person decided against it
    "superseded",  # a newer value took its place
    "expired",  # too old to be news
]
STATES: tuple[State, ...] = get_args(State)

#: Nothing more happens to these by itself; retention may remove them.
SETTLED: tuple[State, ...] = ("done", "cancelled", "superseded", "expired")
#: Somebody has to do something about these.
ATTENTION: tuple[State, ...] = ("parked", "held", "failed")

#: (from, to) -> why. A move that is not here is a mistake.
MOVES: dict[tuple[State, State], str] = {
    ("parked", "pending"): "its customer has a valid phone now",
    ("parked", "held"): "the database was restored: it may have left since",
    ("parked", "done"): "marked as delivered by a person",
    ("parked", "cancelled"): "cancelled by a person, or its customer was erased",
    ("parked", "superseded"): "a newer balance took its place",
    ("parked", "expired"): "older than its endpoint's shelf life",
    ("pending", "parked"): "its customer has no valid phone any more",
    ("pending", "sending"): "leased",
    ("pending", "held"): "the database was restored: it may have left since",
    ("pending", "failed"): "its body cannot be made, or its last try is over",
    ("pending", "done"): "marked as delivered by a person",
    ("pending", "cancelled"): "cancelled by a person, or its customer was erased",
    ("pending", "superseded"): "a newer balance took its place",
    ("pending", "expired"): "older than its endpoint's shelf life",
    ("sending", "pending"): "to be tried again, or the lease was given back unused",
    ("sending", "done"): "arrived, now or before",
    ("sending", "held"): "may have arrived, and must not arrive twice",
    ("sending", "failed"): "refused, or its last try is over",
    ("held", "pending"): "sent again by a person",
    ("held", "parked"): "sent again by a person, but without a valid phone",
    ("held", "done"): "marked as delivered by a person",
    ("held", "cancelled"): "cancelled by a person, or its customer was erased",
    ("done", "held"): "marked as delivered by mistake: a person takes it back",
    ("failed", "pending"): "sent again by a person",
    ("failed", "parked"): "sent again by a person, but without a valid phone",
    ("failed", "superseded"): "split, or a later notice took its place",
    ("failed", "done"): "marked as delivered by a person",
    ("failed", "cancelled"): "cancelled by a person, or its customer was erased",
    ("cancelled", "pending"): "sent again by a person",
    ("cancelled", "parked"): "sent again by a person, but without a valid phone",
}


class IllegalMove(ValueError):
    """An event cannot go from one state to the other."""


def check_move(old: State, new: State) -> None:
    """:raise IllegalMove: when no event may go from ``old`` to ``new``"""
    if (old, new) not in MOVES:
        allowed = ", ".join(n for o, n in MOVES if o == old) or "nothing"
        raise IllegalMove(
            f"an event that is {old} cannot become {new}; it may become {allowed}"
        )


@dataclass(frozen=True)
class Consequence:
    """What becomes of an event that was sent, and of its endpoint.

    :ivar state: the event's new state; ``pending`` means another try
    :ivar duplicate: whether it had arrived before
    :ivar circuit: ``counts``: one more failure of the endpoint; ``closes``: the server
        is well; ``stays``: it says nothing
    :ivar pauses: what a person has to mend before anything goes on"""

    state: State
    duplicate: bool = False
    circuit: Literal["counts", "closes", "stays"] = "stays"
    pauses: Literal["", "backend", "endpoint"] = ""

    @property
    def retried(self) -> bool:
        return self.state == "pending"


#: While tries are left. What an unknown outcome means is the guarantee's to say.
CONSEQUENCES: dict[Verdict, Consequence] = {
    Verdict.DONE: Consequence("done", circuit="closes"),
    Verdict.DUPLICATE: Consequence("done", duplicate=True, circuit="closes"),
    Verdict.RETRY: Consequence("pending", circuit="counts"),
    Verdict.CREDENTIALS: Consequence("pending", pauses="backend"),
    Verdict.ADDRESS: Consequence("pending", pauses="endpoint"),
    Verdict.FAILED: Consequence("failed", circuit="closes"),
    Verdict.UNKNOWN: Consequence("held", circuit="counts"),
}
#: The last try is over. What a person has to mend first costs no try.
GIVEN_UP = Consequence("failed", circuit="counts")
#: No server said so: our own error, or a body that cannot be made.
OUR_FAILURE = Consequence("failed")


def consequence_of(
    verdict: Verdict, guarantee: str, tries_left: bool = True, answered: bool = True
) -> Consequence:
    """
    :param str guarantee: of the endpoint: ``at_most_once`` or ``at_least_once``
    :param bool answered: whether a server answered; else nothing is known of it
    """
    if verdict is Verdict.UNKNOWN:
        verdict = after_unknown(guarantee)
    if verdict is Verdict.RETRY and not tries_left:
        return GIVEN_UP
    if verdict is Verdict.FAILED and not answered:
        return OUR_FAILURE
    return CONSEQUENCES[verdict]
