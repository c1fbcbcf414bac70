//! Serves a page from a template that is read at each request. `migrate`
//! prepares the data folder and ends; `serve` needs what it prepared.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, fs, thread};

const TEXT: &str = "below 1";
const SCHEMA: &str = "data/schema";

fn page(path: &str) -> (&'static str, String) {
    match path {
        "/" => ("200 OK", TEXT.to_string()),
        "/page" => match fs::read_to_string("templates/page.html") {
            Ok(page) => ("200 OK", page.replace("{text}", TEXT)),
            Err(error) => ("500 Internal Server Error", error.to_string()),
        },
        "/user" => ("200 OK", user()),
        _ => ("404 Not Found", "no such page".to_string()),
    }
}

/// The user and group that this process runs as: "1000 1000".
fn user() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let id = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).unwrap_or("?").to_string()
    };
    format!("{} {}", id("Uid:"), id("Gid:"))
}

/// Answers one request after the other on a kept connection.
fn serve(stream: TcpStream) -> Result<()> {
    let mut writer = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(first) = lines.next() {
        let first = first?;
        let mut close = first.ends_with("HTTP/1.0");
        for line in lines.by_ref() {
            let line = line?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            close |= line == "connection: close";
        }
        let (status, body) = page(first.split(' ').nth(1).unwrap_or("/"));
        let kept = if close { "close" } else { "keep-alive" };
        write!(writer, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: {kept}\r\n\r\n{body}", body.len())?;
        if close {
            break;
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    match env::args().nth(1).as_deref() {
        Some("migrate") => fs::write(SCHEMA, "1\n"),
        Some("serve") => {
            fs::read_to_string(SCHEMA)?;
            let listener = TcpListener::bind("0.0.0.0:8080")?;
            for stream in listener.incoming() {
                let stream = stream?;
                thread::spawn(move || serve(stream));
            }
            Ok(())
        }
        _ => {
            eprintln!("usage: page-server migrate | serve");
            std::process::exit(2);
        }
    }
}
