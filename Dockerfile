# syntax=docker/dockerfile:1
# Two stages: the first installs from the hashed lock, the second runs as nobody in particular on a read-only file system.
#
#   docker build -t campus-accounts .
#   docker build --build-arg LETTERS=no -t campus-accounts .        # 300 MB smaller; keys come as CSV only, not as letters
#   docker build --build-arg TELEMETRY=yes -t campus-accounts .     # with OpenTelemetry and Sentry
#   docker run --read-only --tmpfs /tmp -p 8000:8000 --env-file campus.env campus-accounts

ARG PYTHON=3.13-slim
ARG LETTERS=yes
ARG TELEMETRY=no

FROM python:${PYTHON} AS build
ARG LETTERS
ARG TELEMETRY
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CONFIG=1
WORKDIR /build
COPY requirements/ requirements/
RUN python -m venv /opt/venv \
 && python -m pip install --require-hashes --only-binary=:all: -r requirements/bootstrap.lock \
 && locks=requirements/run.lock \
 && { [ "$LETTERS" != yes ] || locks="$locks requirements/pdf.lock"; } \
 && { [ "$TELEMETRY" != yes ] || locks="$locks requirements/telemetry.lock"; } \
 && uv pip sync --python /opt/venv/bin/python --require-hashes --only-binary :all: --compile-bytecode $locks
COPY app/ app/
COPY migrations/ migrations/
RUN python -m compileall -q app migrations

FROM python:${PYTHON}
ARG LETTERS
# What draws letters: Pango, and fonts for every script in which there are words. Installing them also makes the cache of fonts, which
# could not be written later.
RUN [ "$LETTERS" != yes ] || { apt-get update \
 && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
      fonts-noto-core fonts-noto-mono fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*; }
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
