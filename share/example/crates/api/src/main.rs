//! api             serves HTTP until it is asked to end
//! api healthcheck is the service on this machine alive?
//! api migrate     brings the tables up to date and ends
//! api seed        the same, and fills the shop with its first goods

mod backing;
mod metrics;
mod routes;

use shop_core::{health, logs, settings, stop};
use std::error::Error;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::sync::watch;

const PORT: u16 = 8081;

async fn serve() -> Result<(), Box<dyn Error>> {
    let stop = stop::listen()?;
    let wanted = backing::Settings::from_environment()?;
    // The door opens first; what stands behind it may still be on its way up.
    let listener = TcpListener::bind(("0.0.0.0", settings::port(PORT))).await?;
    let (ready, backing) = watch::channel(None);
    tokio::spawn(backing::keep_trying(wanted, ready));
    tracing::info!(address = %listener.local_addr()?, "listening");
    axum::serve(listener, routes::all(backing)).with_graceful_shutdown(stop.asked()).await?;
    tracing::info!("ended");
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    logs::start();
    let done: Result<(), Box<dyn Error>> = match command.as_deref() {
        None | Some("serve") => serve().await,
        Some("healthcheck") => health::answers(settings::port(PORT), "/healthz").map_err(Into::into),
        Some("migrate") => backing::prepare_database(false).await,
        Some("seed") => backing::prepare_database(true).await,
        Some(other) => Err(format!("no such command: {other} (serve, healthcheck, migrate, seed)").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "failed");
            ExitCode::FAILURE
        }
    }
}
