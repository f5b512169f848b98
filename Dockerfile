# syntax=docker/dockerfile:1
# One image for web, worker, beat, relay and migrations; compose.yaml says which command each runs.

FROM python:3.11-slim AS build
ENV PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv .venv
COPY requirements.txt ./
RUN .venv/bin/pip install --quiet --require-hashes -r requirements.txt
COPY pyproject.toml requirements.in wsgi.py ./
COPY config config
COPY workers workers
COPY migrations migrations
COPY platform platform
RUN .venv/bin/pip install --quiet --no-deps -e . && .venv/bin/python -m compileall -q platform config workers migrations

FROM python:3.11-slim
# A fixed number, so that volumes keep their owner; no shell, no home.
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin creditshare \
    && install -d -o creditshare -g creditshare -m 0700 /var/lib/creditshare
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUTF8=1 PYTHONUNBUFFERED=1 \
    CREDITSHARE_ENV=production CREDITSHARE_DATA_DIR=/var/lib/creditshare HOST=0.0.0.0 PORT=8080
WORKDIR /app
USER creditshare
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["granian", "--interface", "wsgi", "--no-ws", "--no-access-log", "--host", "0.0.0.0", "--port", "8080", \
     "--blocking-threads", "8", "--workers-kill-timeout", "8", "wsgi:app"]
