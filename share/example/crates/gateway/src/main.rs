//! What stands at the door: the front page, and all below /api for the api.
//! It has no handler for SIGTERM, as many small services have none.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{header, HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};
use axum::Router;
use hyper_util::client::legacy::{connect::HttpConnector, Client};
use hyper_util::rt::TokioExecutor;
use shop_core::{health, logs, settings, stop};
use std::error::Error;
use std::process::ExitCode;
use tokio::net::TcpListener;

const PORT: u16 = 8080;

#[derive(Clone)]
struct Door {
    api: Authority,
    client: Client<HttpConnector, Body>,
}

async fn front() -> Html<String> {
    Html(format!(
        "<!doctype html><title>{0}</title><h1>{0}</h1><p>Our goods: <a href=\"/api/products\">/api/products</a></p>\n",
        shop_core::SHOP
    ))
}

async fn healthz() -> &'static str {
    "ok\n"
}

/// `/api/products?x=1` here is `/products?x=1` at the api.
fn target(api: &Authority, asked: &Uri) -> Option<Uri> {
    let whole = asked.path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = whole.strip_prefix("/api")?;
    let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    Uri::builder().scheme(Scheme::HTTP).authority(api.clone()).path_and_query(path).build().ok()
}

async fn pass_on(State(door): State<Door>, mut request: Request) -> Response {
    let Some(uri) = target(&door.api, request.uri()) else {
        return (StatusCode::BAD_REQUEST, "not a path that can be passed on\n").into_response();
    };
    *request.uri_mut() = uri;
    // These two speak of the connection to us; the client makes its own.
    request.headers_mut().remove(header::CONNECTION);
    request.headers_mut().remove(header::HOST);
    match door.client.request(request).await {
        Ok(mut answer) => {
            answer.headers_mut().remove(header::CONNECTION);
            answer.headers_mut().insert(header::VIA, HeaderValue::from_static("1.1 gateway"));
            answer.into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "the api did not answer");
            (StatusCode::BAD_GATEWAY, "the api did not answer\n").into_response()
        }
    }
}

fn all(api: Authority) -> Router {
    let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    Router::new()
        .route("/", get(front))
        .route("/healthz", get(healthz))
        .route("/api", any(pass_on))
        .route("/api/{*rest}", any(pass_on))
        .with_state(Door { api, client })
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let stop = stop::listen()?;
    let api = settings::text("API", "api:8081").parse()?;
    let listener = TcpListener::bind(("0.0.0.0", settings::port(PORT))).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    axum::serve(listener, all(api)).with_graceful_shutdown(stop.asked()).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    logs::start();
    let done = match std::env::args().nth(1).as_deref() {
        None => serve().await,
        Some("healthcheck") => health::answers(settings::port(PORT), "/healthz").map_err(Into::into),
        Some(other) => Err(format!("no such command: {other} (healthcheck, or none)").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "failed");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    #[test]
    fn the_prefix_is_taken_off() {
        let api = Authority::from_static("api:8081");
        let of = |path: &'static str| target(&api, &Uri::from_static(path)).map(|uri| uri.to_string());
        assert_eq!(of("/api/products?x=1").as_deref(), Some("http://api:8081/products?x=1"));
        assert_eq!(of("/api").as_deref(), Some("http://api:8081/"));
        assert_eq!(of("/api?x=1").as_deref(), Some("http://api:8081/?x=1"));
        assert_eq!(of("/other"), None);
    }

    #[tokio::test]
    async fn passes_on_what_an_api_answers() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let api = listener.local_addr().unwrap().to_string().parse().unwrap();
        let upstream = Router::new().route("/products", get(|| async { "six things" }));
        tokio::spawn(async { axum::serve(listener, upstream).await });
        let answer = all(api).oneshot(Request::get("/api/products").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::VIA], "1.1 gateway");
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "six things");
    }

    #[tokio::test]
    async fn says_so_when_no_api_answers() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let api = listener.local_addr().unwrap().to_string().parse().unwrap();
        drop(listener);
        let answer = all(api).oneshot(Request::get("/api/products").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    }
}
