FROM rust:1 AS build
WORKDIR /app
COPY . .
RUN cargo leptos build --release
FROM debian:bookworm-slim
RUN useradd app
COPY --from=build /app/target/release/api /app/api
COPY --from=build /app/target/site /app/site
COPY docker/deps.sh /usr/local/bin/deps.sh
WORKDIR /app
ENV LEPTOS_SITE_ROOT=site
USER app
CMD ["/app/api"]
