"""The words for the values of the room `live`, in the language in force."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = dict[str, Promise]

STREAM_STATES: Words = {
    "live": pgettext_lazy("state of a stream", "on air"),
    "cut": pgettext_lazy("state of a stream", "cut"),
    "ended": pgettext_lazy("state of a stream", "ended"),
}
STEPS: Words = {
    "warn": _("Warn"),
    "delay": _("Delay the broadcast"),
    "limit_reach": _("Limit reach"),
    "lock_chat": _("Lock the chat"),
    "age_gate": _("Age gate"),
    "withhold": _("Withhold in a country"),
    "cut": pgettext_lazy("step", "Cut"),
    "cut_and_preserve": _("Cut and preserve"),
}
CLOSENESS: Words = {
    "close": pgettext_lazy("how a stream is watched", "closely watched"),
    "light": pgettext_lazy("how a stream is watched", "lightly watched"),
    "": pgettext_lazy("how a stream is watched", "not watched"),
}
SCORE_PARTS: Words = {
    "known": _("Known content"),
    "rules": _("Rules about what is seen and said"),
    "models": _("Models that look"),
    "reports": pgettext_lazy("part of a score", "Reports"),
    "chat": pgettext_lazy("part of a score", "Chat"),
    "growth": _("Growth of the audience"),
    "shares": pgettext_lazy("part of a score", "Shares"),
}
WHY_NOT_LIVE: Words = {
    "terminated": _("The account was terminated."),
    "suspended": _("The account is suspended."),
    "barred": _("The account is barred from live streaming."),
    "strike": _(
        "The account broke a rule of which once is enough to be barred from live streaming for a time."
    ),
    "cut": _("A live stream of the account was cut a short while ago."),
    "pass_missing": _("No stream key was given."),
    "pass_cut_off": _(
        "The stream key is too long for this media server, which cut it off. Get a shorter one."
    ),
    "pass_false": _("The stream key is not valid here."),
    "pass_expired": _("The stream key has expired. Get a new one from the platform."),
    "country": _("Live streaming is not open in the country of the account."),
    "age": _("Live streaming has a least age, which the account does not show."),
    "unverified": _("Live streaming needs a verified identity."),
    "new_account": _("The account is too new for live streaming."),
    "unapproved": _("Live streaming needs approval beforehand."),
    "unsure": _(
        "It could not be checked whether the account may be live. Nothing is held against it; try again soon."
    ),
}
WHY_IN_SHORT: Words = {
    "terminated": pgettext_lazy("why not live", "terminated"),
    "suspended": pgettext_lazy("why not live", "suspended"),
    "barred": pgettext_lazy("why not live", "barred"),
    "strike": pgettext_lazy("why not live", "strike"),
    "cut": pgettext_lazy("why not live", "was cut"),
    "pass_missing": pgettext_lazy("why not live", "no key"),
    "pass_cut_off": pgettext_lazy("why not live", "key cut off"),
    "pass_false": pgettext_lazy("why not live", "false key"),
    "pass_expired": pgettext_lazy("why not live", "old key"),
    "country": pgettext_lazy("why not live", "country"),
    "age": pgettext_lazy("why not live", "age"),
    "unverified": pgettext_lazy("why not live", "not verified"),
    "new_account": pgettext_lazy("why not live", "new account"),
    "unapproved": pgettext_lazy("why not live", "not approved"),
    "unsure": pgettext_lazy("why not live", "not certain"),
}
PERMIT_STATES: Words = {
    "asked": pgettext_lazy("state of a permit", "asked for"),
    "granted": pgettext_lazy("state of a permit", "granted"),
    "refused": pgettext_lazy("state of a permit", "refused"),
    "withdrawn": pgettext_lazy("state of a permit", "withdrawn"),
}
ADMISSION: Words = {
    "open": pgettext_lazy("admission", "open"),
    "slowed": pgettext_lazy("admission", "slowed"),
    "priority": pgettext_lazy("admission", "priority"),
    "held": pgettext_lazy("admission", "held"),
    "public": pgettext_lazy("lane", "public"),
}
"""Names that a plan has by itself: of steps of admission, and of the last lane. Others are the planner's own words."""
QUESTION_STATES: Words = {
    "pending": pgettext_lazy("state of a question", "waiting"),
    "next": pgettext_lazy("state of a question", "on air next"),
    "answered": pgettext_lazy("state of a question", "answered"),
    "aside": pgettext_lazy("state of a question", "put aside"),
}
QUESTION_MOVES: Words = {
    "next": _("On air next"),
    "answered": pgettext_lazy("move of a question", "Answered"),
    "aside": _("Put aside"),
    "breach": _("Breaks a rule"),
    "pending": _("Back to waiting"),
}
SURGE_READINGS: Words = {
    "quiet": pgettext_lazy("attack or crowd", "Quiet"),
    "unclear": pgettext_lazy("attack or crowd", "Not clear"),
    "crowd": pgettext_lazy("attack or crowd", "A crowd"),
    "mixed": pgettext_lazy("attack or crowd", "A crowd with an attack in it"),
    "attack": pgettext_lazy("attack or crowd", "An attack"),
}
SURGE_MEANINGS: Words = {
    "quiet": _("Nothing rises."),
    "unclear": _(
        "Something rises, and too little is known of it: the platform tells no ages or networks, say."
    ),
    "crowd": _("Many people, who look like people: let them in as the plan allows."),
    "mixed": _("Look at the figures that lean: acting against all would meet the crowd too."),
    "attack": _("What rises looks made. Act on the front that it is about."),
}
SURGE_FRONTS: Words = {
    "chat": pgettext_lazy("attack or crowd", "Chat"),
    "reports": pgettext_lazy("attack or crowd", "Reports"),
    "tickets": pgettext_lazy("attack or crowd", "Tickets"),
}
SURGE_PARTS: Words = {
    "young": _("Accounts made within a week"),
    "alike": _("Messages that three accounts or more write nearly alike"),
    "alike_young": _("Such messages, most of whose accounts were made within a week"),
    "per_network": _("Accounts for each network"),
    "hits": _("Messages in a bank of known content"),
    "per_account": _("Messages for each account"),
    "reports_alike": _("Reports in nearly the same words"),
    "per_reporter": _("Reports for each person who reports"),
    "refused": _("Tickets that are forged, another's or broken"),
    "arrivals": _("People who come, against those whom the plan lets in"),
}
TICKET_CODES: Words = {
    "malformed": pgettext_lazy("ticket", "broken"),
    "forged": pgettext_lazy("ticket", "forged"),
    "other_event": pgettext_lazy("ticket", "of another event"),
    "not_yours": pgettext_lazy("ticket", "somebody else's"),
    "expired": pgettext_lazy("ticket", "too late"),
    "no_ticket": pgettext_lazy("ticket", "without a ticket"),
    "empty": pgettext_lazy("question", "empty"),
    "too_long": pgettext_lazy("question", "too long"),
    "too_soon": pgettext_lazy("question", "too soon"),
    "too_many": pgettext_lazy("question", "too many"),
    "door_busy": pgettext_lazy("question", "door busy"),
    "refused": pgettext_lazy("question", "against the rules"),
}
FACTS: Words = {
    "live.started": _("Stream on air"),
    "live.ended": _("Stream ended"),
    "live.refused": _("Not let on air"),
    "live.flagged": _("Known content in a stream"),
    "live.step_taken": _("Step on a stream taken"),
    "live.cut_ordered": _("Stream ordered to be cut"),
    "live.black": _("Stream is black"),
    "live.preserved": _("Recordings of a stream preserved"),
    "live.permit_asked": _("Permit to go live asked for"),
    "live.permit_granted": _("Permit to go live granted"),
    "live.permit_refused": _("Permit to go live refused"),
    "live.permit_withdrawn": _("Permit to go live withdrawn"),
    "live.question_moved": _("Question of the audience moved"),
    "live.question_apart": _("Question of the audience taken apart"),
    "live.admission_steered": _("Admission to a live event steered"),
}
EFFECTS: Words = {
    "live.refused": _("Why not live"),
    "live.permit": _("Answer about a permit to go live"),
}
VIDEO: Words = {
    "starting": _("The moving picture is being made."),
    "playing": _("Moving picture without sound, about %s s behind"),
    "heard": _("Moving picture with sound, about %s s behind"),
    "stalled": _("Nothing new comes; it goes on with what comes."),
    "stills": _("Stills alone, one a second, as you chose."),
    "unsupported": _("This browser can't play the moving picture: stills are shown."),
    "unreachable": _("The console does not answer; trying again."),
    "off": _("Moving pictures are switched off here: stills are shown."),
    "many": _("As many moving pictures as may be are made already: stills are shown."),
    "no_ffmpeg": _("Moving pictures need FFmpeg: stills are shown."),
    "no_picture": _("The stream has sound alone: there is nothing to see."),
    "unplayable": _("The stream can't be made into a moving picture; trying again. Stills are shown."),
    "unreadable": _("The stream can't be read; trying again."),
    "nobody": _("The watch does not answer; it goes on once it is back."),
    "over": _("The stream is not on air any more."),
}
"""What the page of a stream says of its moving picture: the reasons of `WhyNot`, and what the browser finds."""
TROUBLES: Words = {
    "others have a higher score": _("Others have a higher score, and only so many are watched at once."),
    "FFmpeg can't read this server": _("FFmpeg can't read this media server."),
    "the stream can't be read; trying again": _("The stream can't be read; trying again."),
    "watching needs FFmpeg and `hakam[media]`": _("Watching needs FFmpeg and `hakam[media]`."),
    "it is still on air": _("It is still on air."),
    "the server left no recording": _("The media server left no recording."),
    "too large to be read here: keep it by hand": _("It is too large to be read here: keep it by hand."),
    "the server still gives the stream out": _("The media server still gives the stream out."),
    "its end can't be read": _("Its end can't be read."),
    "no sound of it can be read": _("No sound of it can be read."),
    "nothing is to be seen or heard in it by which it could be known again": _(
        "nothing is to be seen or heard in it by which it could be known again"
    ),
}
"""Troubles that are kept as we write them; anything else is what a server or a program said."""
FAMILIES: dict[str, Words] = {
    "stream_state": STREAM_STATES,
    "step": STEPS,
    "admission": ADMISSION,
    "question_state": QUESTION_STATES,
    "surge_reading": SURGE_READINGS,
    "surge_meaning": SURGE_MEANINGS,
    "surge_front": SURGE_FRONTS,
    "surge_part": SURGE_PARTS,
    "ticket_code": TICKET_CODES,
    "question_move": QUESTION_MOVES,
    "closeness": CLOSENESS,
    "score_part": SCORE_PARTS,
    "why_not_live": WHY_NOT_LIVE,
    "why_in_short": WHY_IN_SHORT,
    "permit_state": PERMIT_STATES,
}
