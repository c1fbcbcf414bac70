//! Settings come from the environment alone. An empty value is an absent one.

use std::env;
use std::fmt;

#[derive(Debug, PartialEq, Eq)]
pub struct Missing(pub &'static str);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not set", self.0)
    }
}

impl std::error::Error for Missing {}

pub fn text(name: &'static str, otherwise: &str) -> String {
    needed(name).unwrap_or_else(|_| otherwise.to_owned())
}

pub fn needed(name: &'static str) -> Result<String, Missing> {
    env::var(name).ok().filter(|value| !value.is_empty()).ok_or(Missing(name))
}

pub fn flag(name: &'static str) -> bool {
    matches!(text(name, "").as_str(), "1" | "true" | "yes" | "on")
}

/// The port that a service listens on.
pub fn port(otherwise: u16) -> u16 {
    text("PORT", "").parse().unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_named() {
        assert_eq!(needed("SHOP_TEST_IS_NOT_SET"), Err(Missing("SHOP_TEST_IS_NOT_SET")));
        assert_eq!(text("SHOP_TEST_IS_NOT_SET", "x"), "x");
        assert!(!flag("SHOP_TEST_IS_NOT_SET"));
    }
}
