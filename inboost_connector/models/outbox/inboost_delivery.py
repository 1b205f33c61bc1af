import logging
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from uuid import uuid4

import psycopg2

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.service.server import CommonServer

from ...lib import batch
from ...lib.desk import Desk
from ...lib.sending import Landed, Senders, after_exception
from ...lib.stopping import is_stopping, stopping

_logger = logging.getLogger(__name__)

#: Threads that send, and so the number of requests in flight.
THREADS = 32
#: What is leased at most: in flight, and as much again to keep the threads fed. After a
#: kill nobody knows which of these arrived.
MAX_OPEN = 2 * THREADS
#: More is claimed when so many are open, to spare the database.
LOW_WATER = MAX_OPEN - THREADS // 2
#: Seconds that what is in flight then may take to land within the run. What takes
#: longer lands beside the next run: a server that hangs keeps no new sale waiting.
MAX_LANDING = 1.0
#: Seconds after which backends and endpoints are looked at again.
LOOK_AGAIN = 1.0
#: Seconds after which more is claimed although nothing landed: a slow answer keeps
#: nobody waiting.
CLAIM_AGAIN = 0.05
#: Seconds between two runs when what is due could not go yet: a retry is no later than
#: this, and a run does not begin for each.
BREATH = 0.8
#: Seconds after which another server sends on, when this one stops.
AFTER_STOP = 5
#: How often, once a second, the database is asked for when the connection to it broke.
MAX_RECONNECTS = 30
#: How often a result is written again when another transaction was in the way.
MAX_SETTLE_TRIES = 12
#: Seconds before it is written again; twice as long each time, up to a second: whatever
#: is in the way may stay there for a while.
SETTLE_PAUSE = 0.01

#: Leases of the runs of this process that have something in flight.
_active = set()


def _wait_for_deliveries():
    """A server that stops lets what is in flight land, so that nothing is unknown."""
    stopping.set()
    end = time.monotonic() + 35
    while _active and time.monotonic() < end:
        time.sleep(0.05)


CommonServer.on_stop(_wait_for_deliveries)


@dataclass
class Run:
    """One run of the delivery.

    :ivar end: when it claims no more, by ``time.monotonic()``
    :ivar landed: what came back and is not written yet
    :ivar lost: rows whose result could not be written: their leases run out, and the
        guarantee decides
    :ivar count: of what is written
    :ivar claiming: whether it may go on claiming"""

    lease: str
    desk: Desk
    senders: Senders
    end: float
    landed: list[Landed] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    count: int = 0
    claiming: bool = True

    @property
    def begun(self):
        """Rows of what a thread began: these are never given back."""
        flying = [id_ for task in self.senders.open.values() for id_ in task.ids]
        return [*flying, *(one.task.id for one in self.landed), *self.lost]

    @property
    def is_over(self):
        return time.monotonic() > self.end + MAX_LANDING

    def note_settled(self):
        self.count += len(self.landed)
        self.landed = []


