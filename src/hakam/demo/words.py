"""What Maydan's pages say, in English and Arabic."""

from __future__ import annotations

LANGUAGES = ("en", "ar")
DIRECTION = {"en": "ltr", "ar": "rtl"}

_WORDS: dict[str, tuple[str, str]] = {
    "name": ("Maydan", "ميدان"),
    "tagline": ("the square where everybody talks", "الساحة التي يتحدث فيها الجميع"),
    "demo": (
        "A demo platform. Its people are invented; its posts go through Hakam like any platform's.",
        "منصة تجريبية. أشخاصها من وحي الخيال، ومنشوراتها تمر عبر «حَكَم» كمنشورات أي منصة.",
    ),
    "all": ("Everything", "الكل"),
    "only_ar": ("Arabic", "العربية"),
    "only_en": ("English", "الإنجليزية"),
    "other": ("العربية", "English"),
    "messages": ("What Hakam sent", "ما أرسله «حَكَم»"),
    "console": ("Moderators' console", "لوحة المشرفين"),
    "write": ("What is going on?", "ماذا يجري؟"),
    "write_as": ("Post as", "النشر باسم"),
    "post": ("Post", "نشر"),
    "reply": ("Reply", "رد"),
    "replying": ("in reply to", "ردًا على"),
    "report": ("Report", "إبلاغ"),
    "report_title": ("Report this post", "الإبلاغ عن هذا المنشور"),
    "report_as": ("Report as", "الإبلاغ باسم"),
    "report_what": ("What is wrong with it?", "ما المشكلة فيه؟"),
    "report_why": ("Explain in your own words", "الشرح بكلماتك"),
    "report_faith": (
        "I report in good faith, and believe that what I write is accurate and complete.",
        "أُبلِّغ بحسن نية، وأعتقد أن ما كتبته دقيق وكامل.",
    ),
    "report_send": ("Send the report", "إرسال البلاغ"),
    "report_thanks": (
        "Thank you. Your report has arrived; you will hear what was decided.",
        "شكرًا لك. وصل البلاغ، وستصلك نتيجة القرار.",
    ),
    "report_status": ("Follow your report", "متابعة البلاغ"),
    "gone": ("This post was removed.", "أُزيل هذا المنشور."),
    "gone_account": ("The account of this person is suspended.", "حساب صاحب المنشور معلّق."),
    "why": ("Why, and how to object", "السبب وطريقة التظلّم"),
    "limited": ("Shown to fewer people", "انتشار محدود"),
    "covered": ("For adults: open to read", "للبالغين: الفتح للقراءة"),
    "locked": ("Replies are closed", "الردود مغلقة"),
    "label": ("Note from the moderators", "ملاحظة من المشرفين"),
    "unsent": ("waiting to be checked", "في انتظار الفحص"),
    "older": ("Older", "الأقدم"),
    "nothing": ("Nothing here yet.", "لا شيء هنا بعد."),
    "inbox": ("Messages to {name}", "رسائل إلى {name}"),
    "followers": ("{n} followers", "عدد المتابعين: {n}"),
    "back": ("Back", "عودة"),
    "not_found": ("There is no such page.", "لا توجد صفحة كهذه."),
    "empty_post": ("Write something first.", "اكتب شيئًا أولًا."),
    "hakam_down": (
        "Hakam could not be reached. Nothing was lost; try again in a moment.",
        "تعذّر الوصول إلى «حَكَم». لم يُفقد شيء؛ أعد المحاولة بعد لحظة.",
    ),
    "times": ("received {n} times, carried out once", "وصلت {n} مرات ونُفّذت مرة واحدة"),
}

HARMS: dict[str, tuple[str, str]] = {
    "spam": ("Spam", "رسائل مزعجة"),
    "fraud": ("Scam or fraud", "احتيال"),
    "harassment": ("Insults or harassment", "إهانة أو مضايقة"),
    "threat": ("A threat", "تهديد"),
    "hate_speech": ("Hate speech", "خطاب كراهية"),
    "doxxing": ("Private data of somebody", "بيانات خاصة لشخص"),
    "suicide_self_harm": ("Somebody may harm themselves", "خطر إيذاء النفس"),
    "terrorism_incitement": ("Terrorist content", "محتوى إرهابي"),
    "adult_sexual": ("Sexual content", "محتوى جنسي"),
    "impersonation": ("Pretends to be somebody else", "انتحال شخصية"),
    "misinformation": ("False information", "معلومات مضللة"),
}


def words(language: str) -> dict[str, str]:
    """Return every text in `language`."""
    column = LANGUAGES.index(language)
    return {name: both[column] for name, both in _WORDS.items()}


def harms(language: str) -> list[tuple[str, str]]:
    """Return what one can report, as (key, words)."""
    column = LANGUAGES.index(language)
    return [(key, both[column]) for key, both in HARMS.items()]


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_ARABIC_UNITS = {  # one, two, three to ten, eleven and more
    "d": ("يوم", "يومين", "أيام", "يومًا"),
    "h": ("ساعة", "ساعتين", "ساعات", "ساعة"),
    "min": ("دقيقة", "دقيقتين", "دقائق", "دقيقة"),
}
_TWO, _TEN = 2, 10


def ago(seconds: float, language: str) -> str:
    """Return how long ago something was, in words."""
    for size, unit in _UNITS:
        n = int(seconds // size)
        if n >= 1:
            return _arabic_ago(n, unit) if language == "ar" else f"{n} {unit} ago"
    return "الآن" if language == "ar" else "just now"


def _arabic_ago(n: int, unit: str) -> str:
    one, two, few, many = _ARABIC_UNITS[unit]
    if n == 1:
        return f"قبل {one}"
    if n == _TWO:
        return f"قبل {two}"
    return f"قبل {n} {few if n % 100 in range(3, _TEN + 1) else many}"
