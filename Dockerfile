# syntax=docker/dockerfile:1
# Two stages: the first installs from the hashed lock, the second runs as nobody in particular on a read-only file system.
#
#   docker build -t campus-accounts .
#   docker run --read-only --tmpfs /tmp -p 8000:8000 --env-file campus.env campus-accounts

# With OpenTelemetry and Sentry: --build-arg LOCK=telemetry
ARG PYTHON=3.13-slim
ARG LOCK=run

FROM python:${PYTHON} AS build
ARG LOCK
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CONFIG=1
WORKDIR /build
COPY requirements/ requirements/
RUN python -m venv /opt/venv \
 && python -m pip install --require-hashes --only-binary=:all: -r requirements/bootstrap.lock \
 && uv pip sync --python /opt/venv/bin/python --require-hashes --only-binary :all: --compile-bytecode requirements/${LOCK}.lock
COPY app/ app/
COPY migrations/ migrations/
RUN python -m compileall -q app migrations

FROM python:${PYTHON}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CAMPUS_ENV=production
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin campus \
 && install -d -o campus -g campus -m 0700 /var/lib/campus
COPY --from=build /opt/venv /opt/venv
COPY --from=build /build/app /srv/app
COPY --from=build /build/migrations /srv/migrations
WORKDIR /srv
USER 10001
EXPOSE 8000
# The embedded database needs this volume; with PostgreSQL nothing is written at all.
VOLUME /var/lib/campus
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["serve", "--host", "0.0.0.0"]
