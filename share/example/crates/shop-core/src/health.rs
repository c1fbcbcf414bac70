//! The `healthcheck` that an image's HEALTHCHECK calls: no curl is needed in it.

use std::io::{Error, Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(2);

/// Does `GET path` on this machine's `port` answer with 200?
pub fn answers(port: u16, path: &str) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    if &head[8..] == b" 200" {
        Ok(())
    } else {
        Err(Error::other(format!("answered {}", String::from_utf8_lossy(&head))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    fn served(answer: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        port
    }

    #[test]
    fn ok_is_well_and_anything_else_is_not() {
        assert!(answers(served("HTTP/1.1 200 OK\r\n\r\n"), "/healthz").is_ok());
        assert!(answers(served("HTTP/1.1 503 Service Unavailable\r\n\r\n"), "/healthz").is_err());
    }
}
