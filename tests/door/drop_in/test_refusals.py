"""What goes wrong is said in the shape of the service that was asked, and spans are places of what came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.door.app import Answer, Door
from hakam.door.drop_in.call import MAX_FIELDS, TooManyFieldsError, body_of, fields_of
from hakam.door.drop_in.labels import FILE
from hakam.door.drop_in.moderations import MAX_INPUTS, InvalidInputError, inputs_of
from hakam.door.drop_in.perspective import MAX_BYTES, spans_of
from hakam.door.drop_in.routes import DropIns
from hakam.testing.doors import House, key_text

pytestmark = pytest.mark.embedded  # no control database
ANALYZE, SUGGEST = "/v1alpha1/comments:analyze", "/v1alpha1/comments:suggestscore"
MODERATIONS, CHECK, SUBMIT = "/v1/moderations", "/1.1/comment-check", "/1.1/submit-spam"
TOXICITY = {"TOXICITY": {}}


class Wire:
    """A body as the server hands it over: at once, or in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.read = 0

    async def __call__(self) -> bytes:
        self.read = len(self.pieces)
        return b"".join(self.pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.read += 1
            yield piece


def serve(
    house: House, path: str, *pieces: bytes, query: str = "", length: str | None = None, method: str = "POST"
) -> Answer:
    """Send one request to the doors in other shapes of a real door."""
    headers = {"authorization": f"Bearer {key_text('forum')}", "host": "localhost"}
    if length is not None:
        headers["content-length"] = length
    scope = SimpleNamespace(method=method, path=path, query_string=query, headers=headers)

    async def story(door: Door) -> Answer:
        doors = DropIns(door)
        service = doors.find(path)
        assert service is not None
        return await doors.serve(service, scope, Wire(*pieces))

    answer: Answer = house.visit(story)
    return answer


def openai_shape(answer: Answer) -> str:
    (error,) = msgspec.json.decode(answer.body).values()
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == ("server_error" if answer.status >= 500 else "invalid_request_error")
    return str(error["message"])


def google_shape(answer: Answer) -> str:
    (error,) = msgspec.json.decode(answer.body).values()
    assert error["code"] == answer.status
    assert (
        error["status"] == {400: "INVALID_ARGUMENT", 413: "INVALID_ARGUMENT", 500: "INTERNAL"}[answer.status]
    )
    return str(error["message"])


def akismet_shape(answer: Answer) -> str:
    assert (answer.status, answer.body) == (200, b"invalid")
    headers = dict(answer.headers)
    assert headers["content-type"].startswith("text/plain")
    return headers["x-akismet-debug-help"]


SHAPES = [
    (MODERATIONS, openai_shape),
    (ANALYZE, google_shape),
    (SUGGEST, google_shape),
    (CHECK, akismet_shape),
]
Shape = Callable[[Answer], str]


@pytest.mark.parametrize(("path", "shape"), SHAPES)
def test_too_many_fields_of_a_query_are_the_callers_mistake(house: House, path: str, shape: Shape) -> None:
    query = "&".join(f"a{n}=1" for n in range(MAX_FIELDS + 1))
    answer = serve(house, path, b"{}", query=query)
    assert answer.status < 500
    assert str(MAX_FIELDS) in shape(answer)


@pytest.mark.parametrize(("path", "shape"), SHAPES)
@pytest.mark.parametrize("length", [None, "5000"])
def test_a_body_too_large_is_refused_declared_or_not(
    house: House, path: str, shape: Shape, length: str | None
) -> None:
    house.publish(max_body_bytes=1_000)
    answer = serve(house, path, *[b"x" * 100] * 50, length=length)
    assert "1,000" in shape(answer).replace("1000", "1,000")


def test_a_form_of_too_many_fields_is_refused_in_one_word(house: House) -> None:
    fields = {f"SERVER_{n}": "x" for n in range(MAX_FIELDS)}
    form = urlencode({"api_key": key_text("forum"), "blog": "https://b.example", **fields}).encode()
    assert str(MAX_FIELDS) in akismet_shape(serve(house, CHECK, form))


def suggestion(text: str = "a", **comment: Any) -> bytes:
    scores = {"TOXICITY": {"summaryScore": {"value": 1}}}
    return msgspec.json.encode({"comment": {"text": text, **comment}, "attributeScores": scores})


def submission() -> bytes:
    return urlencode(
        {"api_key": key_text("forum"), "blog": "https://b.example", "comment_content": "buy"}
    ).encode()


@pytest.mark.parametrize(
    ("path", "body", "shape"), [(SUGGEST, suggestion(), google_shape), (SUBMIT, submission(), akismet_shape)]
)
def test_a_fault_of_the_disk_is_said_in_the_shape_of_the_service(
    house: House, tmp_path: Path, path: str, body: bytes, shape: Shape
) -> None:
    (tmp_path / FILE).mkdir()  # nobody can append to that
    said = shape(serve(house, path, body))
    assert "went wrong" in said
    assert str(tmp_path) not in said


def test_full_labels_are_no_failure_and_name_no_folder(
    perspective: Any, akismet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hakam.door.drop_in.labels.MAX_BYTES", 150)
    assert perspective(SUGGEST, suggestion())[0] == 200
    status, answer, _ = perspective(SUGGEST, suggestion())
    assert (status, answer["error"]["status"]) == (507, "UNAVAILABLE")
    assert str(tmp_path) not in answer["error"]["message"]
    _, body, headers = akismet(SUBMIT, submission())
    assert body == b"invalid"
    assert FILE in headers["x-akismet-debug-help"]
    assert str(tmp_path) not in headers["x-akismet-debug-help"]
    assert len((tmp_path / FILE).read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "Tom &amp; Jerry came. You are a pathetic idiot!",
            ["Tom &amp; Jerry came.", "You are a pathetic idiot!"],
        ),
        ("<p>Caf&eacute;.</p> <b>You</b> idiot!", ["<p>Caf&eacute;.</p> <b>", "You</b> idiot!"]),
        ("&lt;b&gt; is a tag. Is it?", ["&lt;b&gt; is a tag.", "Is it?"]),
        ("&#1605;&#1585;&#1581;&#1576;&#1575;؟ نعم.", ["&#1605;&#1585;&#1581;&#1576;&#1575;؟", "نعم."]),
    ],
)
def test_spans_of_markup_are_places_of_what_came(perspective: Any, text: str, sentences: list[str]) -> None:
    body = {
        "comment": {"text": text, "type": "HTML"},
        "requestedAttributes": TOXICITY,
        "spanAnnotations": True,
    }
    status, answer, _ = perspective(ANALYZE, body)
    assert status == 200
    spans = answer["attributeScores"]["TOXICITY"]["spanScores"]
    assert spans[0]["begin"] == 0
    assert spans[-1]["end"] == len(text)
    found = [text[span["begin"] : span["end"]].strip() for span in spans]
    assert found == sentences


