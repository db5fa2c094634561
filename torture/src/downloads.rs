//! Downloads from a server that misbehaves at random: the files must be correct in the end.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nn_testing::gzip;
use xtask::fetch::{DataFile, DataSet, Fetched, Limits, Request, copy_verified, fetch};

use crate::trial::{Effort, Random, Tally, bytes_of, same};

/// The files, without the hashes that [`pinned_set`] adds.
const FILES: [DataFile; 4] = [
    DataFile { name: "train-images-idx3-ubyte", shape: &[40, 28, 28], sha256: None },
    DataFile { name: "train-labels-idx1-ubyte", shape: &[40], sha256: None },
    DataFile { name: "t10k-images-idx3-ubyte", shape: &[5, 28, 28], sha256: None },
    DataFile { name: "t10k-labels-idx1-ubyte", shape: &[5], sha256: None },
];

/// Returns the correct content of a file.
fn payload(file: &DataFile) -> Vec<u8> {
    let count = file.payload_bytes() as usize - file.header().len();
    let mut payload = file.header();
    payload.extend((0..count).map(|index| (index * 7 + index / 256) as u8 % 10));
    payload
}

/// Returns a data set with known hashes, for which http is allowed.
fn pinned_set() -> Result<DataSet, String> {
    let mut files = FILES;
    for file in &mut files {
        let hash = copy_verified(&payload(file)[..], &mut io::sink(), file);
        let hash = hash.map_err(|error| format!("{error:?}"))?;
        // A data set's hashes live as long as the program: four short strings per run.
        file.sha256 = Some(Box::leak(hash.into_boxed_str()));
    }
    Ok(DataSet { name: "tiny", credit: "made up", files, mirrors: &[], package: None })
}

/// Fetches from a misbehaving server, then from a good one.
pub fn run(effort: &Effort) -> Tally {
    let mut tally = Tally::default();
    let result = run_rounds(effort, &mut tally);
    tally.check(result);
    tally
}

fn run_rounds(effort: &Effort, tally: &mut Tally) -> Result<(), String> {
    let set = pinned_set()?;
    let server = Server::start(effort.seed)?;
    let mut round = 0;
    while effort.continues(round) {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        server.misbehaves.store(true, Ordering::Relaxed);
        let result = fetch_from(&set, folder.path(), &server.url);
        tally.count(
            1,
            if result.is_ok() {
                "successful fetches from a bad server"
            } else {
                "fetches from a bad server refused"
            },
        );
        let there = set.files.iter().filter(|file| folder.path().join(file.name).exists());
        for file in there {
            check_file(folder.path(), file).map_err(|error| format!("round {round}: {error}"))?;
        }
        server.misbehaves.store(false, Ordering::Relaxed);
        fetch_from(&set, folder.path(), &server.url)
            .map_err(|error| format!("round {round}: the good mirror failed: {error}"))?;
        for file in &set.files {
            check_file(folder.path(), file).map_err(|error| format!("round {round}: {error}"))?;
        }
        round += 1;
    }
    tally.count(server.answers(), "responses of a bad server");
    Ok(())
}

fn check_file(folder: &std::path::Path, file: &DataFile) -> Result<(), String> {
    same(file.name, &bytes_of(&folder.join(file.name))?, &payload(file))
}

fn fetch_from(
    set: &DataSet,
    dir: &std::path::Path,
    mirror: &str,
) -> Result<Vec<Fetched>, xtask::Error> {
    let limits = Limits {
        response: Duration::from_millis(150),
        silence: Duration::from_millis(150),
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        longest_retry_after: Duration::from_millis(10),
        redirects: 3,
        proxy: None,
        ..Limits::default()
    };
    let mirrors = [mirror.to_owned()];
    let request = Request { set, dir, from: None, mirrors: &mirrors, offline: false, note: |_| {} };
    fetch(&request, &limits)
}

/// A server on a free local port, until the process ends.
struct Server {
    url: String,
    misbehaves: Arc<AtomicBool>,
    answered: Arc<Mutex<(Random, u64)>>,
}

impl Server {
    fn start(seed: u64) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let misbehaves = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(Mutex::new((Random::new(seed), 0)));
        let server = Self {
            url: format!("http://127.0.0.1:{port}/"),
            misbehaves: Arc::clone(&misbehaves),
            answered: Arc::clone(&answered),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (misbehaves, answered) = (Arc::clone(&misbehaves), Arc::clone(&answered));
                thread::spawn(move || {
                    // The client may have disconnected.
                    let _ = answer(&stream, misbehaves.load(Ordering::Relaxed), &answered);
                });
            }
        });
        Ok(server)
    }

    fn answers(&self) -> u64 {
        self.answered.lock().map_or(0, |answered| answered.1)
    }
}

fn answer(
    mut stream: &TcpStream,
    misbehaves: bool,
    answered: &Mutex<(Random, u64)>,
) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut start = 0;
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some(range) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().unwrap_or(0);
        }
    }
    let file = FILES.iter().find(|file| first.contains(file.name)).unwrap_or(&FILES[0]);
    let whole = gzip(&payload(file));
    let mut random = match answered.lock() {
        Ok(mut answered) if misbehaves => {
            answered.1 += 1;
            let next = answered.0.below(u64::MAX);
            Random::new(next)
        }
        _ => return stream.write_all(&reply("200 OK", "", &whole, whole.len())),
    };
    let (bytes, stalls) = misbehaviour(&mut random, &whole, start);
    stream.write_all(&bytes)?;
    if stalls {
        thread::sleep(Duration::from_millis(250));
    }
    Ok(())
}

fn reply(status: &str, headers: &str, body: &[u8], declared: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {declared}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Returns a wrong response, and whether the server then stalls.
fn misbehaviour(random: &mut Random, whole: &[u8], start: usize) -> (Vec<u8>, bool) {
    let cut = random.index(whole.len());
    let from = start.min(whole.len() - 1);
    let range = |from: usize| {
        format!("Content-Range: bytes {from}-{}/{}\r\n", whole.len() - 1, whole.len())
    };
    let part = |claimed: usize, from: usize, to: usize| {
        reply(
            "206 Partial Content",
            &range(claimed),
            &whole[from..to.max(from)],
            whole.len() - from,
        )
    };
    let bytes = match random.below(16) {
        0 | 1 => reply("200 OK", "", whole, whole.len()),
        2 | 3 => reply("200 OK", "", &whole[..cut], whole.len()),
        4 | 5 => part(from, from, whole.len()),
        6 => part(from, from, cut),
        7 => part(cut, from, whole.len()),
        8 => part(from, cut, whole.len()),
        9 => reply("416 Range Not Satisfiable", "", b"", 0),
        10 => {
            let codes =
                ["403 Forbidden", "404 Not Found", "500 Oh", "503 Busy", "429 Slow", "408 Late"];
            let headers =
                ["", "Retry-After: 0\r\n", "Retry-After: 9999999999\r\n"][random.index(3)];
            reply(codes[random.index(codes.len())], headers, b"", 0)
        }
        11 => {
            let mut damaged = whole.to_vec();
            damaged[cut] ^= 1 << random.below(8);
            reply("200 OK", "", &damaged, whole.len())
        }
        12 => reply("200 OK", "", b"<html>Please log in</html>", 26),
        13 => {
            let target = ["/again", "//[", "ftp://x/", "http://127.0.0.1:1/", ""][random.index(5)];
            reply("302 Found", &format!("Location: {target}\r\n"), b"", 0)
        }
        14 => (0..random.below(400)).map(|_| random.below(256) as u8).collect(),
        _ => Vec::new(),
    };
    (bytes, random.below(12) == 0)
}
