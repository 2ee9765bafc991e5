"""The statement of reasons in French. Nouns carry the measures: no sentence depends on a noun's gender."""

from __future__ import annotations

from hakam.compliance.wording import Wording
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Automation, Source

_COUNTRIES = {
    "EU": "Union européenne",
    "EEA": "Espace économique européen",
    "AE": "Émirats arabes unis",
    "AT": "Autriche",
    "AU": "Australie",
    "BE": "Belgique",
    "BG": "Bulgarie",
    "BH": "Bahreïn",
    "BR": "Brésil",
    "CA": "Canada",
    "CH": "Suisse",
    "CY": "Chypre",
    "CZ": "Tchéquie",
    "DE": "Allemagne",
    "DK": "Danemark",
    "DZ": "Algérie",
    "EE": "Estonie",
    "EG": "Égypte",
    "ES": "Espagne",
    "FI": "Finlande",
    "FR": "France",
    "GB": "Royaume-Uni",
    "GR": "Grèce",
    "HR": "Croatie",
    "HU": "Hongrie",
    "IE": "Irlande",
    "IN": "Inde",
    "IQ": "Irak",
    "IS": "Islande",
    "IT": "Italie",
    "JO": "Jordanie",
    "JP": "Japon",
    "KW": "Koweït",
    "LB": "Liban",
    "LI": "Liechtenstein",
    "LT": "Lituanie",
    "LU": "Luxembourg",
    "LV": "Lettonie",
    "LY": "Libye",
    "MA": "Maroc",
    "MT": "Malte",
    "NL": "Pays-Bas",
    "NO": "Norvège",
    "NZ": "Nouvelle-Zélande",
    "OM": "Oman",
    "PL": "Pologne",
    "PS": "Palestine",
    "PT": "Portugal",
    "QA": "Qatar",
    "RO": "Roumanie",
    "SA": "Arabie saoudite",
    "SD": "Soudan",
    "SE": "Suède",
    "SI": "Slovénie",
    "SK": "Slovaquie",
    "SY": "Syrie",
    "TN": "Tunisie",
    "TR": "Turquie",
    "UA": "Ukraine",
    "US": "États-Unis",
    "YE": "Yémen",
}

