# escape=`
FROM rust:1
WORKDIR /w
COPY . .
RUN cargo build --release `
 && true
FROM debian:bookworm-slim
COPY --from=0 /w/target/release/api /bin/api
COPY --from=0 /usr/share/zoneinfo /usr/share/zoneinfo
CMD /bin/api
