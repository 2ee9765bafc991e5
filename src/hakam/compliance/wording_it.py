"""The statement of reasons in Italian. Nouns carry the measures: no sentence depends on a noun's gender."""

from __future__ import annotations

import re

from hakam.compliance.wording import Wording
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Automation, Source

_COUNTRIES = {
    "EU": "Unione europea",
    "EEA": "Spazio economico europeo",
    "AE": "Emirati Arabi Uniti",
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgio",
    "BG": "Bulgaria",
    "BH": "Bahrein",
    "BR": "Brasile",
    "CA": "Canada",
    "CH": "Svizzera",
    "CY": "Cipro",
    "CZ": "Cechia",
    "DE": "Germania",
    "DK": "Danimarca",
    "DZ": "Algeria",
    "EE": "Estonia",
    "EG": "Egitto",
    "ES": "Spagna",
    "FI": "Finlandia",
    "FR": "Francia",
    "GB": "Regno Unito",
    "GR": "Grecia",
    "HR": "Croazia",
    "HU": "Ungheria",
    "IE": "Irlanda",
    "IN": "India",
    "IQ": "Iraq",
    "IS": "Islanda",
    "IT": "Italia",
    "JO": "Giordania",
    "JP": "Giappone",
    "KW": "Kuwait",
    "LB": "Libano",
    "LI": "Liechtenstein",
    "LT": "Lituania",
    "LU": "Lussemburgo",
    "LV": "Lettonia",
    "LY": "Libia",
    "MA": "Marocco",
    "MT": "Malta",
    "NL": "Paesi Bassi",
    "NO": "Norvegia",
    "NZ": "Nuova Zelanda",
    "OM": "Oman",
    "PL": "Polonia",
    "PS": "Palestina",
    "PT": "Portogallo",
    "QA": "Qatar",
    "RO": "Romania",
    "SA": "Arabia Saudita",
    "SD": "Sudan",
    "SE": "Svezia",
    "SI": "Slovenia",
    "SK": "Slovacchia",
    "SY": "Siria",
    "TN": "Tunisia",
    "TR": "Turchia",
    "UA": "Ucraina",
    "US": "Stati Uniti",
    "YE": "Yemen",
}

_BEFORE_A_VOWEL = re.compile(r"\b([dD]e|[dD]a|[aA]|[iI])l (?=(?:8|11) )")  # otto, undici


def _elided(sentence: str) -> str:
    """Return a sentence with «dell’8 giugno» for «del 8 giugno»."""
    return _BEFORE_A_VOWEL.sub(lambda m: {"i": "l’", "I": "L’"}.get(m[1], f"{m[1]}ll’"), sentence)


