"""The worker's duties: which verbs run by themselves, in which lane, how often looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from hakam.banks import publication
from hakam.compliance import deadlines
from hakam.compliance.eu_database import submissions
from hakam.enforcement.connectors.connector import Connector
from hakam.enforcement.connectors.eu_database import sending
from hakam.enforcement.connectors.eu_database.client import HttpDatabase
from hakam.enforcement.delivery import deliver_due
from hakam.enforcement.delivery_policy import DeliveryPolicy, shipped_connectors
from hakam.enforcement.reverse import expire_due
from hakam.enforcement.takeover import take_over
from hakam.incidents import counting, powers
from hakam.incidents.closing import close_due
from hakam.incidents.warning import warn_due
from hakam.intake import (
    answers,
    crowd_letters,
    crowds,
    events,
    misuse,
    models_in_use,
    order_recipients,
    picture_contents,
    pictures,
    remembering,
)
from hakam.intake.media_files import MediaFolder
from hakam.live.keeping import EdgeKeeper
from hakam.privacy import erasing, research, retention, work
from hakam.regulator import copies, requests
from hakam.review import bulk
from hakam.review.cases import rerank_due
from hakam.review.decisions import finalise_due
from hakam.safeguarding import filing
from hakam.safeguarding.cybertip.client import HttpTipline
from hakam.safeguarding.handing_over import HttpReceiver
from hakam.storage import model_figures
from hakam.wiring import exchange_duties, franking, live_duties, plugins, ports, publish, subscriptions
from hakam.wiring.hold import HomeInUseError, hold
from hakam.wiring.known import KnownBanks
from hakam.wiring.models import Models
from hakam.wiring.reading import PictureReading
from hakam.wiring.report_duties import tasks as report_tasks
from hakam.wiring.settings import SettingError, Settings
from hakam.wiring.trial_runs import TrialProcess
from hakam.wiring.worker import Task

EVENTS_AT_ONCE = 1_000
EFFECTS_AT_ONCE = 64
NOTICES_AT_ONCE = 5_000
PICTURES_AT_ONCE = 200
TEXTS_AT_ONCE = 500


def connectors() -> Mapping[str, Connector]:
    """Return every connector by its id: those that come with Hakam and those installed beside it."""
    shipped = shipped_connectors()
    added: dict[str, Callable[[], Connector]] = plugins.load(plugins.CONNECTORS)
    taken = sorted(set(shipped) & set(added))
    if taken:
        raise plugins.PluginError(f"an extension claims {', '.join(taken)}, which comes with Hakam")
    return MappingProxyType({**shipped, **{name: made() for name, made in added.items()}})


def delivery_policy(settings: Settings) -> DeliveryPolicy:
    """Return how effects leave this installation."""
    return DeliveryPolicy(
        base_url=settings.base_url,
        platform_name=settings.platform_name,
        mail_from=settings.mail_from,
        allow_private_endpoints=settings.allow_private_endpoints,
        secret=settings.secret,
        connectors=connectors(),
    )


@contextmanager
def lanes(settings: Settings) -> Iterator[Mapping[str, Sequence[Task]]]:  # noqa: C901, PLR0915 -- one small function a duty
    """Give the worker its lanes of tasks; what they hold open is closed afterwards."""
    log, vault = ports.event_log(), ports.vault()
    policy = delivery_policy(settings)
    held = ExitStack()
    _resume(settings, held)

    def consume(now: datetime) -> int:
        return events.consume(log, vault=vault, now=now, limit=EVENTS_AT_ONCE)

    notices = ports.notice_log()

    def take_notices(now: datetime) -> int:
        within = timedelta(hours=settings.notice_hours)
        return crowds.consume(
            notices,
            events=log,
            vault=vault,
            now=now,
            limit=NOTICES_AT_ONCE,
            decide_within=within,
            franking=franking.keys(settings),
        )

    def tell_crowds(now: datetime) -> int:
        return crowd_letters.tell_due(notices, now=now)

    def deliver(now: datetime) -> int:
        return deliver_due(now=now, limit=EFFECTS_AT_ONCE, policy=policy)

    followers = subscriptions.Followers()
    edge = EdgeKeeper(settings.home, lambda: settings.secret("edge"))
    database: list[HttpDatabase] = []

    def reached() -> HttpDatabase | None:
        if settings.eu_database_url and not database:
            database.append(HttpDatabase(settings.eu_database_url, settings.given_secret("eu-database")))
            held.callback(database[0].close)
        return database[0] if database else None

    def send_statements(now: datetime) -> int:
        there = reached()
        return 0 if there is None else sending.send_due(there, now=now).sent

    def ask_after_statements(now: datetime) -> int:
        there = reached()
        return 0 if there is None else sending.reconcile(there, now=now)

    def publish_anew(now: datetime) -> int:
        publish.publish(settings, now=now)
        return 0

    folder = MediaFolder(settings.media_url, Path(settings.media_folder) if settings.media_folder else None)
    banks = held.enter_context(closing(KnownBanks(settings)))

    def look_at_pictures(now: datetime) -> int:
        sandbox = banks.sandbox()
        if sandbox is None:
            return 0
        look = pictures.Look(banks.media(), sandbox, folder)
        return pictures.consume(log, look, vault=vault, now=now, limit=PICTURES_AT_ONCE)

    reader = held.enter_context(closing(PictureReading(settings, folder)))

    def read_pictures(now: datetime) -> int:
        reading, most = reader.reading(), PICTURES_AT_ONCE
        return picture_contents.consume(log, reading, vault=vault, now=now, limit=most) if reading else 0

    here = held.enter_context(closing(Models(settings, endpoints=False)))
    away = held.enter_context(closing(Models(settings, endpoints=True)))

    def read_texts(now: datetime) -> int:
        return here.consume(log, vault=vault, now=now, limit=TEXTS_AT_ONCE)

    def tell_of_models(now: datetime) -> int:
        model_figures.write(settings.home, models_in_use.figures(settings.home, log, now=now))
        return 0

    def ask_endpoints(now: datetime) -> int:
        return away.consume(log, vault=vault, now=now, limit=TEXTS_AT_ONCE)

    seen: list[object] = []

    def write_banks(now: datetime) -> int:
        """Publish when a bank has changed: apart from the ledger's lane, since a large shelf takes its time."""
        state = publication.state()
        if seen == [state]:
            return 0
        first = not seen  # after a start, whether or not anything is new
        publish.publish(settings, now=now)
        seen[:] = [state]
        return 0 if first else 1

    def erase_withdrawn(_now: datetime) -> int:
        return publish.erase_withdrawn(settings)

    children = _Children(settings)
    held.callback(children.close)
    beside = TrialProcess(settings)
    held.callback(beside.stop)
    try:
        yield {
            "pictures": (Task("look at pictures", look_at_pictures, 1.0),),
            "writing": (Task("read pictures", read_pictures, 1.0),),
            "texts": (Task("read texts with models", read_texts, 1.0),),
            "endpoints": (
                Task("ask models behind endpoints", ask_endpoints, 1.0),
                Task("tell the door of models", tell_of_models, 15.0),
                Task("forget answers of models", lambda now: remembering.forget(now=now), 3_600.0),
            ),
            "banks": (
                Task("write banks for the door", write_banks, 0.25),
                Task("erase withdrawn hashes", erase_withdrawn, 30.0),
            ),
            "edge": (Task("keep edge snapshots", edge.keep, 2.0),),
            **live_duties.lanes(settings),
            **exchange_duties.lanes(settings, held),
            "events": (Task("consume events", consume, 0.25),),
            "notices": (
                Task("take in notices", take_notices, 0.25),
                Task("write to crowds", tell_crowds, 1.0),
            ),
            "ledger": (Task("follow the ledger", lambda now: followers.advance(now=now), 0.25),),
            "deliveries": (Task("deliver effects", deliver, 0.5),),
            "database": (
                Task("send statements to the database", send_statements, 10.0),
                Task("reconcile statements with the database", ask_after_statements, 3_600.0),
            ),
            "copies": (Task("look for identical copies", lambda now: copies.search(log, now=now), 2.0),),
            "together": (Task("decide many items", lambda now: bulk.work(log, now), 1.0),),
            "children": (
                Task("file reports of child abuse", children.file_due, 15.0),
                Task("hand reports of child abuse to the NCA", children.hand_over_due, 15.0),
            ),
            "privacy": _privacy(settings),
            "reports": report_tasks(settings.platform),
            "incidents": (
                Task("close incidents", close_due, 1.0),
                Task("warn before incidents end", warn_due, 5.0),
                Task("count copies of incidents", lambda now: counting.count_due(log, now=now), 1.0),
                Task("take back what incidents left", powers.undo_due, 5.0),
            ),
            "trials": (Task("start trials of drafts", beside.look, 1.0),),
            "clocks": (
                Task("finalise decisions", finalise_due, 1.0),
                Task("end measures", lambda now: expire_due(now=now), 15.0),
                Task("warn of deadlines", lambda now: len(deadlines.warned(now=now)), 5.0),
                Task("note missed deadlines", lambda now: len(deadlines.missed(now=now)), 15.0),
                Task("end periods", lambda now: len(deadlines.ended(now=now)), 60.0),
                Task("rank cases", rerank_due, 30.0),
                Task("tell recipients of orders", order_recipients.inform_due, 15.0),
                Task("hand over requests of who is away", lambda now: requests.hand_over(now=now), 60.0),
                Task("end suspensions for misuse", misuse.end_due, 60.0),
                Task("note receipts", answers.note_receipts, 15.0),
                Task("publish for the door", publish_anew, 60.0),
            ),
        }
    finally:
        held.close()


