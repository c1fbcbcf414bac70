//! What stands behind the service: Postgres through a pool, and redis.

use redis::aio::ConnectionManager;
use shop_core::settings::{self, Missing};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgPool, PgPoolOptions};
use std::error::Error;
use std::time::Duration;
use tokio::sync::watch;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");
const FIRST_GOODS: &str = include_str!("../../../seeds/products.sql");
const PAUSE: Duration = Duration::from_secs(1);

pub struct Settings {
    database_url: String,
    redis_url: String,
    seed: bool,
}

impl Settings {
    pub fn from_environment() -> Result<Self, Missing> {
        Ok(Settings {
            database_url: settings::needed("DATABASE_URL")?,
            redis_url: settings::needed("REDIS_URL")?,
            seed: settings::flag("SEED_ON_START"),
        })
    }
}

#[derive(Clone)]
pub struct Backing {
    pub pool: PgPool,
    pub redis: ConnectionManager,
}

async fn open_pool(url: &str) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(5)).connect(url).await
}

async fn seed(pool: &PgPool) -> Result<(), sqlx::Error> {
    let added = sqlx::raw_sql(FIRST_GOODS).execute(pool).await?.rows_affected();
    tracing::info!(added, "seeded");
    Ok(())
}

async fn open(wanted: &Settings) -> Result<Backing, Box<dyn Error + Send + Sync>> {
    let pool = open_pool(&wanted.database_url).await?;
    MIGRATIONS.run(&pool).await?;
    if wanted.seed {
        seed(&pool).await?;
    }
    let redis = ConnectionManager::new(redis::Client::open(wanted.redis_url.as_str())?).await?;
    Ok(Backing { pool, redis })
}

/// Opens all of it and hands it over; begins again as long as that fails.
pub async fn keep_trying(wanted: Settings, ready: watch::Sender<Option<Backing>>) {
    loop {
        match open(&wanted).await {
            Ok(backing) => {
                tracing::info!("database and redis are there");
                ready.send_replace(Some(backing));
                return ready.closed().await;
            }
            Err(error) => tracing::warn!(%error, "not ready yet"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// For the commands: tables up to date, with the first goods where asked for.
pub async fn prepare_database(with_goods: bool) -> Result<(), Box<dyn Error>> {
    let pool = open_pool(&settings::needed("DATABASE_URL")?).await?;
    MIGRATIONS.run(&pool).await?;
    if with_goods {
        seed(&pool).await?;
    }
    Ok(())
}