ITALIAN = Wording(
    language="it",
    direction="ltr",
    title="Motivazione: decisione sul suo contenuto ({item})",
    greeting="{platform} ha preso una decisione che La riguarda. Questa motivazione Le "
    "spiega che cosa è stato deciso, perché e come può opporsi.",
    h_decision="Che cosa è stato deciso",
    h_territory="Dove si applica",
    h_duration="Per quanto tempo si applica",
    h_facts="Fatti e circostanze",
    h_automation="Uso di strumenti automatizzati",
    h_ground="Motivi della decisione",
    h_redress="Come può opporsi",
    decision_of="Decisione del {date}, riferimento {decision}:",
    item_at="Contenuto interessato ({item}), a questo indirizzo:",
    measures={
        MeasureKind.NOTIFY: "Informazione sul suo contenuto ({item}), senza restrizioni.",
        MeasureKind.CONTEXT_NOTE: "Aggiunta di una nota di contesto: {item}.",
        MeasureKind.LABEL: "Etichettatura: {item}.",
        MeasureKind.WARN: "Avvertimento al suo account.",
        MeasureKind.AGE_GATE: "Accesso limitato agli adulti: {item}.",
        MeasureKind.LOCK_REPLIES: "Chiusura delle risposte: {item}.",
        MeasureKind.DELAY: "Trasmissione in differita: {item}.",
        MeasureKind.LIMIT_REACH: "Limitazione della diffusione: {item}; il contenuto è mostrato e "
        "consigliato a meno persone.",
        MeasureKind.DEMONETISE: "Sospensione dei guadagni: {item}.",
        MeasureKind.HOLD: "Sospensione della pubblicazione fino all’approvazione: {item}.",
        MeasureKind.WITHHOLD: "Blocco dell’accesso nei territori indicati sotto: {item}.",
        MeasureKind.REMOVE: "Rimozione: {item}.",
        MeasureKind.BAR_FROM_LIVE: "Esclusione del suo account dalle dirette.",
        MeasureKind.SUSPEND: "Sospensione del suo account.",
        MeasureKind.TERMINATE: "Chiusura definitiva del suo account.",
    },
    items={
        "post": "post",
        "comment": "commento",
        "message": "messaggio",
        "profile": "profilo",
        "account": "account",
        "image": "immagine",
        "video": "video",
        "audio": "registrazione",
        "live.start": "diretta",
        "live.segment": "diretta",
        "live.chat": "messaggio della chat in diretta",
        "live.end": "diretta",
        "review": "recensione",
        "listing": "annuncio",
        "event": "evento",
        "group": "gruppo",
        "membership": "iscrizione a un gruppo",
    },
    item_other="contenuto",
    everywhere="La decisione si applica ovunque.",
    only_in="La decisione si applica solo in questi territori: {countries}.",
    measure_in="{measure} Territori: {where}.",
    from_until="La decisione si applica dal {start} al {end}.",
    from_on="La decisione si applica dal {start}, senza una fine stabilita.",
    sources={
        Source.NOTICE: "Questo contenuto ({item}) ci è stato segnalato con una notifica (articolo "
        "16 del regolamento sui servizi digitali).",
        Source.TRUSTED_FLAGGER: "Questo contenuto ({item}) ci è stato segnalato con la notifica di un "
        "segnalatore attendibile (articoli 16 e 22 del regolamento sui servizi "
        "digitali).",
        Source.OTHER_NOTIFICATION: "Questo contenuto ({item}) ci è stato segnalato da un altro soggetto, con "
        "un avviso che non era una notifica ai sensi dell’articolo 16 del "
        "regolamento sui servizi digitali.",
        Source.OWN_INITIATIVE: "Abbiamo esaminato questo contenuto ({item}) di nostra iniziativa, non a "
        "seguito di una notifica.",
    },
    notifier="La notifica è stata inviata da {notifier}. Glielo comunichiamo perché è "
    "strettamente necessario per comprendere la decisione.",
    detected={
        True: "Per individuare questo contenuto ({item}) sono stati usati strumenti automatizzati.",
        False: "Per individuare questo contenuto ({item}) non sono stati usati strumenti automatizzati.",
    },
    decided={
        Automation.FULL: "La decisione stessa è stata presa con strumenti automatizzati, senza "
        "l’intervento di una persona.",
        Automation.PARTIAL: "La decisione è stata presa da una persona con l’aiuto di strumenti "
        "automatizzati.",
        Automation.NONE: "La decisione è stata presa da una persona, senza strumenti automatizzati.",
    },
    illegal="Riteniamo che questo contenuto sia illegale ai sensi di: {reference}.",
    illegal_in="Riteniamo che questo contenuto sia illegale ai sensi di: {reference} ({country}).",
    contractual="Riteniamo che questo contenuto sia incompatibile con le nostre regole, "
    "clausola «{title}» ({reference}).",
    clause_text="La clausola, come era in vigore: «{text}»",
    clause_link="La clausola nel regolamento",
    complaint="Può presentare gratuitamente a {platform} un reclamo contro questa decisione fino al {date}.",
    complaint_link="Presentare un reclamo contro questa decisione",
    complaint_by_person="Sul suo reclamo deciderà una persona che non ha partecipato a questa "
    "decisione, e non soltanto strumenti automatizzati. Se è fondato, la decisione "
    "sarà annullata senza indebito ritardo.",
    out_of_court="Che presenti o no un reclamo, può scegliere qualsiasi organismo di risoluzione"
    " extragiudiziale delle controversie certificato ai sensi dell’articolo 21 del "
    "regolamento sui servizi digitali. La Commissione europea pubblica l’elenco di "
    "questi organismi. Le loro decisioni non sono vincolanti.",
    court="Può inoltre rivolgersi in qualsiasi momento a un giudice competente, secondo "
    "il diritto applicabile.",
    withdrawn_title="Una decisione sul suo contenuto ({item}) è stata annullata",
    withdrawn="Il {date} la decisione {decision} è stata annullata e la sua motivazione ritirata.",
    withdrawn_effect="Le misure prese con essa sono in corso di revoca. Non deve fare nulla.",
    withdrawn_standing="Le altre decisioni che riguardano Lei o i suoi contenuti, se ve ne sono, non "
    "cambiano.",
    statement_link="Leggere la motivazione",
    date_format="{day} {month} {year}",
    elided=_elided,
    joiner=", ",
    months=(
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
    countries=_COUNTRIES,
)
