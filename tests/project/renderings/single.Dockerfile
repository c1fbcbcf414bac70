FROM rust:1
WORKDIR /app
COPY . .
RUN apt-get update \
 && apt-get install -y libpq-dev \
 && cargo install --path crates/shop-api
EXPOSE 80
CMD ["api"]
