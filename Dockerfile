# The image of the gateway: docs/containers.md tells how to run it, `make container-check` proves it.
#
# Only what BuildKit and buildah both understand (no RUN --mount, no heredocs), so that the check builds what you build.
# To pin the base by its digest: --build-arg BASE=python:3.11-slim-bookworm@sha256:...
ARG BASE=python:3.11-slim-bookworm

# The one stage that needs the network, or a folder of wheels in its place. It is not part of the image, so what is said
# here about an index of your own stays out of the image too.
FROM ${BASE} AS wheels
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ARG PIP_FIND_LINKS
ARG PIP_NO_INDEX
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/pip
COPY requirements-run.lock /build/
RUN /opt/pip/bin/python -m pip download --quiet --require-hashes --only-binary=:all: \
    --requirement /build/requirements-run.lock --dest /build/wheels

# Whatever is installed was fetched above, has the hash of the lock, and is compiled now: at run time nothing is written.
FROM wheels AS installed
RUN python3 -m venv --without-pip /opt/venv \
    && /opt/pip/bin/python -m pip --python /opt/venv/bin/python install --quiet --no-compile --no-index \
    --find-links=/build/wheels --require-hashes --requirement /build/requirements-run.lock
COPY LICENSE /opt/rig-gateway/
COPY app /opt/rig-gateway/app
COPY web /opt/rig-gateway/web
# What `python -m app.demo` sends.
COPY tests/captures/LICENSES.md \
    tests/captures/f1_25-format2025-timetrial-catalunya.pcap.gz \
    tests/captures/f1_25-format2026-race-melbourne.pcap.gz \
    /opt/rig-gateway/tests/captures/
# Whatever the umask of whoever checked it out: root writes, all read.
RUN /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib /opt/rig-gateway/app \
    && chmod -R u=rwX,go=rX /opt/rig-gateway

FROM ${BASE}
LABEL org.opencontainers.image.title="Rig Gateway" \
    org.opencontainers.image.description="F1 25 telemetry of several sim rigs: a live duel on the wall, durable rows in Data Cloud" \
    org.opencontainers.image.licenses="MIT"

# A user without a name in the base: 10001 is nobody's on the host. /data is its only writable place.
RUN echo 'gateway:x:10001:10001::/data:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'gateway:x:10001:' >> /etc/group \
    && mkdir -m 0750 /data \
    && chown 10001:10001 /data

COPY --from=installed /opt/venv /opt/venv
COPY --from=installed /opt/rig-gateway /opt/rig-gateway

# Relative paths of settings begin at /, so that "data/..." is the volume, as it is the folder data without a container.
WORKDIR /
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/rig-gateway \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HISTORY_PATH=/data/history.sqlite3 \
    DATACLOUD_OUTBOX_PATH=/data/outbox.sqlite3
USER 10001:10001
VOLUME /data
EXPOSE 8080/tcp 20777/udp 20778/udp 20779/udp 20780/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python3", "-m", "app.healthcheck"]
CMD ["python3", "-m", "app"]
