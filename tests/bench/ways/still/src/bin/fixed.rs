//! As `blocking`, linked statically: its image holds nothing but this program.

const TEXT: &str = "fixed-1";

fn main() -> std::io::Result<()> {
    still::serve(TEXT)
}
