"""`hakam query` over a log that holds posts: as a screen, as JSON, as CSV, and on record."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import PACK
from tests.investigation.conftest import Forum, pack_of

from hakam.cli.main import main
from hakam.compliance import ledger
from hakam.compliance.models import Fact
from hakam.investigation import query
from hakam.investigation.backwards import Range, backwards
from hakam.review.models import Case
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import Entry
from hakam.wiring import ports
from hakam.wiring.settings import settings

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
Ask = Callable[..., str]


@pytest.fixture
def forum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forum]:
    """Give a home with a rule book and seven posts, one of which begins as a formula does."""
    monkeypatch.setenv("COLUMNS", "200")
    made = Forum(settings().home, pack_of(PACK))
    for n in range(4):
        made.post("buy a carpet", author="shop", at=n * 60.0)
    made.post("=1+2 for free", author="sums", at=90_000.0)
    made.post("سجادة جميلة للبيع", author="سلمى", at=90_001.0)
    made.post(None, author="silent", at=90_002.0)
    folder = tmp_path / "pack"
    folder.mkdir()
    for name, text in PACK.items():
        (folder / name).write_text(text.lstrip(), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["hakam", "pack", "publish", str(folder), "--note", "first"])
    with pytest.raises(SystemExit):
        main()
    yield made
    made.log.close()
    shutil.rmtree(made.path)
    ports.event_log.cache_clear()  # a command may have opened it, and the next test's log is another
    (settings().home / "published.json").unlink(missing_ok=True)


@pytest.fixture
def ask(forum: Forum, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    assert forum.count == 7
    capsys.readouterr()

    def typed(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["hakam", "query", "--since", "", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert not ended.value.code, err
        return out

    return typed


def test_the_screen_shows_count_top_series_and_events(ask: Ask) -> None:
    screen = ask("--rule", "*", "--top", "author.id", "--by", "day", "--limit", "2")
    assert "5 of 7 events fit" in screen
    assert "2 values of author.id" in screen
    assert "2026-01-01  4" in screen
    assert "2026-01-02  1" in screen
    assert "(says-free)" in screen  # it only watched
    assert "forum/e4" in screen
    assert "forum/e3" not in screen


def test_json_holds_everything(ask: Ask) -> None:
    found = json.loads(ask('author.id == "سلمى"', "--json", "--top", "text.script"))
    assert (found["looked"], found["matched"], found["stopped"]) == (7, 1, None)
    assert found["hits"][0]["text"] == "سجادة جميلة للبيع"
    assert found["top"][0]["counts"] == [{"value": "Arab", "count": 1}]


def test_csv_is_one_table_and_no_cell_is_a_formula(ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("--csv", "--rule", "says-free"))))
    assert [row["text"] for row in rows] == ["'=1+2 for free"]
    assert ask("--csv", "--top", "author.id", "--size", "1") == "author.id,count\nshop,4\n"
    assert ask("--csv", "--by", "hour", "--rule", "says-buy") == "hour,count\n2026-01-01T00:00:00+00:00,4\n"


def test_sql_over_what_fits(ask: Ask) -> None:
    said = ask(
        'word(text.folded, "buy")',
        "--json",
        "--sql",
        "SELECT author_id, count(*) AS n FROM events GROUP BY 1",
    )
    assert json.loads(said)["sql"] == {"columns": ["author_id", "n"], "rows": [["shop", 4]], "more": False}
    screen = ask("--sql", "SELECT rule FROM verdicts ORDER BY seq", "--limit", "2")
    assert screen.count("says-buy") == 2
    assert "and more rows" in screen


def test_a_refused_statement_is_a_fact_too(ask: Ask) -> None:
    before = Fact.objects.filter(kind="log.queried").count()
    with pytest.raises(AssertionError, match="buy a carpet"):  # what it read, in what DuckDB says of it
        ask("--sql", "SELECT error(any_value(text_raw)) FROM events")
    assert Fact.objects.filter(kind="log.queried").count() == before + 1


def test_what_is_unknown_is_told(ask: Ask) -> None:
    assert "7 events that no rule of their time counted" in ask('count(by=author.id, within="1h") > 1')


def test_each_query_is_a_fact(ask: Ask) -> None:
    before = Fact.objects.filter(kind="log.queried").count()
    ask("author.posts < 3")
    ask("--csv", "--limit", "0")
    assert Fact.objects.filter(kind="log.queried").count() == before + 2


def test_what_is_held_for_abuse_of_children_is_in_no_figure_unless_one_means_to(ask: Ask) -> None:
    case = Case.objects.create(
        platform="forum", item_kind="post", item_id="p1", queue="child-safety", state="open", restricted=True,
        opened_at=datetime.now(tz=UTC),
    )  # fmt: skip
    left_out = json.loads(ask("", "--json", "--top", "author.id", "--by", "day"))
    assert left_out["matched"] == 6
    assert {"value": "shop", "count": 3} in left_out["top"][0]["counts"]
    assert "forum/e1 " not in ask()
    counted = json.loads(ask("--json", "--sql", "SELECT count(*) AS n FROM events"))
    assert counted["sql"]["rows"] == [[6]]
    assert not ledger.body_of(Fact.objects.latest("seq")).get("child_safety")
    with_it = json.loads(ask("", "--json", "--child-safety"))
    assert with_it["matched"] == 7
    assert ledger.body_of(Fact.objects.latest("seq"))["child_safety"] is True
    case.delete()


def test_one_such_event_is_explained_only_to_who_means_to_and_that_is_a_fact(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = Case.objects.create(
        platform="forum", item_kind="post", item_id="p5", queue="child-safety", state="open", restricted=True,
        opened_at=datetime.now(tz=UTC),
    )  # fmt: skip
    log = FileEventLog(settings().home / "events")
    seq = next(record.seq for record in log.read(0, 10) if record.id == "e5")
    log.close()
    monkeypatch.setattr(sys, "argv", ["hakam", "explain", str(seq)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert "=1+2" not in out
    assert "--child-safety" in err
    assert not Fact.objects.filter(kind="evidence.viewed").exists()
    monkeypatch.setattr(sys, "argv", ["hakam", "explain", str(seq), "--child-safety"])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert "child-safety" not in err  # it goes on to judge it again, by a version that this home lacks
    assert Fact.objects.get(kind="evidence.viewed").subject == f"event:{seq}"
    case.delete()


def test_events_that_were_judged_without_a_rule(ask: Ask, forum: Forum) -> None:
    head = b'{"id":"missed","platform":"forum","kind":"post","at":"2026-01-01T00:00:00Z"'
    raw = head + b',"author":{"id":"a"},"item":{"id":"m"}}'
    verdict = b'{"pack":{"id":"asked","version":"1.0.0","digest":"0"},"quarantined":["broken"]}'
    forum.log.append([Entry("forum", "missed", 90_003.0, raw, b'{"signals":{}}', verdict)])
    for rule in ("broken", "*"):
        found = json.loads(ask("--json", "--without", rule))
        assert (found["matched"], [hit["event"] for hit in found["hits"]]) == (1, ["missed"])
    assert json.loads(ask("--json", "--without", "sound"))["matched"] == 0


def test_a_budget_that_is_used_up_says_how_far_it_came(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "backwards", lambda stretch: backwards(stretch, block=3))
    screen = " ".join(ask("--budget", "0.000001").split())
    assert "3 of 3 events fit" in screen
    assert "the time was used up; looked back to 2026-01-02 01:00, 0.0 of 1.0 days" in screen
    assert "all figures are of this part alone" in screen


def test_interrupted_it_shows_what_it_has(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupting(stretch: Range) -> Iterator[Range]:
        for block in backwards(stretch, block=3):
            yield block
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(query, "backwards", interrupting)
    screen = ask("--limit", "1")
    assert "3 of 3 events fit" in screen
    assert "interrupted; looked back to 2026-01-02" in screen
    assert signal.getsignal(signal.SIGINT) is before
