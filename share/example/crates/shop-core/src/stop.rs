//! The signals that ask a program to end.

use std::io::Result;
use tokio::signal::unix::{signal, Signal, SignalKind};

pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

/// Listens from now on: call it before anything that takes time.
pub fn listen() -> Result<Stop> {
    Ok(Stop { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
}

impl Stop {
    pub async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("asked to end");
    }
}
