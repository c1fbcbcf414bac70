# The job that brings the database's tables up to date: the tool and the files
# of @{database.migrations}. It stands on its own, so that the programs' images need neither.
%% if rust.minor < 88
# Its own: the tool does not compile with the programs' toolchain.
ARG RUST_VERSION=1.88
%% else
ARG RUST_VERSION=@{rust.version}
%% end
ARG DEBIAN_SUITE=trixie

FROM rust:${RUST_VERSION}-slim-${DEBIAN_SUITE} AS builder
%% if choices.migrator == "sqlx"
ARG SQLX_CLI_VERSION=0.8.6
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install sqlx-cli --version "${SQLX_CLI_VERSION}" --locked --root /out \
        --no-default-features --features rustls,@{database.engine}
%% else
ARG DIESEL_CLI_VERSION=2.2.12
%% if database.engine == "postgres"
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev && rm -rf /var/lib/apt/lists/*
%% elif database.engine == "mysql"
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libmariadb-dev && rm -rf /var/lib/apt/lists/*
%% else
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libsqlite3-dev && rm -rf /var/lib/apt/lists/*
%% end
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install diesel_cli --version "${DIESEL_CLI_VERSION}" --locked --root /out \
        --no-default-features --features @{database.engine}
%% end

FROM debian:${DEBIAN_SUITE}-slim AS production
%% if choices.migrator == "diesel"
%% if database.engine == "postgres"
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
%% elif database.engine == "mysql"
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libmariadb3 && rm -rf /var/lib/apt/lists/*
%% else
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libsqlite3-0 && rm -rf /var/lib/apt/lists/*
%% end
COPY --from=builder /out/bin/diesel /usr/local/bin/diesel
%% else
COPY --from=builder /out/bin/sqlx /usr/local/bin/sqlx
%% end
%% if database.engine == "sqlite"
RUN install -d -o 10001 -g 10001 -m 0750 /data
%% end
COPY @{database.migrations} /migrations
USER 10001:10001
WORKDIR /
# cargodeck: allow 3.6 a job that ends by itself: nothing asks for its health
HEALTHCHECK NONE
%% if choices.migrator == "sqlx"
ENTRYPOINT ["/usr/local/bin/sqlx", "migrate", "run", "--source", "/migrations"]
%% else
ENTRYPOINT ["/usr/local/bin/diesel", "migration", "run", "--migration-dir", "/migrations"]
%% end
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="@{name} migrations" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
