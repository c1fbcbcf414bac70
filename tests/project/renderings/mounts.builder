FROM rust:1-alpine AS build
WORKDIR /app
RUN apk add --no-cache musl-dev
# on rust:1-alpine
# left out: line 4: RUN --mount=type=bind,source=crates,target=crates  --mount=type=…: it needs the sources
