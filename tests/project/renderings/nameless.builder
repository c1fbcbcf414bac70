# escape=`
FROM rust:1 AS cargodeck-0
WORKDIR /w
RUN mkdir -p '/w' && echo W3Rvb2xjaGFpbl0KY2hhbm5lbCA9ICIxLjgwIgo= | base64 -d > '/w/rust-toolchain.toml' && chmod 755 '/w/rust-toolchain.toml'
# on rust:1
# left out: line 4: COPY . .: sources are mounted, not copied
# left out: line 5: RUN cargo build --release  && true: it needs the sources
# source: rust-toolchain.toml
