//! Goods, orders and what they cost. Money is counted in cents.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02} EUR", self.0.abs() / 100, self.0.abs() % 100)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub id: i64,
    pub name: String,
    pub price: Cents,
    pub stock: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: i64,
    pub product_id: i64,
    pub quantity: i32,
    pub total: Cents,
    pub status: String,
}

/// The most pieces of one thing that an order may hold.
pub const MOST_PIECES: i32 = 100;

/// What `quantity` pieces cost: ten and more are a tenth cheaper. `None` where
/// the quantity is not one that we sell.
pub fn total(price: Cents, quantity: i32) -> Option<Cents> {
    if !(1..=MOST_PIECES).contains(&quantity) {
        return None;
    }
    let full = price.0.checked_mul(i64::from(quantity))?;
    Some(Cents(if quantity >= 10 { full - full / 10 } else { full }))
}

/// What sending costs, by the two letters of a country.
pub fn shipping(country: &str) -> Cents {
    match country {
        "DE" | "AT" | "NL" => Cents(490),
        "FR" | "IT" | "ES" | "PL" => Cents(990),
        _ => Cents(1990),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_two_digits() {
        assert_eq!(Cents(1905).to_string(), "19.05 EUR");
        assert_eq!(Cents(-7).to_string(), "-0.07 EUR");
    }

    #[test]
    fn ten_pieces_are_cheaper_by_a_tenth() {
        assert_eq!(total(Cents(200), 9), Some(Cents(1800)));
        assert_eq!(total(Cents(200), 10), Some(Cents(1800)));
    }

    #[test]
    fn odd_quantities_are_refused() {
        assert_eq!(total(Cents(200), 0), None);
        assert_eq!(total(Cents(200), MOST_PIECES + 1), None);
        assert_eq!(total(Cents(i64::MAX), 2), None);
    }

    #[test]
    fn far_countries_cost_more() {
        assert!(shipping("DE") < shipping("FR"));
        assert!(shipping("FR") < shipping("NZ"));
    }
}
