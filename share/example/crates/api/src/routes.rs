//! What the service answers.

use crate::backing::Backing;
use crate::metrics::{self, Metrics};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{middleware, Json, Router};
use redis::AsyncCommands;
use serde::Deserialize;
use serde_json::json;
use shop_core::goods::{self, Cents, Order, Product};
use std::time::Duration;
use tokio::sync::watch;

/// How long a request waits for the database when the service has just started.
const PATIENCE: Duration = Duration::from_secs(5);
const CACHE_SECONDS: u64 = 30;

#[derive(Clone)]
struct Shop {
    backing: watch::Receiver<Option<Backing>>,
    metrics: Metrics,
}

impl Shop {
    async fn backing(&self) -> Result<Backing, Problem> {
        let mut backing = self.backing.clone();
        let there = tokio::time::timeout(PATIENCE, backing.wait_for(Option::is_some)).await;
        there.ok().and_then(Result::ok).and_then(|found| found.clone()).ok_or(Problem::NotReady)
    }
}

enum Problem {
    NotFound(&'static str),
    Refused(&'static str),
    NotReady,
    Broken(String),
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Problem::Broken(error.to_string())
    }
}

impl From<redis::RedisError> for Problem {
    fn from(error: redis::RedisError) -> Self {
        Problem::Broken(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Problem::NotFound(what) => (StatusCode::NOT_FOUND, what),
            Problem::Refused(why) => (StatusCode::UNPROCESSABLE_ENTITY, why),
            Problem::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "the database is not there yet"),
            Problem::Broken(error) => {
                tracing::error!(%error, "request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "something broke on our side")
            }
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}

async fn front() -> Json<serde_json::Value> {
    Json(json!({ "shop": shop_core::SHOP, "greeting": "Good morning", "version": env!("CARGO_PKG_VERSION") }))
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(shop): State<Shop>) -> Result<&'static str, Problem> {
    let found = shop.backing.borrow().clone();
    let mut backing = found.ok_or(Problem::NotReady)?;
    sqlx::query("SELECT 1").execute(&backing.pool).await?;
    let () = backing.redis.ping().await?;
    Ok("ready\n")
}

async fn metrics_text(State(shop): State<Shop>) -> Result<String, Problem> {
    shop.metrics.text().map_err(|error| Problem::Broken(error.to_string()))
}

type Row = (i64, String, i64, i32);

fn product((id, name, price, stock): Row) -> Product {
    Product { id, name, price: Cents(price), stock }
}

async fn products(State(shop): State<Shop>) -> Result<Json<Vec<Product>>, Problem> {
    let rows: Vec<Row> = sqlx::query_as("SELECT id, name, price, stock FROM products ORDER BY name LIMIT 500")
        .fetch_all(&shop.backing().await?.pool)
        .await?;
    Ok(Json(rows.into_iter().map(product).collect()))
}

async fn one_product(State(shop): State<Shop>, Path(id): Path<i64>) -> Result<Json<Product>, Problem> {
    let mut backing = shop.backing().await?;
    let key = format!("product:{id}");
    // A cache that does not answer makes us slower, not wrong.
    let kept: Option<String> = backing.redis.get(&key).await.unwrap_or(None);
    if let Some(found) = kept.and_then(|text| serde_json::from_str(&text).ok()) {
        return Ok(Json(found));
    }
    let row: Option<Row> =
        sqlx::query_as("SELECT id, name, price, stock FROM products WHERE id = $1").bind(id).fetch_optional(&backing.pool).await?;
    let found = product(row.ok_or(Problem::NotFound("no such product"))?);
    let text = json!(found).to_string();
    if let Err(error) = backing.redis.set_ex::<_, _, ()>(&key, text, CACHE_SECONDS).await {
        tracing::warn!(%error, "not cached");
    }
    Ok(Json(found))
}

#[derive(Deserialize)]
struct Wish {
    product_id: i64,
    quantity: i32,
}

async fn order(State(shop): State<Shop>, Json(wish): Json<Wish>) -> Result<(StatusCode, Json<Order>), Problem> {
    let mut backing = shop.backing().await?;
    let mut work = backing.pool.begin().await?;
    let price: Option<i64> =
        sqlx::query_scalar("SELECT price FROM products WHERE id = $1").bind(wish.product_id).fetch_optional(&mut *work).await?;
    let price = Cents(price.ok_or(Problem::NotFound("no such product"))?);
    let total = goods::total(price, wish.quantity).ok_or(Problem::Refused("quantity must be from 1 to 100"))?;
    let taken = sqlx::query("UPDATE products SET stock = stock - $2 WHERE id = $1 AND stock >= $2")
        .bind(wish.product_id)
        .bind(wish.quantity)
        .execute(&mut *work)
        .await?;
    if taken.rows_affected() == 0 {
        return Err(Problem::Refused("not enough in stock"));
    }
    let (id, status): (i64, String) =
        sqlx::query_as("INSERT INTO orders (product_id, quantity, total) VALUES ($1, $2, $3) RETURNING id, status")
            .bind(wish.product_id)
            .bind(wish.quantity)
            .bind(total.0)
            .fetch_one(&mut *work)
            .await?;
    work.commit().await?;
    shop.metrics.orders.inc();
    // The row is what counts; the message only wakes the worker earlier.
    let woken: redis::RedisResult<()> =
        redis::pipe().del(format!("product:{}", wish.product_id)).rpush("orders", id).query_async(&mut backing.redis).await;
    if let Err(error) = woken {
        tracing::warn!(%error, order = id, "the worker was not woken");
    }
    tracing::info!(order = id, total = %total, "ordered");
    Ok((StatusCode::CREATED, Json(Order { id, product_id: wish.product_id, quantity: wish.quantity, total, status })))
}

async fn one_order(State(shop): State<Shop>, Path(id): Path<i64>) -> Result<Json<Order>, Problem> {
    let row: Option<(i64, i32, i64, String)> = sqlx::query_as("SELECT product_id, quantity, total, status FROM orders WHERE id = $1")
        .bind(id)
        .fetch_optional(&shop.backing().await?.pool)
        .await?;
    let (product_id, quantity, total, status) = row.ok_or(Problem::NotFound("no such order"))?;
    Ok(Json(Order { id, product_id, quantity, total: Cents(total), status }))
}

#[derive(Deserialize)]
struct Destination {
    country: String,
}

async fn shipping(Query(to): Query<Destination>) -> Json<serde_json::Value> {
    // Stands for the question to the carrier, who needs as long as this.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let price = goods::shipping(&to.country);
    Json(json!({ "country": to.country, "price": price, "text": price.to_string() }))
}

pub fn all(backing: watch::Receiver<Option<Backing>>) -> Router {
    let metrics = Metrics::new().expect("the names of the metrics are valid and differ");
    Router::new()
        .route("/", get(front))
        .route("/products", get(products))
        .route("/products/{id}", get(one_product))
        .route("/orders", post(order))
        .route("/orders/{id}", get(one_order))
        .route("/shipping", get(shipping))
        .route_layer(middleware::from_fn_with_state(metrics.clone(), metrics::count))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .with_state(Shop { backing, metrics })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    /// The service with nothing behind it.
    fn alone() -> (watch::Sender<Option<Backing>>, Router) {
        let (sender, receiver) = watch::channel(None);
        (sender, all(receiver))
    }

    async fn ask(service: &Router, path: &str) -> (StatusCode, String) {
        let answer = service.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn is_alive_but_not_ready_without_a_database() {
        let (_sender, service) = alone();
        assert_eq!(ask(&service, "/healthz").await.0, StatusCode::OK);
        let (status, body) = ask(&service, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("not there yet"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_the_database_but_not_for_ever() {
        let (_sender, service) = alone();
        assert_eq!(ask(&service, "/products").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn shipping_is_priced_and_counted_by_route() {
        let (_sender, service) = alone();
        let (status, body) = ask(&service, "/shipping?country=DE").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("4.90 EUR"), "{body}");
        let (_, text) = ask(&service, "/metrics").await;
        assert!(text.contains(r#"http_requests_total{method="GET",path="/shipping",status="200"} 1"#), "{text}");
        assert_eq!(ask(&service, "/shipping").await.0, StatusCode::BAD_REQUEST);
    }
}
