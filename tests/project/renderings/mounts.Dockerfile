FROM rust:1-alpine AS build
WORKDIR /app
RUN apk add --no-cache musl-dev
RUN --mount=type=bind,source=crates,target=crates \
    --mount=type=bind,source=Cargo.toml,target=Cargo.toml \
    --mount=type=cache,target=/app/target/ \
    --mount=type=cache,target=/usr/local/cargo/registry/ <<EOF
set -e
cargo build --locked --release
cp ./target/release/api /bin/server
EOF
FROM alpine:3.20
RUN adduser --disabled-password --uid "10001" appuser
USER appuser
COPY --from=build /bin/server /bin/
EXPOSE 8080
CMD ["/bin/server"]
