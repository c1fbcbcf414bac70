# syntax=docker/dockerfile:1
ARG RUST=1.80
FROM lukemathwalker/cargo-chef:latest-rust-${RUST} AS chef
WORKDIR /app

FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS builder
RUN apt-get update && apt-get install -y \
    # for openssl-sys
    pkg-config libssl-dev
COPY --from=planner /app/recipe.json recipe.json
RUN cargo chef cook --release --recipe-path recipe.json
COPY . .
ENV SQLX_OFFLINE=true
RUN cargo build --release --bin api

FROM debian:bookworm-slim AS runtime
WORKDIR /app
RUN apt-get update && apt-get install -y libcap2-bin && setcap cap_net_bind_service=+ep /usr/local/bin/api
COPY --from=builder /app/target/release/api /usr/local/bin
RUN setcap cap_net_bind_service=+ep /usr/local/bin/api
COPY --from=builder /app/crates ./crates
ENTRYPOINT ["/usr/local/bin/api"]
