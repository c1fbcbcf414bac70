//! A library: nothing of it runs by itself.

pub fn rectangle(width: f64, height: f64) -> f64 {
    width * height
}

#[test]
fn a_square_is_a_rectangle() {
    assert_eq!(rectangle(2.0, 2.0), 4.0);
}