def _privacy(settings: Settings) -> tuple[Task, ...]:
    """Return the tasks of the schedule and of people's requests, which leave something to clean up behind them."""
    stores = ports.stores()
    dirty = [False]  # something was erased that the database itself may still hold

    def noting(done: int) -> int:
        dirty[0] = dirty[0] or done > 0
        return done

    def clean_up(_now: datetime) -> int:
        if dirty[0] and erasing.clean():
            dirty[0] = False
            return 1
        return 0

    return (
        Task("erase what is due", lambda now: noting(retention.run(stores, now=now)), 60.0),
        Task(
            "serve requests about data",
            lambda now: noting(work.step(stores, secret=settings.secret("erasures"), now=now)),
            5.0,
        ),
        Task(
            "make exports for researchers", lambda now: research.make_due(vault=stores.vault, now=now), 10.0
        ),
        Task("clean up after erasing", clean_up, 30.0),
    )


class _Children:
    """Who takes reports of child abuse, where a secret says how: `https://user:password@host/path`.

    `cybertip` is NCMEC's CyberTipline, `nca` what stands in front of the NCA. Without them people send by hand.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tipline: HttpTipline | None = None
        self._nca: HttpReceiver | None = None

    def file_due(self, now: datetime) -> int:
        """File the next report to NCMEC that a second person approved."""
        if self._tipline is None:
            given = self._given("cybertip")
            if given is None:
                return 0
            self._tipline = HttpTipline(*given)
        return filing.file_due(self._tipline, vault=ports.vault(), now=now)

    def hand_over_due(self, now: datetime) -> int:
        """Give the NCA the next report that a second person approved."""
        if self._nca is None:
            given = self._given("nca")
            if given is None:
                return 0
            self._nca = HttpReceiver(*given)
        return filing.hand_over_due(self._nca, vault=ports.vault(), now=now)

    def _given(self, name: str) -> tuple[str, str, str] | None:
        """Return (address, user, password) of a secret, or None where there is none."""
        try:
            given = urlsplit(self._settings.given_secret(name))
        except SettingError:
            return None
        where = f"{given.scheme}://{given.hostname}{f':{given.port}' if given.port else ''}{given.path}"
        return where, unquote(given.username or ""), unquote(given.password or "")

    def close(self) -> None:
        """Close the connections."""
        for client in (self._tipline, self._nca):
            if client is not None:
                client.close()


def _resume(settings: Settings, held: ExitStack) -> None:
    """Send at once what a worker that was killed held, where it is certain that there is no other worker."""
    if settings.database_url:
        return  # workers of other machines share the database: their leases must run out by themselves
    try:
        held.enter_context(hold(settings.home, "hakam worker"))
    except HomeInUseError:
        return
    take_over(now=datetime.now(tz=UTC))
    submissions.take_over(now=datetime.now(tz=UTC))
