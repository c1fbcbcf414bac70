# The job that brings the database's tables up to date: the tool and the files
# of migrations. It stands on its own, so that the programs' images need neither.
ARG RUST_VERSION=1.95
ARG DEBIAN_SUITE=trixie

FROM rust:${RUST_VERSION}-slim-${DEBIAN_SUITE} AS builder
ARG DIESEL_CLI_VERSION=2.2.12
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install diesel_cli --version "${DIESEL_CLI_VERSION}" --locked --root /out \
        --no-default-features --features postgres

FROM debian:${DEBIAN_SUITE}-slim AS production
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=builder /out/bin/diesel /usr/local/bin/diesel
COPY migrations /migrations
USER 10001:10001
WORKDIR /
# cargodeck: allow 3.6 a job that ends by itself: nothing asks for its health
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/diesel", "migration", "run", "--migration-dir", "/migrations"]
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="notes migrations" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
