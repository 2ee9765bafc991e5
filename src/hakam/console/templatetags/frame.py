"""Tags of the console's own pages."""

from __future__ import annotations

from django import template
from django.template.context import Context

from hakam.console.desk.frame import Frame, frame_of

register = template.Library()


@register.simple_tag(takes_context=True)
def frame(context: Context) -> Frame:
    """Return what frames this page."""
    request = context["request"]
    if not hasattr(request, "hakam_frame"):
        request.hakam_frame = frame_of(request)
    made: Frame = request.hakam_frame
    return made