def test_markup_and_the_text_it_stands_for_score_alike(perspective: Any) -> None:
    def score(**comment: Any) -> float:
        body = {"comment": comment, "requestedAttributes": TOXICITY, "languages": ["en"]}
        return float(perspective(ANALYZE, body)[1]["attributeScores"]["TOXICITY"]["summaryScore"]["value"])

    plain = score(text="you are a pathetic stupid idiot")
    assert score(text="you are a pathetic stupid &#105;diot", type="HTML") == plain
    assert score(text="you are a pathetic &#x73;tupid idiot", type="HTML") == plain


def test_a_label_from_markup_is_kept_as_people_read_it(perspective: Any, tmp_path: Path) -> None:
    perspective(SUGGEST, suggestion("caf&eacute; &lt;3", type="HTML"))
    assert msgspec.json.decode((tmp_path / FILE).read_bytes())["text"] == "café <3"


@pytest.mark.parametrize(
    "text", ["&nbsp;", "<br>", "<b></b>&#8203;", "\u200f", "😀", "\x00", "a" * MAX_BYTES]
)
def test_any_comment_that_is_not_blank_has_a_score(perspective: Any, text: str) -> None:
    body = {
        "comment": {"text": text, "type": "HTML"},
        "requestedAttributes": TOXICITY,
        "spanAnnotations": True,
    }
    status, answer, _ = perspective(ANALYZE, body)
    assert status == 200
    assert 0 <= answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] <= 1


