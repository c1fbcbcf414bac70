//! Prints those lines of its input that hold a word.

use std::io::BufRead;

fn holds(line: &str, word: &str) -> bool {
    line.contains(word)
}

fn main() {
    let word = std::env::args().nth(1).unwrap_or_default();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if holds(&line, &word) {
            println!("{line}");
        }
    }
}

#[test]
fn an_empty_word_is_in_each_line() {
    assert!(holds("a line", ""));
}
