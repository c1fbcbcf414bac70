//! Counters and times for Prometheus.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};
use std::time::Instant;

#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    pub orders: IntCounter,
}

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(Opts::new("http_requests_total", "Requests answered"), &["method", "path", "status"])?;
        let seconds = HistogramVec::new(HistogramOpts::new("http_request_seconds", "Time to the answer"), &["method", "path"])?;
        let orders = IntCounter::new("shop_orders_total", "Orders taken")?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(orders.clone()))?;
        Ok(Metrics { registry, requests, seconds, orders })
    }

    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Counts each request under its route, so that ids make no series of their own.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    metrics.seconds.with_label_values(&[method.as_str(), &path]).observe(began.elapsed().as_secs_f64());
    metrics.requests.with_label_values(&[method.as_str(), &path, response.status().as_str()]).inc();
    response
}
