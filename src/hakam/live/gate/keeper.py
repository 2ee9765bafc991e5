"""The gate itself, without a socket: a call of a media server in, its reply out, and what was said kept."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from hakam.live import configuration
from hakam.live.configuration import ConfigurationError, LiveConfiguration, ServerSettings
from hakam.live.gate import passes
from hakam.live.gate.book import Reader
from hakam.live.gate.book import path_of as book_path
from hakam.live.gate.judge import Answer, Why, judge
from hakam.live.gate.passes import Pass, PassError
from hakam.live.gate.spool import Said, Spool
from hakam.live.servers.server import Asked, Call, Handle, MediaServer, Moment, Reply, Unreachable

Secrets = Callable[[str], str]
SAME_REFUSAL: Final = 3_600.0  # seconds in which a broadcaster who tries again is told by the same page
_MOST_TOLD: Final = 50_000
_OF_PASS: Final = {"missing": Why.PASS_MISSING, "false": Why.PASS_FALSE, "expired": Why.PASS_EXPIRED}
_FOREVER: Final = float("-inf")
_OBEYED: Final = frozenset({Moment.ASK, Moment.START, Moment.END})
_log: Final = logging.getLogger("hakam.gate")

WORDS: Final = {
    Why.TERMINATED: "the account was terminated",
    Why.SUSPENDED: "the account is suspended",
    Why.BARRED: "the account is barred from live",
    Why.STRIKE: "a rule was broken of which once is enough",
    Why.CUT: "a stream of the account was cut",
    Why.PASS_MISSING: "no stream key was given",
    Why.PASS_CUT_OFF: "the stream key is too long for this server, which cut it off",
    Why.PASS_FALSE: "the stream key is not valid here",
    Why.PASS_EXPIRED: "the stream key has expired",
    Why.COUNTRY: "live is not open in the country of the account",
    Why.AGE: "live has a least age",
    Why.UNVERIFIED: "live needs a verified identity",
    Why.NEW_ACCOUNT: "the account is too new",
    Why.UNAPPROVED: "live needs approval beforehand",
    Why.UNSURE: "it can't be checked at the moment; try again soon",
}
"""For the broadcaster's program, in English; the page behind the address says it in the person's language."""


def address_token(secret: str, server: str) -> str:
    """Return what stands in the address that a media server calls, so that nobody else can speak for it."""
    return hmac.new(secret.encode(), f"hakam gate 1\0{server}".encode(), hashlib.sha256).hexdigest()[:32]


class Handled(NamedTuple):
    """What came of a call. `beyond`: what is to be done with the server; before the reply, if `first`."""

    reply: Reply
    beyond: Callable[[], None] | None = None
    first: bool = False


class Gatekeeper:
    """Answers for all servers of an installation. `secret` gives secrets by name, `clock` Unix seconds."""

    def __init__(
        self,
        home: Path,
        adapters: Mapping[str, MediaServer],
        spool: Spool,
        *,
        secret: Secrets,
        clock: Callable[[], float],
        base_url: str = "",
    ) -> None:
        self._home, self._adapters, self._spool = home, adapters, spool
        self._secret, self._clock, self._base_url = secret, clock, base_url.rstrip("/")
        self._book = Reader(book_path(home))
        self._told: OrderedDict[tuple[str, ...], tuple[str, float]] = OrderedDict()
        self.configuration = LiveConfiguration()
        self._read: tuple[int, int] | None = None
        self._keys: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self.trouble = ""
        self.reload()

    def reload(self) -> bool:
        """Read the configuration if it was changed; True if another is in force. What can't be read changes nothing.

        Called each second, so that a question costs no look at the disk for what seldom changes: secrets are read anew
        by the first question after it.
        """
        self._secrets = {}
        try:
            stat = (self._home / configuration.FILE).stat()
        except OSError:
            self.trouble = f"{self._home / configuration.FILE} is missing"
            return False
        seen = (stat.st_mtime_ns, stat.st_size)
        if seen == self._read:
            return False
        self._read = seen
        try:
            read = configuration.load(self._home)
            assert read is not None
            self._check(read)
        except ConfigurationError as error:
            self.trouble = str(error)
            _log.error("%s", error)
            return False
        self.configuration, self.trouble = read, ""
        self._keys = {s.name: address_token(self._secret("gate"), s.name) for s in read.servers}
        return True

    def _check(self, read: LiveConfiguration) -> None:
        """Raise `ConfigurationError` for a server that nobody can serve, or whose settings are wrong."""
        for server in read.servers:
            adapter = self._adapters.get(server.kind)
            if adapter is None:
                known = ", ".join(sorted(self._adapters))
                raise ConfigurationError(f"there is no media server `{server.kind}`; there are {known}")
            problems = adapter.problems(server.settings)
            if problems:
                raise ConfigurationError(f"server {server.name}: {'; '.join(problems)}")

    def _kept(self, name: str) -> str:
        """Return a secret, from memory if it was read in this second. Called from several threads."""
        kept = self._secrets
        found = kept.get(name)
        if found is None:
            found = kept[name] = self._secret(name)
        return found

    def tidy(self) -> None:
        """Write what could not be written when it was said. Called each second."""
        if self._spool.waiting and not self._spool.flush():
            _log.warning("what the gate says waits in memory: its file can't be written")

    def server_at(self, name: str, token: str) -> ServerSettings | None:
        """Return the server that is called by an address, None if nobody has it."""
        right = self._keys.get(name, "")
        if not right or not hmac.compare_digest(right.encode(), token.encode("utf-8", "replace")):
            return None
        return self.configuration.server(name)

    def handle(self, server: ServerSettings, call: Call) -> Handled:
        """Answer a call; with what must be done beyond the reply, if anything. Raises `ValueError` for no call."""
        adapter = self._adapters[server.kind]
        asked = adapter.asked(call, self._kept(f"media-{server.name}") if server.kind == "signed" else "")
        first = self._answer(server, adapter, asked)
        more = [self._answer(server, adapter, one).beyond for one in asked.further]
        todo = [first.beyond, *more]

        def beyond() -> None:
            failed: list[Unreachable] = []
            for act in todo:
                try:
                    if act is not None:
                        act()
                except Unreachable as error:
                    failed.append(error)
            if failed:
                raise failed[0]

        return Handled(first.reply, beyond if any(todo) else None, asked.moment is Moment.ASK)

    def _answer(self, server: ServerSettings, adapter: MediaServer, asked: Asked) -> Handled:
        if asked.moment is Moment.OTHER:
            return Handled(adapter.reply(asked, Answer(allowed=True), ""))
        answer, shown = Answer(allowed=True), None
        if asked.moment in {Moment.ASK, Moment.START} or (asked.moment is Moment.BEAT and asked.shown):
            answer, shown = self._judge(server, asked)
        said = self._keep(server, asked, answer, shown)
        text = "" if answer.allowed or answer.why is None else self._text(answer.why, said.token)
        reply = adapter.reply(asked, answer, text)
        if asked.moment not in _OBEYED:
            return Handled(reply)

        def obey() -> None:
            secret = self._kept(f"media-{server.name}")
            adapter.obey(asked, answer, Handle(asked.stream, asked.session, server.settings, secret))

        return Handled(reply, obey)

    def _judge(self, server: ServerSettings, asked: Asked) -> tuple[Answer, Pass | None]:
        now = self._clock()
        try:
            valid_at = _FOREVER if asked.moment is Moment.BEAT else now  # who began in time may go on
            shown = passes.read(
                asked.shown, self._kept(f"live-{server.platform}"), now=valid_at, stream=asked.stream
            )
        except PassError as error:
            cut_off = error.code == "false" and asked.detail.get("cut_off") is True
            return Answer(allowed=False, why=Why.PASS_CUT_OFF if cut_off else _OF_PASS[error.code]), None
        answer = judge(
            shown,
            self._book.page(server.platform, shown.account),
            self.configuration.conditions_of(server.platform),
            at=now,
            stale=self.configuration.stale_seconds,
            admit=server.when_unsure == "admit",
            running=asked.moment is Moment.BEAT,
        )
        return answer, shown

    def _keep(self, server: ServerSettings, asked: Asked, answer: Answer, shown: Pass | None) -> Said:
        token = "" if answer.allowed else self._page_of(server, asked, answer, shown)
        said = Said(
            at=self._clock(),
            server=server.name,
            platform=server.platform,
            moment=asked.moment,
            stream=asked.stream,
            session=asked.session,
            allowed=answer.allowed,
            why=answer.why,
            until=answer.until,
            source=answer.source,
            statement=answer.statement,
            sure=answer.sure,
            token=token,
            shown=shown,
            path=asked.path,
            viewers=_count(asked, "viewers"),
            shares=_count(asked, "shares"),
        )
        if asked.moment is Moment.ASK and answer.allowed:
            return said  # nothing has begun
        self._spool.add(said)
        return said

    def _page_of(self, server: ServerSettings, asked: Asked, answer: Answer, shown: Pass | None) -> str:
        """Return the token of the page that says why: the same for whoever tries the same again soon."""
        account = shown.account if shown else ""
        key = (server.platform, account, "" if account else asked.stream, str(answer.why), answer.source)
        now = self._clock()
        token, at = self._told.pop(key, ("", _FOREVER))
        if now - at > SAME_REFUSAL:
            token, at = secrets.token_urlsafe(24), now
        self._told[key] = (token, at)
        while len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
        return token

    def _text(self, why: Why, token: str) -> str:
        return f"Not allowed to be live: {WORDS[why]}. {self._base_url}/live/{token}"


def _count(asked: Asked, name: str) -> int | None:
    value = asked.detail.get(name)
    return value if isinstance(value, int) and value >= 0 else None
