FROM --platform=$BUILDPLATFORM tonistiigi/xx AS xx
FROM rust:1-slim-bookworm AS build
COPY --from=xx / /
COPY --from=ghcr.io/x/protoc:3 /protoc /usr/local/bin/protoc
ARG PROFILE="fa\"st"
WORKDIR /src
RUN mkdir -p '/tmp' && echo IyEvYmluL3NoCnNldCAtZQphcHQtZ2V0IHVwZGF0ZQo= | base64 -d > '/tmp/deps.sh' && chmod 755 '/tmp/deps.sh'
RUN /tmp/deps.sh
RUN mkdir -p '/src' && echo W3Rvb2xjaGFpbl0KY2hhbm5lbCA9ICIxLjgwIgo= | base64 -d > '/src/rust-toolchain.toml' && chmod 755 '/src/rust-toolchain.toml'
RUN rustup show
RUN cargo install sqlx-cli --no-default-features
RUN apt-get update && apt-get install -y clang
# on rust:1-slim-bookworm
# left out: line 16: RUN cargo install cargo-chef: nothing that stays uses what it installs
# left out: line 18: RUN cargo new --bin api && cd api && cargo fetch: it needs the sources
# left out: line 19: COPY Cargo.toml Cargo.lock ./: sources are mounted, not copied
# left out: line 20: RUN mkdir -p src && echo 'fn main() {}' > src/main.rs && cargo b…: it needs the sources
# left out: line 21: COPY crates crates: sources are mounted, not copied
# left out: line 22: COPY --from=web /web/dist ./dist: sources are mounted, not copied
# left out: line 23: RUN touch crates/shop-api/src/main.rs: it needs the sources
# left out: line 24: RUN apt-get update && apt-get install -y clang && cargo build --…: it needs the sources
# left out: line 25: RUN if [ "$PROFILE" = release ]; then strip target/release/api; …: it needs the sources
# source: docker/deps.sh
# source: rust-toolchain.toml
