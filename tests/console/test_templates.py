"""What every template and style sheet keeps to: words are translatable, nothing is inline, sides are logical."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hakam

CONSOLE = Path(hakam.__file__).parent / "console"
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.html"))
STYLES = sorted((CONSOLE / "static").rglob("*.css"))
SCRIPTS = sorted((CONSOLE / "static").rglob("*.js"))

_TAGS = re.compile(
    r"{% block (?:body_class|main_attributes|body_attributes|leaf) %}.*?{% endblock %}|"
    r"{%-?\s*blocktrans.*?endblocktrans\s*%}|{%.*?%}|{{.*?}}|{#.*?#}|<script\b.*?</script>|<svg\b.*?</svg>|<!--.*?-->",
    re.DOTALL,
)
_SPOKEN = re.compile(r"""\b(?:aria-label|title|placeholder|alt)=(["'])(.*?)\1""", re.DOTALL)
_NOT_WORDS = {
    "English", "العربية", "rules", "contact", "json", "hk", "Enter", "Esc", "Ctrl", "nbsp", "amp", "case", "https", "s",
    "U", "N", "S", "E", "M", "K", "J", "V", "F", "C", "CSV", "XLSX",
    "JSON", "PDF", "بالعربية", "harbour", "attack", "EG", "DE", "ar", "en",
}  # fmt: skip
"""Names of languages in themselves, keys, addresses, units, formats of files, codes and names as one types them."""


def name(path: Path) -> str:
    return str(path.relative_to(CONSOLE))


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text)) - _NOT_WORDS


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_word_is_left_untranslated(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    bare = _TAGS.sub(" ", source)
    spoken = {word for _quote, text in _SPOKEN.findall(bare) for word in words_of(text)}
    visible = words_of(re.sub(r"<[^>]*>", " ", bare))
    assert spoken | visible == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_is_inline(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<style\b|\sstyle\s*=", source)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", source)
    assert not re.search(r"hx-on|hx-vals\s*=\s*[\"']js:|javascript:", source)
    for script in re.findall(r"<script\b[^>]*>", source):
        assert "src=" in script, script


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_only_our_own_html_is_trusted(path: Path) -> None:
    trusted = re.findall(r"{{[^}]*\|safe[^}]*}}|autoescape off", path.read_text(encoding="utf-8"))
    assert set(trusted) <= {"{{ screen|safe }}", "{{ field.help_text|safe }}"}


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_form_that_posts_is_guarded(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", source, re.DOTALL):
        assert "{% csrf_token %}" in form, form[:120]


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_sides_are_logical(path: Path) -> None:
    source = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    physical = re.findall(
        r"(?<![\w-])((?:margin|padding|border)-(?:left|right)|(?:left|right)\s*:|float\s*:\s*(?:left|right))",
        source,
    )
    assert physical == []
    # code, addresses and digits of a secret keep their own direction, whatever the page's
    allowed = {".scroller"}
    for rule, body in re.findall(r"([^{}]+){([^{}]*)}", source):
        if re.search(r"text-align\s*:\s*(left|right)", body):
            assert re.search(r"direction:\s*ltr|code|placeholder", rule + body) or rule.strip() in allowed, (
                rule
            )


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"@import|https?://", source)


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_scripts_are_modules_without_evaluation(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function|document\.write|setTimeout\(\s*[\"']|https?://", source)


def test_arabic_letters_are_never_spaced_nor_slanted() -> None:
    for path in STYLES:
        source = path.read_text(encoding="utf-8")
        assert "italic" not in source
        for rule in re.findall(r"([^{}]+){[^{}]*letter-spacing", source):
            assert ':not([lang="ar"])' in rule or "input.code" in rule, rule


def test_fonts_come_with_their_licence() -> None:
    fonts = CONSOLE / "static" / "console" / "fonts"
    assert "SIL OPEN FONT LICENSE" in (fonts / "OFL.txt").read_text(encoding="utf-8")
    assert sum(font.stat().st_size for font in fonts.glob("*.woff2")) < 250_000


_ASIDE = re.compile(r"""class="note[^"]*"[^>]*>{% icon "[^"]*" %}{% blocktrans[^%]*\|num[^%]*%}""")


def test_a_sentence_with_a_number_in_a_note_is_one_piece() -> None:
    """A note sets its children apart: beside the icon a sentence that holds an element would be torn."""
    torn = [name(path) for path in TEMPLATES if _ASIDE.search(path.read_text(encoding="utf-8"))]
    assert torn == []
