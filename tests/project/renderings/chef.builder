ARG RUST=1.80
FROM lukemathwalker/cargo-chef:latest-rust-${RUST} AS chef
WORKDIR /app
FROM chef AS builder
RUN apt-get update && apt-get install -y \
    # for openssl-sys
    pkg-config libssl-dev
RUN mkdir -p '/app' && echo W3Rvb2xjaGFpbl0KY2hhbm5lbCA9ICIxLjgwIgo= | base64 -d > '/app/rust-toolchain.toml' && chmod 755 '/app/rust-toolchain.toml'
ENV SQLX_OFFLINE=true
# on lukemathwalker/cargo-chef:latest-rust-1.80
# left out: line 14: COPY --from=planner /app/recipe.json recipe.json: it comes out of a compile
# left out: line 15: RUN cargo chef cook --release --recipe-path recipe.json: it needs the sources
# left out: line 16: COPY . .: sources are mounted, not copied
# left out: line 18: RUN cargo build --release --bin api: it needs the sources
# source: rust-toolchain.toml
