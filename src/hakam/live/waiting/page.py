"""The page of a waiting room: one file without scripts, that asks again by itself. In Arabic and English."""

from __future__ import annotations

from html import escape
from typing import Final, NamedTuple

from hakam.live.waiting.gate import Wait
from hakam.live.waiting.plan import Plan


class Words(NamedTuple):
    """What the page says in one language."""

    direction: str
    waiting: str
    turn: str
    unknown: str
    soon: str
    keep: str
    opens: str
    enter: str
    inside: str
    over: str
    refused: str
    again: str
    ask: str
    times: tuple[tuple[str, ...], ...]  # seconds, minutes, hours, days: see `forms_of`


WORDS: Final = {
    "en": Words(
        "ltr",
        "You are in the waiting room",
        "Your turn comes in about",
        "It goes on soon; nobody can say yet when.",
        "It is your turn in a moment.",
        "Keep this page open. It asks again by itself, and your place is kept: reloading neither helps nor harms.",
        "Those who come before the opening draw lots; then the order is that in which people came.",
        "Enter",
        "It is your turn",
        "This event is over.",
        "This place in the order can't be used here.",
        "Take a new place",
        "Ask a question",
        (
            ("{} second", "{} seconds"),
            ("{} minute", "{} minutes"),
            ("{} hour", "{} hours"),
            ("{} day", "{} days"),
        ),
    ),
    "ar": Words(
        "rtl",
        "أنت في غرفة الانتظار",
        "يحين دورك بعد نحو",
        "سيُستأنف الدخول قريبًا، ولا يمكن تحديد الموعد بعد.",
        "يحين دورك بعد لحظات.",
        "أبقِ هذه الصفحة مفتوحة. تسأل الصفحة من تلقاء نفسها ومكانك محفوظ: إعادة التحميل لا تنفع ولا تضر.",
        "من يأتي قبل الافتتاح يدخل القرعة، وبعده يكون الترتيب بحسب وقت الوصول.",
        "ادخل",
        "حان دورك",
        "انتهت هذه الفعالية.",
        "لا يصلح هذا المكان في الترتيب هنا.",
        "خذ مكانًا جديدًا",
        "اطرح سؤالًا",
        (
            ("ثانية واحدة", "ثانيتين", "{} ثوانٍ", "{} ثانية"),
            ("دقيقة واحدة", "دقيقتين", "{} دقائق", "{} دقيقة"),
            ("ساعة واحدة", "ساعتين", "{} ساعات", "{} ساعة"),
            ("يوم واحد", "يومين", "{} أيام", "{} يومًا"),
        ),
    ),
}
STYLE: Final = (
    "body{font:1.1rem/1.6 system-ui,'Noto Naskh Arabic',sans-serif;margin:0;min-height:100vh;display:grid;"
    "place-items:center;background:#f6f5f1;color:#1c1b19}main{max-width:34rem;padding:2rem;text-align:center}"
    "h1{font-size:1.6rem;margin:.2em 0}.t{font-size:2.6rem;font-weight:700;margin:.3em 0;font-variant-numeric:"
    "tabular-nums}small{display:block;margin-top:1.4em;opacity:.8;font-size:.95rem}a,button{display:inline-block;"
    "font:inherit;padding:.6em 1.6em;border-radius:.5em;background:#14532d;color:#fff;border:0;text-decoration:none}"
    "a.b{background:none;color:inherit;text-decoration:underline}"
    "a:focus-visible,button:focus-visible{outline:3px solid #b45309;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{background:#171614;color:#eceae4}a,button{background:#86efac;color:#052e16}"
    "a.b{background:none;color:inherit}}"
)


_UNITS: Final = (1, 60, 3_600, 86_400)  # seconds
_MOST_OF_A_UNIT: Final = 90  # minutes, or hours: more are said in the next unit
_TWO_FORMS, _FEW = 2, 10
_MOMENT: Final = 3  # seconds


def language_of(accept: str, offered: tuple[str, ...] = tuple(WORDS)) -> str:
    """Return the first offered language that an `Accept-Language` header names, by its weights; else the first."""
    wanted: list[tuple[float, int, str]] = []
    for n, part in enumerate(accept[:500].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), n, name.strip().lower().split("-")[0]))
        except ValueError:
            continue
    return next((name for _, _, name in sorted(wanted) if name in offered), offered[0])


def in_words(number: int, forms: tuple[str, ...]) -> str:
    """Return a number with its unit: two forms for one and more, or four for the Arabic one, two, 3 to 10, and more.

    After the plural rules of CLDR, for whole numbers below a hundred.
    """
    if len(forms) == _TWO_FORMS:
        chosen = forms[number != 1]
    else:
        chosen = forms[number - 1] if number in {1, 2} else forms[2 if number <= _FEW else 3]
    return chosen.format(number)


def about(seconds: int, words: Words) -> str:
    """Return a time as people say it: in fives of seconds, else in whole minutes, hours or days, rounded up."""
    if seconds < _UNITS[1]:
        return in_words(max(5, -(-seconds // 5) * 5), words.times[0])
    unit = next((n for n in (1, 2) if seconds <= _MOST_OF_A_UNIT * _UNITS[n]), 3)
    return in_words(-(-seconds // _UNITS[unit]), words.times[unit])


def page(plan: Plan, language: str, wait: Wait | None, *, problem: str = "", asking: bool = False) -> str:
    """Return the page: waiting, let in, or refused for `problem` (a code of `TicketError`). `asking`: one may ask."""
    words = WORDS[language]
    title = escape(plan.title.get(language) or next(iter(plan.title.values())))
    refresh = f'<meta http-equiv="refresh" content="{wait.seconds}">' if wait is not None else ""
    if problem == "expired":
        body = f"<h1>{words.over}</h1>"
    elif problem:
        body = (
            f"<h1>{words.refused}</h1><form method=post action=ticket><button>{words.again}</button></form>"
        )
    elif wait is None:
        link = f'<p><a href="{escape(plan.url)}">{words.enter}</a></p>' if plan.url else ""
        body = f"<h1>{words.inside}</h1>{link}"
    else:
        if wait.expected is None:
            when = f"<p>{words.unknown}</p>"
        elif wait.expected <= _MOMENT:
            when = f"<p>{words.soon}</p>"
        else:
            when = f"<p>{words.turn}</p><p class=t role=status>{about(wait.expected, words)}</p>"
        body = f"<h1>{words.waiting}</h1>{when}<small>{words.keep}</small><small>{words.opens}</small>"
    if asking and not problem:
        body += f'<p><a class=b href="questions">{words.ask}</a></p>'
    return (
        f"<!doctype html><html lang={language} dir={words.direction}><meta charset=utf-8>"
        f'<meta name=viewport content="width=device-width,initial-scale=1">{refresh}<title>{title}</title>'
        f"<style>{STYLE}</style><main><p>{title}</p>{body}</main></html>"
    )