@given(st.text(alphabet="ab .!?\n؟۔।<>&;", max_size=300))
def test_sentences_are_in_order_and_none_holds_nothing(text: str) -> None:
    spans = spans_of(text)
    assert all(0 <= begin <= end <= len(text) for begin, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    if len(spans) > 1:
        assert all(text[begin:end].strip() for begin, end in spans)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_texts_come_out_as_they_went_in(texts: list[str]) -> None:
    assert inputs_of(msgspec.json.encode({"input": texts})) == (texts, [])
    parts = [{"type": "text", "text": text} for text in texts]
    assert inputs_of(msgspec.json.encode({"input": parts})) == (["\n".join(texts)], [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "image_url", "url"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_input_is_read_or_refused_in_words(value: Any) -> None:
    try:
        texts, pictures = inputs_of(msgspec.json.encode({"input": value}))
    except InvalidInputError as wrong:
        texts, pictures = [str(wrong), wrong.param or ""], []
    assert texts or pictures
    assert all(isinstance(text, str) for text in [*texts, *pictures])
    assert not texts or texts[-1] != "" or value == "" or isinstance(value, list)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(JSON, JSON)
def test_no_json_breaks_the_shape_of_google(perspective: Any, comment: Any, attributes: Any) -> None:
    body = {"comment": comment, "requestedAttributes": attributes}
    status, answer, _ = perspective(ANALYZE, body)
    assert status == 400  # no such attribute is known
    assert answer["error"]["status"] == "INVALID_ARGUMENT"


def test_as_many_texts_as_may_come_are_answered_one_each(moderate: Any) -> None:
    texts = [f"hello number {n}" for n in range(MAX_INPUTS)]
    status, body, _ = moderate(MODERATIONS, {"input": texts})
    assert (status, len(body["results"])) == (200, MAX_INPUTS)
    assert moderate(MODERATIONS, {"input": texts[7]})[1]["results"][0] == body["results"][7]


@pytest.mark.parametrize("body", [b'{"input": "\\ud800"}', b'{"input": "a"', b"[" * 5_000, b"\x00", b"null"])
def test_what_is_no_text_is_refused_by_each(moderate: Any, perspective: Any, body: bytes) -> None:
    assert moderate(MODERATIONS, body)[0] == 400
    assert perspective(ANALYZE, body)[0] == 400


def test_the_last_of_each_field_counts_and_bad_bytes_do_not_matter() -> None:
    assert fields_of("a=1&b=&a=2") == {"a": "2", "b": ""}
    assert fields_of(b"a=%ff&b=\xff&c=%D8%B3") == {"a": "\ufffd", "b": "\ufffd", "c": "س"}
    assert len(fields_of("&".join(f"f{n}" for n in range(MAX_FIELDS)))) == MAX_FIELDS
    with pytest.raises(TooManyFieldsError):
        fields_of("&".join(f"f{n}" for n in range(MAX_FIELDS + 1)))


@pytest.mark.parametrize(
    ("length", "limit", "whole"),
    [
        (None, 30, True),
        (None, 29, False),
        ("30", 30, True),
        ("31", 30, False),
        ("-1", 30, True),
        ("x", 29, False),
    ],
)
def test_a_body_is_read_up_to_its_limit_and_no_further(length: str | None, limit: int, whole: bool) -> None:
    wire = Wire(*[b"0123456789"] * 3)
    headers = {} if length is None else {"content-length": length}
    found = asyncio.run(body_of(SimpleNamespace(headers=headers), wire, limit))
    assert found == (b"0123456789" * 3 if whole else None)
    if length == "31":
        assert wire.read == 0
