"""The statement of reasons in German. Nouns carry the measures: no sentence depends on a noun's gender."""

from __future__ import annotations

from hakam.compliance.wording import Wording
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Automation, Source

_COUNTRIES = {
    "EU": "Europäische Union",
    "EEA": "Europäischer Wirtschaftsraum",
    "AE": "Vereinigte Arabische Emirate",
    "AT": "Österreich",
    "AU": "Australien",
    "BE": "Belgien",
    "BG": "Bulgarien",
    "BH": "Bahrain",
    "BR": "Brasilien",
    "CA": "Kanada",
    "CH": "Schweiz",
    "CY": "Zypern",
    "CZ": "Tschechien",
    "DE": "Deutschland",
    "DK": "Dänemark",
    "DZ": "Algerien",
    "EE": "Estland",
    "EG": "Ägypten",
    "ES": "Spanien",
    "FI": "Finnland",
    "FR": "Frankreich",
    "GB": "Vereinigtes Königreich",
    "GR": "Griechenland",
    "HR": "Kroatien",
    "HU": "Ungarn",
    "IE": "Irland",
    "IN": "Indien",
    "IQ": "Irak",
    "IS": "Island",
    "IT": "Italien",
    "JO": "Jordanien",
    "JP": "Japan",
    "KW": "Kuwait",
    "LB": "Libanon",
    "LI": "Liechtenstein",
    "LT": "Litauen",
    "LU": "Luxemburg",
    "LV": "Lettland",
    "LY": "Libyen",
    "MA": "Marokko",
    "MT": "Malta",
    "NL": "Niederlande",
    "NO": "Norwegen",
    "NZ": "Neuseeland",
    "OM": "Oman",
    "PL": "Polen",
    "PS": "Palästina",
    "PT": "Portugal",
    "QA": "Katar",
    "RO": "Rumänien",
    "SA": "Saudi-Arabien",
    "SD": "Sudan",
    "SE": "Schweden",
    "SI": "Slowenien",
    "SK": "Slowakei",
    "SY": "Syrien",
    "TN": "Tunesien",
    "TR": "Türkei",
    "UA": "Ukraine",
    "US": "Vereinigte Staaten",
    "YE": "Jemen",
}

