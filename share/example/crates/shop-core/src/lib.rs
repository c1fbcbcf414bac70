//! What the shop's programs share: goods and prices, settings from the
//! environment, logs, the health check and the signals that end a program.

pub mod goods;
pub mod health;
pub mod logs;
pub mod settings;
pub mod stop;

/// Shown on the front page of every service.
pub const SHOP: &str = "The Corner Shop";
