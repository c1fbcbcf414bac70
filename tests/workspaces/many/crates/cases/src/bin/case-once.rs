//! Does its work and ends.

const TEXT: &str = "once 1";

fn main() {
    println!("{}", plain::answer(TEXT));
}