GERMAN = Wording(
    language="de",
    direction="ltr",
    title="Begründung: Entscheidung zu Ihrem Inhalt ({item})",
    greeting="{platform} hat eine Entscheidung getroffen, die Sie betrifft. Diese Begründung"
    " sagt Ihnen, was entschieden wurde, warum, und wie Sie sich dagegen wenden "
    "können.",
    h_decision="Was entschieden wurde",
    h_territory="Wo die Entscheidung gilt",
    h_duration="Wie lange die Entscheidung gilt",
    h_facts="Tatsachen und Umstände",
    h_automation="Verwendung automatisierter Mittel",
    h_ground="Gründe der Entscheidung",
    h_redress="Wie Sie sich wehren können",
    decision_of="Entscheidung vom {date}, Aktenzeichen {decision}:",
    item_at="Betroffener Inhalt ({item}) unter dieser Adresse:",
    measures={
        MeasureKind.NOTIFY: "Hinweis zu Ihrem Inhalt ({item}), ohne Beschränkung.",
        MeasureKind.CONTEXT_NOTE: "Ergänzung um einen erläuternden Hinweis: {item}.",
        MeasureKind.LABEL: "Kennzeichnung: {item}.",
        MeasureKind.WARN: "Verwarnung Ihres Kontos.",
        MeasureKind.AGE_GATE: "Beschränkung des Zugangs auf Erwachsene: {item}.",
        MeasureKind.LOCK_REPLIES: "Schließung der Antworten: {item}.",
        MeasureKind.DELAY: "Verzögerung der Übertragung: {item}.",
        MeasureKind.LIMIT_REACH: "Begrenzung der Reichweite: {item}; der Inhalt wird weniger Menschen "
        "gezeigt und empfohlen.",
        MeasureKind.DEMONETISE: "Aussetzung der Einnahmen: {item}.",
        MeasureKind.HOLD: "Aussetzung der Veröffentlichung bis zur Freigabe: {item}.",
        MeasureKind.WITHHOLD: "Sperrung des Zugangs in den unten genannten Gebieten: {item}.",
        MeasureKind.REMOVE: "Entfernung: {item}.",
        MeasureKind.BAR_FROM_LIVE: "Ausschluss Ihres Kontos von Liveübertragungen.",
        MeasureKind.SUSPEND: "Aussetzung Ihres Kontos.",
        MeasureKind.TERMINATE: "Endgültige Schließung Ihres Kontos.",
    },
    items={
        "post": "Beitrag",
        "comment": "Kommentar",
        "message": "Nachricht",
        "profile": "Profil",
        "account": "Konto",
        "image": "Bild",
        "video": "Video",
        "audio": "Aufnahme",
        "live.start": "Liveübertragung",
        "live.segment": "Liveübertragung",
        "live.chat": "Nachricht im Livechat",
        "live.end": "Liveübertragung",
        "review": "Bewertung",
        "listing": "Angebot",
        "event": "Veranstaltung",
        "group": "Gruppe",
        "membership": "Mitgliedschaft",
    },
    item_other="Inhalt",
    everywhere="Die Entscheidung gilt überall.",
    only_in="Die Entscheidung gilt nur in diesen Gebieten: {countries}.",
    measure_in="{measure} Gebiete: {where}.",
    from_until="Die Entscheidung gilt vom {start} bis zum {end}.",
    from_on="Die Entscheidung gilt ab dem {start}, ohne festgelegtes Ende.",
    sources={
        Source.NOTICE: "Wir wurden auf diesen Inhalt ({item}) durch eine Meldung aufmerksam "
        "(Artikel 16 des Gesetzes über digitale Dienste).",
        Source.TRUSTED_FLAGGER: "Wir wurden auf diesen Inhalt ({item}) durch die Meldung eines "
        "vertrauenswürdigen Hinweisgebers aufmerksam (Artikel 16 und 22 des "
        "Gesetzes über digitale Dienste).",
        Source.OTHER_NOTIFICATION: "Wir wurden auf diesen Inhalt ({item}) durch den Hinweis eines Dritten "
        "aufmerksam, der keine Meldung nach Artikel 16 des Gesetzes über digitale "
        "Dienste war.",
        Source.OWN_INITIATIVE: "Wir haben diesen Inhalt ({item}) aus eigener Initiative geprüft, nicht "
        "aufgrund einer Meldung.",
    },
    notifier="Die Meldung stammt von {notifier}. Wir nennen dies, weil es zum Verständnis "
    "der Entscheidung unbedingt erforderlich ist.",
    detected={
        True: "Beim Auffinden dieses Inhalts ({item}) wurden automatisierte Mittel verwendet.",
        False: "Beim Auffinden dieses Inhalts ({item}) wurden keine automatisierten Mittel verwendet.",
    },
    decided={
        Automation.FULL: "Die Entscheidung selbst wurde durch automatisierte Mittel getroffen, ohne "
        "Beteiligung eines Menschen.",
        Automation.PARTIAL: "Die Entscheidung wurde von einem Menschen mit Unterstützung "
        "automatisierter Mittel getroffen.",
        Automation.NONE: "Die Entscheidung wurde von einem Menschen ohne automatisierte Mittel getroffen.",
    },
    illegal="Wir halten diesen Inhalt für rechtswidrig nach: {reference}.",
    illegal_in="Wir halten diesen Inhalt für rechtswidrig nach: {reference} ({country}).",
    contractual="Wir halten diesen Inhalt für unvereinbar mit unseren Regeln, Klausel „{title}“"
    " ({reference}).",
    clause_text="Die Klausel in der geltenden Fassung: „{text}“",
    clause_link="Die Klausel im Regelwerk",
    complaint="Sie können sich bei {platform} bis zum {date} kostenlos über diese Entscheidung beschweren.",
    complaint_link="Über diese Entscheidung beschweren",
    complaint_by_person="Über Ihre Beschwerde entscheidet ein Mensch, der an dieser Entscheidung nicht "
    "beteiligt war, und nicht allein ein automatisiertes Mittel. Ist sie begründet,"
    " wird die Entscheidung unverzüglich aufgehoben.",
    out_of_court="Ob Sie sich bei uns beschweren oder nicht: Sie können eine nach Artikel 21 des"
    " Gesetzes über digitale Dienste zertifizierte außergerichtliche "
    "Streitbeilegungsstelle wählen. Die Europäische Kommission veröffentlicht die "
    "Liste dieser Stellen. Deren Entscheidungen sind nicht bindend.",
    court="Sie können die Entscheidung auch jederzeit vor ein zuständiges Gericht "
    "bringen, wie es das anwendbare Recht vorsieht.",
    withdrawn_title="Eine Entscheidung zu Ihrem Inhalt ({item}) wurde aufgehoben",
    withdrawn="Am {date} wurde die Entscheidung {decision} aufgehoben und ihre Begründung zurückgezogen.",
    withdrawn_effect="Die damit getroffenen Maßnahmen werden rückgängig gemacht. Sie müssen nichts tun.",
    withdrawn_standing="Andere Entscheidungen über Sie oder Ihre Inhalte sind davon, falls es sie "
    "gibt, nicht berührt.",
    statement_link="Begründung lesen",
    date_format="{day}. {month} {year}",
    joiner=", ",
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    countries=_COUNTRIES,
)
