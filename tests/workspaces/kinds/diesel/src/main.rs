//! Counts notes in PostgreSQL through diesel, which links libpq. Its tables are
//! made by migrations that it does not apply itself.

use axum::{http::StatusCode, routing::get, Router};
use diesel::{pg::PgConnection, Connection, QueryableByName, RunQueryDsl};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn count(address: &str) -> Result<i64, Box<dyn std::error::Error>> {
    let mut connection = PgConnection::establish(address)?;
    let row: Count = diesel::sql_query("SELECT count(*) AS count FROM notes").get_result(&mut connection)?;
    Ok(row.count)
}

async fn notes() -> Result<String, StatusCode> {
    let address = std::env::var("DATABASE_URL").map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let counted = tokio::task::spawn_blocking(move || count(&address).map_err(|fault| eprintln!("{fault}"))).await;
    match counted {
        Ok(Ok(count)) => Ok(format!("{count} notes")),
        _ => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    let app = Router::new().route("/healthz", get(|| async { "well" })).route("/", get(notes));
    axum::serve(listener, app).await
}
