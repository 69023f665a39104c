# The hub as an image: built in one stage, run in another that has no compiler, no pip and no root.
#
#   docker build --tag hub:0.1.0 .
#
# The process needs nothing but what the environment names (`hub settings`) and a /tmp of its own; everything else may
# be read-only.

FROM python:3.11.15-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /hub/venv
WORKDIR /hub/app
# What is needed changes more rarely than the code, and is a layer of its own.
COPY pyproject.toml constraints.txt ./
RUN mkdir hub \
    && /hub/venv/bin/pip install --constraint constraints.txt . \
    && /hub/venv/bin/pip uninstall --yes hub
COPY hub hub
COPY schema schema
COPY migrations migrations
RUN /hub/venv/bin/pip install --no-deps --editable . \
    && /hub/venv/bin/pip uninstall --yes pip setuptools \
    && /hub/venv/bin/python -m compileall -q hub schema /hub/venv/lib

FROM python:3.11.15-slim

RUN pip uninstall --yes pip setuptools wheel 2>/dev/null; \
    groupadd --system --gid 10001 hub && useradd --system --uid 10001 --gid hub --no-create-home --home-dir /nonexistent hub
COPY --from=build --chown=root:root /hub /hub
ENV PATH=/hub/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HUB_HOST=0.0.0.0 HUB_PORT=8000
WORKDIR /hub/app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: a source that is down is no reason to take an instance away that answers from the others.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"HUB_PORT\"]}/health/live', timeout=2)"]
ENTRYPOINT ["hub"]
CMD ["serve"]
