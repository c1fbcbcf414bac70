FROM --platform=$BUILDPLATFORM tonistiigi/xx AS xx
FROM node:20 AS web
WORKDIR /web
COPY web .
RUN npm ci && npm run build

FROM rust:1-slim-bookworm AS build
COPY --from=xx / /
COPY --from=ghcr.io/x/protoc:3 /protoc /usr/local/bin/protoc
ARG PROFILE=release
WORKDIR /src
COPY docker/deps.sh /tmp/deps.sh
RUN /tmp/deps.sh
COPY rust-toolchain.toml .
RUN rustup show
RUN cargo install cargo-chef
RUN cargo install sqlx-cli --no-default-features
RUN cargo new --bin api && cd api && cargo fetch
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src && echo 'fn main() {}' > src/main.rs && cargo build --release && rm -rf src
COPY crates crates
COPY --from=web /web/dist ./dist
RUN touch crates/shop-api/src/main.rs
RUN apt-get update && apt-get install -y clang && cargo build --profile $PROFILE
RUN if [ "$PROFILE" = release ]; then strip target/release/api; fi

FROM gcr.io/distroless/cc-debian12
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/local/cargo/bin/sqlx /usr/local/bin/sqlx
COPY --from=build --chown=65532 /src/target/release/api /app/server
COPY --from=build /src/crates/shop-api/src /app/src
COPY --from=web --chmod=644 /web/dist /app/dist
CMD ["/app/server"]
