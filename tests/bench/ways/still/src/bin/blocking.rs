//! Blocks in `accept` and in `read`.

const TEXT: &str = "blocking-1";

fn main() -> std::io::Result<()> {
    still::serve(TEXT)
}