class InboostDelivery(models.AbstractModel):
    """Claim, send, settle. One thread talks to the database, in short transactions, and
    none is open while a request is on its way; others send."""

    _name = "inboost.delivery"
    _description = "InBoost Delivery"

    @api.model
    def _deliver(self, end):
        """
        :param float end: by ``time.monotonic()``, when it claims no more
        """
        self._correct_times()
        self._recover_leases()
        self._expire()
        self._supersede()
        with ExitStack() as stack:
            run = self._begin(stack, end)
            self._send(run)
            if run.senders.open:
                self._land_apart(run, stack.pop_all())
        self._plan_next_run(run.desk, self._get_pause(run))
        self._commit()
        self._follow_up(run.desk)
        if run.count:
            self.env["inboost.alarm"]._note_sent()
        self.env["ir.cron"]._commit_progress(run.count, remaining=0)

    @api.model
    def _begin(self, stack, end):
        """
        :param ExitStack stack: what ends when all has landed
        :rtype: Run
        """
        lease = str(uuid4())
        _active.add(lease)
        stack.callback(_active.discard, lease)
        client = self.env["inboost.connection"]._client(THREADS)
        senders = Senders(stack.enter_context(client), THREADS, batch.perform_all)
        desk = self.env["inboost.delivery.desk"]._read(Desk())
        return Run(lease, desk, stack.enter_context(senders), end)

    @api.model
    def _get_pause(self, run):
        """Seconds until the next run: what is due by now and was not claimed waits
        behind something, or for more time; after a stop, for the next server."""
        if is_stopping():
            return AFTER_STOP
        return BREATH if run.claiming else 0

    @api.model
    def _follow_up(self, desk):
        """What the results ask for besides."""
        while desk.too_large:
            self._split(self.env["inboost.event"].browse(desk.too_large.pop()))
        if desk.troubled:
            desk.troubled = False
            self.env["inboost.alarm"]._refresh()

    @api.model
    def _split(self, event):
        """Whatever goes wrong is one event's trouble, and is made up for."""
        net = (event, "_split_too_large", [])
        try:
            with self.env["inboost.capture"]._guard(event.display_name, net):
                event._split_too_large()
            self._commit()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
            self.env.cr.rollback()
            self.env["inboost.capture"]._keep_failure(event.display_name, net, error)
            self._commit()

    @api.model
    def _commit(self):
        """Without a note for the scheduler, which would cost a statement each turn."""
        crons = self.env["ir.cron"].with_context(ir_cron_progress_id=False)
        crons._commit_progress()

    # -- a run ---------------------------------------------------------------------

    @api.model
    def _send(self, run):
        """Until nothing is due any more, or the time is over."""
        try:
            self._turn_until_done(run)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            # The connection to the database broke.
            self._land(run)
            raise

    @api.model
    def _turn_until_done(self, run):
        desks, looked = self.env["inboost.delivery.desk"], time.monotonic()
        while True:
            run.claiming = time.monotonic() < run.end and not is_stopping()
            if not run.claiming and run.senders.take_back():
                self._give_back(run)
            if time.monotonic() - looked > LOOK_AGAIN:
                run.desk, looked = desks._read(run.desk), time.monotonic()
            wanted = self._get_room(run.senders) if run.claiming else 0
            tasks = []
            if run.landed or wanted:
                tasks = self._settle_and_claim(run, wanted)
            if tasks:
                tasks = self._look_again(run, tasks)
            run.senders.hand_over(batch.bundle(tasks or []))
            if tasks is not None and (not run.senders.open or run.is_over):
                return
            run.landed = run.senders.gather(CLAIM_AGAIN)

    @api.model
    def _get_room(self, senders):
        """How many more may be claimed: none until a few can be, to spare the
        database."""
        is_low = len(senders.open) <= LOW_WATER
        return MAX_OPEN - len(senders.open) if is_low else 0

    # -- one turn: settle what landed, claim what is next --------------------------

    @api.model
    def _settle_and_claim(self, run, wanted):
        """What landed is written and what goes next is leased, in one transaction that
        is committed before anything of it leaves.

        :return: list of lib.sending.Task; None when another transaction was in the way
        """
        settle = self.env["inboost.delivery.settle"]
        run.landed = [settle._judge(one) for one in run.landed]
        try:
            settle._settle(run.desk, run.landed, run.lease)
            tasks = []
            if wanted:
                tasks = self.env["inboost.delivery.claim"]._claim(
                    run.desk, wanted, list(run.senders.open.values()), run.lease
                )
            self._commit()
            run.note_settled()
            return tasks
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            if not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                raise
            self.env.cr.rollback()
        except Exception as error:
            self.env.cr.rollback()
            _logger.warning("InBoost: results are written one by one: %s", error)
        self._settle_one_by_one(run)
        return None

    @api.model
    def _look_again(self, run, tasks):
        """What is leased is committed, and whoever claimed at the same moment is seen.
        States are read only now: none leaves that is older than one that left before.

        :return: those that may leave
        """
        claim = self.env["inboost.delivery.claim"]
        if crossed := claim._find_crossed(tasks):
            tasks = [task for task in tasks if task.id not in crossed]
            claim._give_back(run.lease, [*run.begun, *(task.id for task in tasks)])
        claim._read_states(tasks)
        self._commit()
        return tasks

    @api.model
    def _settle_one_by_one(self, run):
        """None takes the others along."""
        # What was noted of endpoints went back with the rest.
        run.desk = self.env["inboost.delivery.desk"]._read(run.desk)
        while run.landed:
            self._settle_alone(run, run.landed[0])
            run.landed.pop(0)
            run.count += 1

    @api.model
    def _settle_alone(self, run, landed):
        problem = None
        for number in range(MAX_SETTLE_TRIES):
            try:
                self.env["inboost.delivery.settle"]._settle(
                    run.desk, [landed], run.lease
                )
                self._commit()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
                self.env.cr.rollback()
                problem = error
                time.sleep(min(SETTLE_PAUSE * 2**number, 1.0))
            except Exception as error:
                if self.env.cr.connection.closed:
                    # Nothing can be said of this one.
                    raise
                self.env.cr.rollback()
                problem = error
                if landed.log is None:
                    break
                _logger.exception(
                    "InBoost: the result of event %s was not written",
                    landed.task.event_id,
                )
                # Without what could not be written, and as what is known then.
                outcome = after_exception(error, landed.exchange)
                landed = replace(landed, outcome=outcome, log=None)
            self.env["inboost.delivery.desk"]._read(run.desk)
        # Its lease runs out and it is unknown: it is never sent blindly.
        run.lost.append(landed.task.id)
        _logger.error(
            "InBoost: the result of event %s could not be written (%s); "
            "nobody knows it when its lease runs out",
            landed.task.event_id,
            problem,
        )

    @api.model
    def _give_back(self, run):
        self.env["inboost.delivery.claim"]._give_back(run.lease, run.begun)
        self._commit()

    # -- beside the runs -----------------------------------------------------------

    @api.model
    def _land_apart(self, run, stack):
        """Let what is in flight land while the next run goes on. A process that ends
        waits for it: the thread is no daemon, though the one that starts it is."""

        rest = replace(run, desk=Desk())

        def land():
            with stack:
                self._land(rest)

        name = f"inboost.landing.{run.lease}"
        threading.Thread(target=land, name=name, daemon=False).start()

    @api.model
    def _land(self, run):
        """What is in flight lands and is written over connections of its own."""
        run.senders.take_back()
        while run.senders.open:
            run.landed += run.senders.gather(LOOK_AGAIN)
            if run.landed:
                self._settle_apart(run)
        self._settle_apart(run)

    @api.model
    def _settle_apart(self, run):
        for _try in range(MAX_RECONNECTS):
            try:
                with self.env.registry.cursor() as cr:
                    self.with_env(self.env(cr=cr))._settle_rest(run)
                return
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                time.sleep(1)
            except Exception:
                # What still flies must be written all the same.
                _logger.exception("InBoost: something went wrong beside the runs")
                return
        _logger.error("InBoost: %s results could not be written", len(run.landed))
        run.lost += [one.task.id for one in run.landed]
        run.landed = []

    @api.model
    def _settle_rest(self, run):
        settle = self.env["inboost.delivery.settle"]
        run.landed = [settle._judge(one) for one in run.landed]
        self._settle_one_by_one(run)
        self._give_back(run)
        self._follow_up(run.desk)
        self.env["inboost.event"]._trigger_delivery()
        self._commit()
