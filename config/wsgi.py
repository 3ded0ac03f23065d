"""The WSGI entry: `config.wsgi:application`."""

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from config.gateway import BodyGateway


def build() -> "BodyGateway":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django = get_wsgi_application()
    # Only now: these need the settings, and the apps that they name.
    from django.conf import settings

    from config.gateway import BodyGateway

    # Half of the threads may receive bodies; the others answer what has none, whatever senders do.
    return BodyGateway(django, max_body=settings.PARE_MAX_BODY, readers=max(1, settings.PARE_WEB_THREADS // 2))


application = build()
