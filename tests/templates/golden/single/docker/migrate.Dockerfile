# The job that brings the database's tables up to date: the tool and the files
# of migrations. It stands on its own, so that the programs' images need neither.
ARG RUST_VERSION=1.95
ARG DEBIAN_SUITE=trixie

FROM rust:${RUST_VERSION}-slim-${DEBIAN_SUITE} AS builder
ARG SQLX_CLI_VERSION=0.8.6
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install sqlx-cli --version "${SQLX_CLI_VERSION}" --locked --root /out \
        --no-default-features --features rustls,postgres

FROM debian:${DEBIAN_SUITE}-slim AS production
COPY --from=builder /out/bin/sqlx /usr/local/bin/sqlx
COPY migrations /migrations
USER 10001:10001
WORKDIR /
# cargodeck: allow 3.6 a job that ends by itself: nothing asks for its health
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/sqlx", "migrate", "run", "--source", "/migrations"]
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="notes migrations" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
