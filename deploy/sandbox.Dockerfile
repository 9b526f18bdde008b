# The sandbox as a tool: APNs, FCM, HMS, RuStore, Web Push, a channel platform and a partner, played on local ports.
#
#   docker build -f deploy/sandbox.Dockerfile -t rpns-sandbox:0.1.0 .
#   docker run --network host --read-only --tmpfs /tmp --cap-drop ALL -v "$PWD/sandbox:/data" --user "$(id -u)" rpns-sandbox:0.1.0
#
# /data/sandbox.json says where everything listens; its certificate is for localhost, hence the host's network.

ARG DEBIAN=debian:12-slim

FROM ${DEBIAN} AS base
COPY deploy/image/base.sh /tmp/base.sh
RUN sh /tmp/base.sh && rm /tmp/base.sh

FROM base AS build
WORKDIR /src
COPY requirements.txt deploy/image/build.txt deploy/image/packages.sh ./
RUN sh packages.sh

FROM base
LABEL org.opencontainers.image.title="RPNS sandbox" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/rpns /opt/rpns
COPY deploy/__init__.py /opt/sandbox/deploy/__init__.py
COPY deploy/sandbox /opt/sandbox/deploy/sandbox
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/sandbox
USER 10001:10001
WORKDIR /tmp
VOLUME /data
ENTRYPOINT ["/opt/rpns/bin/python", "-m", "deploy.sandbox", "--data-dir", "/data"]
