# syntax=docker/dockerfile:1
# Two stages: the first installs the locked wheels, the second carries them without pip's leftovers or a compiler.

FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/pare
COPY requirements.lock .
RUN /opt/pare/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

FROM python:3.12-slim-bookworm
# git reads the linked repositories; the ssh client is how it reaches those linked by an ssh address.
RUN apt-get update \
    && apt-get install -y --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/pare --shell /usr/sbin/nologin pare \
    && install -d -o pare -g pare -m 0750 /var/lib/pare /var/lib/pare/static
COPY --from=build /opt/pare /opt/pare
WORKDIR /srv/pare
COPY manage.py ./
COPY config ./config
COPY accounts ./accounts
COPY billing ./billing
COPY repos ./repos
COPY usage ./usage

ENV PATH=/opt/pare/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PARE_DATA=/var/lib/pare
USER pare
VOLUME ["/var/lib/pare"]
EXPOSE 8000

# Asked under the public name, because no other is answered once SITE_ROOT is an https address.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/readyz', headers={'Host': os.environ.get('SITE_ROOT', 'http://127.0.0.1:8000').split('//')[-1].strip('/')}), timeout=8)"]

CMD ["granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "16", "--backlog", "1024", "--backpressure", "256", \
     "--workers-kill-timeout", "5", "--respawn-failed-workers", "--static-path-mount", "/var/lib/pare/static", \
     "config.wsgi:application"]
