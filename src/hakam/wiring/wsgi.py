"""The console process's entry."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from hakam.wiring import media_servers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hakam.wiring.django_settings")
application = get_wsgi_application()
media_servers.make_ready()
