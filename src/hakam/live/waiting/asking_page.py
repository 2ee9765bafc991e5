"""The page on which a ticket holder asks: a form without scripts. In Arabic and English."""

from __future__ import annotations

from html import escape
from typing import Final

from hakam.live.waiting.page import STYLE, WORDS, about
from hakam.live.waiting.plan import Asking, Plan

SAID: Final[dict[str, dict[str, str]]] = {
    "en": {
        "ask": "Ask a question",
        "yours": "Your question",
        "send": "Send",
        "back": "Back to your place",
        "rules": "A person chooses what is asked. What many ask comes first, and languages take turns. "
        "The platform's rules apply.",
        "taken": "Your question was taken.",
        "empty": "Write a question.",
        "too_long": "That is too long: {} characters at most.",
        "too_soon": "You asked a moment ago. Ask again in {}.",
        "too_many": "You have asked as often as anybody may here.",
        "door_busy": "It was not taken: too much at once. Send it again in {}.",
        "refused": "It breaks the platform's rules and was not passed on. The platform tells you why, and how to "
        "object.",
        "malformed": "It can't be read. Write it anew.",
    },
    "ar": {
        "ask": "اطرح سؤالًا",
        "yours": "سؤالك",
        "send": "أرسل",
        "back": "عد إلى مكانك",
        "rules": "يختار شخصٌ ما يُطرح من الأسئلة. ما يسأله كثيرون يأتي أولًا، وتتناوب اللغات. وتسري قواعد المنصة.",
        "taken": "وصل سؤالك.",
        "empty": "اكتب سؤالًا.",
        "too_long": "هذا أطول مما يُقبل. الحد الأقصى لعدد الأحرف: {}.",
        "too_soon": "سألت قبل لحظات. يمكنك أن تسأل مجددًا بعد {}.",
        "too_many": "استنفدت عدد الأسئلة المتاح لكل شخص هنا.",
        "door_busy": "لم يصل السؤال بسبب كثرة ما يرد. أرسله مجددًا بعد {}.",
        "refused": "يخالف سؤالك قواعد المنصة ولم يُمرَّر. تخبرك المنصة بالسبب وبطريقة الاعتراض.",
        "malformed": "تعذرت قراءته. اكتبه من جديد.",
    },
}
"""What the page says, by language and by code of what became of a question."""


def asking_page(
    plan: Plan, limits: Asking, language: str, *, said: str = "", wait: int | None = None, text: str = ""
) -> str:
    """Return the page. `said`: what became of a question (`taken` or a code of `AskingError`); `text` is kept."""
    words, times = SAID[language], WORDS[language]
    title = escape(plan.title.get(language) or next(iter(plan.title.values())))
    note = ""
    if said:
        figure = f"{limits.longest:,}" if said == "too_long" else about(wait, times) if wait else ""
        note = f'<p role=status class="n {"g" if said == "taken" else ""}">{words[said].format(figure)}</p>'
    shown = "" if said in {"taken", "refused"} else escape(text)
    form = (
        f'<form method=post action="questions"><label for=t>{words["yours"]}</label>'
        f"<textarea id=t name=text rows=5 dir=auto required maxlength={limits.longest}>{shown}</textarea>"
        f"<button>{words['send']}</button></form>"
    )
    return (
        f"<!doctype html><html lang={language} dir={times.direction}><meta charset=utf-8>"
        f'<meta name=viewport content="width=device-width,initial-scale=1"><title>{words["ask"]}: {title}</title>'
        f"<style>{STYLE}{_FORM}</style><main><p>{title}</p><h1>{words['ask']}</h1>{note}{form}"
        f'<small>{words["rules"]}</small><p><a class=b href=".">{words["back"]}</a></p></main></html>'
    )


_FORM: Final = (
    "form{display:grid;gap:.6em;text-align:start}label{font-weight:600}textarea{font:inherit;padding:.6em;border-radius:"
    ".5em;border:1px solid #8a857a;background:#fff;color:inherit}textarea:focus-visible{outline:3px solid #b45309;"
    "outline-offset:2px}.n{padding:.6em 1em;border-radius:.5em;background:#fde9d0;color:#5c2e06}"
    ".n.g{background:#d8f0df;color:#0c3b1d}"
    "@media(prefers-color-scheme:dark){textarea{background:#22211e;border-color:#7d786c}.n{background:#4a2a0a;"
    "color:#fde9d0}.n.g{background:#12361f;color:#d8f0df}}"
)
