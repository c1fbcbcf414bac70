FROM rust:1 AS build
WORKDIR /app
RUN mkdir -p '/app' && echo W3Rvb2xjaGFpbl0KY2hhbm5lbCA9ICIxLjgwIgo= | base64 -d > '/app/rust-toolchain.toml' && chmod 755 '/app/rust-toolchain.toml'
# on rust:1
# left out: line 3: COPY . .: sources are mounted, not copied
# left out: line 4: RUN cargo leptos build --release: it needs the sources
# source: rust-toolchain.toml