FRENCH = Wording(
    language="fr",
    direction="ltr",
    title="Exposé des motifs\u202f: décision concernant votre {item}",
    greeting="{platform} a pris une décision qui vous concerne. Le présent exposé vous "
    "indique ce qui a été décidé, pourquoi, et comment vous pouvez contester cette "
    "décision.",
    h_decision="Ce qui a été décidé",
    h_territory="Où la décision s’applique",
    h_duration="Durée de la décision",
    h_facts="Faits et circonstances",
    h_automation="Recours à des moyens automatisés",
    h_ground="Motifs de la décision",
    h_redress="Comment contester la décision",
    decision_of="Décision du {date}, référence {decision}\u202f:",
    item_at="Contenu concerné ({item}), à l’adresse suivante\u202f:",
    measures={
        MeasureKind.NOTIFY: "Information au sujet de votre {item}, sans restriction.",
        MeasureKind.CONTEXT_NOTE: "Ajout d’une note de contexte\u202f: {item}.",
        MeasureKind.LABEL: "Ajout d’un avertissement visible sur le contenu\u202f: {item}.",
        MeasureKind.WARN: "Avertissement adressé à votre compte.",
        MeasureKind.AGE_GATE: "Accès réservé aux adultes\u202f: {item}.",
        MeasureKind.LOCK_REPLIES: "Fermeture des réponses\u202f: {item}.",
        MeasureKind.DELAY: "Diffusion en différé\u202f: {item}.",
        MeasureKind.LIMIT_REACH: "Limitation de la diffusion\u202f: {item}\u202f; le contenu est montré et recommandé "
        "à moins de personnes.",
        MeasureKind.DEMONETISE: "Suspension de la rémunération\u202f: {item}.",
        MeasureKind.HOLD: "Suspension de la publication jusqu’à approbation\u202f: {item}.",
        MeasureKind.WITHHOLD: "Blocage de l’accès dans les territoires indiqués ci-dessous\u202f: {item}.",
        MeasureKind.REMOVE: "Suppression\u202f: {item}.",
        MeasureKind.BAR_FROM_LIVE: "Interdiction de diffuser en direct avec votre compte.",
        MeasureKind.SUSPEND: "Suspension de votre compte.",
        MeasureKind.TERMINATE: "Fermeture définitive de votre compte.",
    },
    items={
        "post": "publication",
        "comment": "commentaire",
        "message": "message",
        "profile": "profil",
        "account": "compte",
        "image": "image",
        "video": "vidéo",
        "audio": "enregistrement",
        "live.start": "diffusion en direct",
        "live.segment": "diffusion en direct",
        "live.chat": "message de discussion en direct",
        "live.end": "diffusion en direct",
        "review": "avis",
        "listing": "annonce",
        "event": "événement",
        "group": "groupe",
        "membership": "adhésion",
    },
    item_other="contenu",
    everywhere="La décision s’applique partout.",
    only_in="La décision s’applique uniquement dans les territoires suivants\u202f: {countries}.",
    measure_in="{measure} Territoires\u202f: {where}.",
    from_until="La décision s’applique du {start} au {end}.",
    from_on="La décision s’applique à partir du {start}, sans date de fin.",
    sources={
        Source.NOTICE: "Ce contenu ({item}) a été porté à notre connaissance par une notification "
        "(article 16 du règlement sur les services numériques).",
        Source.TRUSTED_FLAGGER: "Ce contenu ({item}) a été porté à notre connaissance par la notification "
        "d’un signaleur de confiance (articles 16 et 22 du règlement sur les "
        "services numériques).",
        Source.OTHER_NOTIFICATION: "Ce contenu ({item}) a été porté à notre connaissance par un autre tiers, "
        "sans notification au sens de l’article 16 du règlement sur les services "
        "numériques.",
        Source.OWN_INITIATIVE: "Nous avons examiné ce contenu ({item}) de notre propre initiative, et non "
        "à la suite d’une notification.",
    },
    notifier="La notification a été soumise par {notifier}. Cette indication vous est donnée"
    " parce qu’elle est strictement nécessaire pour comprendre la décision.",
    detected={
        True: "Des moyens automatisés ont été utilisés pour repérer ce contenu ({item}).",
        False: "Aucun moyen automatisé n’a été utilisé pour repérer ce contenu ({item}).",
    },
    decided={
        Automation.FULL: "La décision elle-même a été prise par des moyens automatisés, sans "
        "intervention humaine.",
        Automation.PARTIAL: "La décision a été prise par une personne avec l’aide de moyens automatisés.",
        Automation.NONE: "La décision a été prise par une personne, sans moyens automatisés.",
    },
    illegal="Nous considérons que ce contenu est illicite au regard de\u202f: {reference}.",
    illegal_in="Nous considérons que ce contenu est illicite au regard de\u202f: {reference} ({country}).",
    contractual="Nous considérons que ce contenu est incompatible avec nos règles, clause «\u202f"
    "{title}\u202f» ({reference}).",
    clause_text="La clause, telle qu’elle était en vigueur\u202f: «\u202f{text}\u202f»",
    clause_link="La clause dans notre règlement",
    complaint="Vous pouvez adresser gratuitement à {platform} une réclamation contre cette "
    "décision jusqu’au {date}.",
    complaint_link="Contester cette décision",
    complaint_by_person="Votre réclamation sera examinée par une personne qui n’a pas pris part à cette"
    " décision, et pas uniquement par des moyens automatisés. Si elle est fondée, "
    "la décision sera annulée sans retard injustifié.",
    out_of_court="Que vous nous adressiez ou non une réclamation, vous pouvez choisir tout "
    "organe de règlement extrajudiciaire des litiges certifié conformément à "
    "l’article 21 du règlement sur les services numériques. La Commission "
    "européenne publie la liste de ces organes. Leurs décisions ne sont pas "
    "contraignantes.",
    court="Vous pouvez aussi, à tout moment, saisir une juridiction compétente, "
    "conformément au droit applicable.",
    withdrawn_title="Une décision concernant votre {item} a été annulée",
    withdrawn="Le {date}, la décision {decision} a été annulée et son exposé des motifs a été retiré.",
    withdrawn_effect="Les mesures prises avec elle sont en cours de levée. Vous n’avez rien à faire.",
    withdrawn_standing="Les autres décisions concernant votre personne ou vos contenus, s’il y en a, "
    "ne sont pas modifiées.",
    statement_link="Lire l’exposé des motifs",
    date_format="{day} {month} {year}",
    first_day="1er",
    joiner=", ",
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    countries=_COUNTRIES,
)
