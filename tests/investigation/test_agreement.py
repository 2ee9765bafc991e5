"""Counts, tops and series of any posts are what a few lines of plain Python find in them."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.investigation.conftest import FILES, START, Forum, pack_of

from hakam.investigation.query import Query, Step, ask
from hakam.investigation.tops import facet
from hakam.investigation.where import Asker

WORDS = ["buy", "carpet", "صباح", "day"]
POSTS = st.tuples(
    st.sampled_from(["ali", "سلمى", "shop"]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    st.integers(0, 20_000),
)


@settings(max_examples=25, deadline=None)
@given(posts=st.lists(POSTS, max_size=30), word=st.sampled_from(WORDS), since=st.integers(0, 200_000))
def test_any_posts(posts: list[tuple[str, list[str], int]], word: str, since: int) -> None:
    pack = pack_of(FILES)
    with tempfile.TemporaryDirectory() as folder:
        forum = Forum(Path(folder), pack)
        expected: list[tuple[str, float, str]] = []
        moment = 0
        for author, words, later in posts:
            moment += later
            id_ = forum.post(" ".join(words), author=author, at=float(moment))
            if word in words and moment >= since:
                expected.append((author, START + moment, id_))
        question = Asker(pack).ask(f'word(text.folded, "{word}")').question
        top = (facet("author.id", pack),)
        answer = ask(forum.log, Query(question, since=START + since, by=Step.HOUR, top=top, limit=5))
        forum.log.close()
    assert answer.matched == len(expected)
    assert [hit.event for hit in answer.hits] == [id_ for _, _, id_ in reversed(expected)][:5]
    assert {one.value: one.count for one in answer.top[0].counts} == Counter(
        author for author, _, _ in expected
    )
    hours = Counter(
        datetime.fromtimestamp(at, tz=UTC).replace(minute=0, second=0, microsecond=0) for _, at, _ in expected
    )
    assert {one.start: one.count for one in answer.series if one.count} == hours
