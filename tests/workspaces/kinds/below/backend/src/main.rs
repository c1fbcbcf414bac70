//! A service by actix whose manifest lies below the root.

use actix_web::{get, web, App, HttpServer, Responder};

#[get("/health")]
async fn health() -> impl Responder {
    "well"
}

#[get("/")]
async fn greet() -> impl Responder {
    "from below"
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    HttpServer::new(|| App::new().service(greet).service(web::scope("/api").service(health)))
        .bind(("0.0.0.0", 8080))?
        .run()
        .await
}
