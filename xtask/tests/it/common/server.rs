//! A web server for tests: it answers from a list, one request a connection, and records the requests.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The bytes of a response, and how long the connection stays open after them.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    linger: Duration,
}

impl Reply {
    /// A complete response.
    pub(crate) fn new(status: &str, headers: &[&str], body: &[u8]) -> Self {
        Self::cut(status, headers, body, body.len())
    }

    /// A response that declares `declared` bytes and closes after `body`.
    pub(crate) fn cut(status: &str, headers: &[&str], body: &[u8], declared: usize) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        head.push_str(&format!("Content-Length: {declared}\r\n"));
        for header in headers {
            head.push_str(&format!("{header}\r\n"));
        }
        head.push_str("\r\n");
        let bytes = [head.as_bytes(), body].concat();
        Self { bytes, linger: Duration::ZERO }
    }

    /// A response without a length, which ends with the connection.
    pub(crate) fn unsized_body(body: &[u8]) -> Self {
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        Self { bytes: [head, body].concat(), linger: Duration::ZERO }
    }

    /// Success with this body.
    pub(crate) fn ok(body: &[u8]) -> Self {
        Self::new("200 OK", &[], body)
    }

    /// The rest of `whole` from `start` on, with a header that claims `claimed`.
    pub(crate) fn part(whole: &[u8], start: usize, claimed: usize) -> Self {
        let end = whole.len() - 1;
        let range = format!("Content-Range: bytes {claimed}-{end}/{}", whole.len());
        Self::new("206 Partial Content", &[&range], &whole[start..])
    }

    /// A status without a body.
    pub(crate) fn status(status: &str) -> Self {
        Self::new(status, &[], b"")
    }

    /// No response for a while.
    pub(crate) fn silence() -> Self {
        Self { bytes: Vec::new(), linger: Duration::from_millis(600) }
    }

    /// Keeps the connection open for a while after the bytes.
    pub(crate) fn then_silence(mut self) -> Self {
        self.linger = Duration::from_millis(600);
        self
    }
}

/// A server on a free port of this machine. It runs until the test process ends.
pub(crate) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    script: Arc<Mutex<VecDeque<Reply>>>,
}

impl Server {
    /// Starts a server that answers with `script` in order, then with 404.
    pub(crate) fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            script: Arc::new(Mutex::new(script.into())),
        };
        let (requests, script) = (Arc::clone(&server.requests), Arc::clone(&server.script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (requests, script) = (Arc::clone(&requests), Arc::clone(&script));
                thread::spawn(move || answer(&stream.unwrap(), &requests, &script));
            }
        });
        server
    }

    /// Adds responses to the script.
    pub(crate) fn push(&self, replies: &[Reply]) {
        self.script.lock().unwrap().extend(replies.iter().cloned());
    }

    /// Returns the URL of the only folder.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/data/", self.port)
    }

    /// Returns the requests so far: the path, and the range if there was one.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: &TcpStream, requests: &Mutex<Vec<String>>, script: &Mutex<VecDeque<Reply>>) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let mut request = first.trim_end_matches(" HTTP/1.1").trim_start_matches("GET ").to_owned();
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let line = line.to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: ") {
            request.push_str(&format!(" {range}"));
        }
    }
    // Recorded and answered under one lock, so that both are in the same order.
    let reply = {
        let mut requests = requests.lock().unwrap();
        requests.push(request);
        script.lock().unwrap().pop_front()
    };
    let reply = reply.unwrap_or_else(|| Reply::status("404 Not Found"));
    // The client may have closed the connection.
    let _ = stream.write_all(&reply.bytes);
    thread::sleep(reply.linger);
}
