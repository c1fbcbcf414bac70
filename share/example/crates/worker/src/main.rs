//! worker             packs new orders until it is asked to end
//! worker healthcheck has it looked for orders lately?

use redis::aio::ConnectionManager;
use redis::AsyncCommands;
use shop_core::{logs, settings, stop};
use sqlx::postgres::{PgPool, PgPoolOptions};
use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::Notify;

type Outcome = Result<(), Box<dyn Error>>;

/// Written after each round; its age is the worker's health.
const ALIVE: &str = "/tmp/worker.alive";
const ROUND: Duration = Duration::from_secs(2);
const TOO_OLD: Duration = Duration::from_secs(20);
const TABLE_IS_MISSING: &str = "42P01";

/// Takes what is new, each order once, also where several workers run.
async fn pack(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let packed = sqlx::query(
        "UPDATE orders SET status = 'packed' WHERE id IN
            (SELECT id FROM orders WHERE status = 'new' ORDER BY id LIMIT 50 FOR UPDATE SKIP LOCKED)",
    )
    .execute(pool)
    .await;
    match packed {
        Ok(done) => Ok(done.rows_affected()),
        // Started before the api has made the tables: there is nothing to pack.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(TABLE_IS_MISSING) => Ok(0),
        Err(error) => Err(error),
    }
}

async fn round(pool: &PgPool, redis: &mut ConnectionManager) -> Outcome {
    // The message only says that there is something; the table says what.
    let _woken: Option<(String, i64)> = redis.blpop("orders", ROUND.as_secs_f64()).await?;
    let packed = pack(pool).await?;
    if packed > 0 {
        tracing::info!(packed, "orders packed");
    }
    fs::write(ALIVE, "")?;
    Ok(())
}

async fn work(ending: &Notify) -> Outcome {
    let pool =
        PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(5)).connect_lazy(&settings::needed("DATABASE_URL")?)?;
    let redis = redis::Client::open(settings::needed("REDIS_URL")?)?;
    let mut redis = ConnectionManager::new(redis).await?;
    tracing::info!("waiting for orders");
    loop {
        // Between two rounds nothing is half done: that is where the worker ends.
        tokio::select! {
            () = ending.notified() => return Ok(()),
            done = round(&pool, &mut redis) => if let Err(error) = done {
                tracing::warn!(%error, "round failed");
                tokio::time::sleep(ROUND).await;
            }
        }
    }
}

async fn run() -> Outcome {
    let stop = stop::listen()?;
    let ending = Notify::new();
    let asked = async {
        stop.asked().await;
        ending.notify_one();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        done = work(&ending) => done?,
        () = asked => {}
    }
    tracing::info!("ended");
    Ok(())
}

fn healthcheck() -> Outcome {
    let age = fs::metadata(ALIVE)?.modified()?.elapsed()?;
    if age > TOO_OLD {
        return Err(format!("the last round was {} s ago", age.as_secs()).into());
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    logs::start();
    let done = match std::env::args().nth(1).as_deref() {
        None => run().await,
        Some("healthcheck") => healthcheck(),
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
