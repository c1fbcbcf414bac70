//! Logs: one JSON object a line, on standard output.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// `RUST_LOG` chooses what is logged, as in `info,sqlx=warn`.
pub fn start() {
    let wanted = crate::settings::text("RUST_LOG", "info");
    let filter = wanted.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::registry().with(filter).with(lines).init();
}
