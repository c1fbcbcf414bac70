//! Counts its visits in a file of SQLite, whose tables it makes itself.

use axum::{extract::State, routing::get, Router};
use sqlx::SqlitePool;

async fn visit(State(pool): State<SqlitePool>) -> String {
    let count: i64 = match sqlx::query("INSERT INTO visits DEFAULT VALUES").execute(&pool).await {
        Ok(_) => sqlx::query_scalar("SELECT count(*) FROM visits").fetch_one(&pool).await.unwrap_or(-1),
        Err(fault) => return fault.to_string(),
    };
    format!("{count} visits")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = SqlitePool::connect(&std::env::var("DATABASE_URL")?).await?;
    sqlx::migrate!().run(&pool).await?;
    let app = Router::new().route("/healthz", get(|| async { "well" })).route("/", get(visit)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    Ok(axum::serve(listener, app).await?)
}
