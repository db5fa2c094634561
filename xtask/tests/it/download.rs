//! Failures of servers, and what is on the disk afterwards.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::server::{Reply, Server};
use crate::common::{IMAGES, Place, TINY, packed, payload};
use nn_testing::gzip;
use xtask::Error;
use xtask::fetch::Request;

/// Fetches the missing images from one server; returns the error message.
fn refusal(place: &Place, server: &Server) -> String {
    place.fetch(&[server.url()]).unwrap_err().to_string()
}

#[test]
fn four_files_are_fetched_unpacked_and_checked() {
    let place = Place::empty();
    let server = Server::start(TINY.files.iter().map(|file| Reply::ok(&packed(file))).collect());
    let fetched = place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert!(fetched.iter().all(|one| one.pinned && one.source == Some(server.url())));
    assert_eq!(server.requests()[0], "/data/train-images-idx3-ubyte.gz");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_mirror_may_send_the_file_unpacked() {
    let place = Place::lacking_images();
    let server = Server::start(vec![Reply::ok(&payload(IMAGES))]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
}

#[test]
fn forbidden_and_missing_files_are_requested_from_the_next_mirror_without_a_retry() {
    for status in ["403 Forbidden", "404 Not Found", "410 Gone"] {
        let place = Place::lacking_images();
        let first = Server::start(vec![Reply::status(status)]);
        let second = Server::start(vec![Reply::ok(&packed(IMAGES))]);
        place.fetch(&[first.url(), second.url()]).unwrap();
        place.assert_complete();
        assert_eq!((first.requests().len(), second.requests().len()), (1, 1), "{status}");
    }
}

#[test]
fn overload_and_server_errors_are_retried() {
    let place = Place::lacking_images();
    for status in [
        "408 Request Timeout",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
    ] {
        let _ = fs::remove_file(place.images());
        let server = Server::start(vec![Reply::status(status), Reply::ok(&packed(IMAGES))]);
        place.fetch(&[server.url()]).unwrap();
        place.assert_complete();
        assert_eq!(server.requests().len(), 2, "{status}");
    }
}

#[test]
fn attempts_are_limited_and_the_status_is_reported() {
    let place = Place::lacking_images();
    let server = Server::start(vec![Reply::status("503 Service Unavailable"); 10]);
    let message = refusal(&place, &server);
    assert!(message.contains("503 Service Unavailable (3 attempts in a row)"), "{message}");
    assert!(message.contains("--mirror") && message.contains("--from"), "{message}");
    assert!(!message.contains('\n'));
    assert_eq!(server.requests().len(), 3);
    place.assert_no_images();
    assert_eq!(place.leftovers(), [""; 0]);
}

#[test]
fn a_mirror_that_is_given_up_gets_no_further_requests() {
    let place = Place::empty();
    let first = Server::start(vec![Reply::status("500 Internal Server Error"); 50]);
    let replies = TINY.files.iter().map(|file| Reply::ok(&packed(file))).collect();
    let second = Server::start(replies);
    place.fetch(&[first.url(), second.url()]).unwrap();
    place.assert_complete();
    assert_eq!((first.requests().len(), second.requests().len()), (3, 4));
}

#[test]
fn retry_after_is_respected() {
    let place = Place::lacking_images();
    let busy = Reply::new("429 Too Many Requests", &["Retry-After: 1"], b"");
    let server = Server::start(vec![busy, Reply::ok(&packed(IMAGES))]);
    let start = Instant::now();
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    // The pauses of these limits are a few milliseconds: only the header makes it a second.
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_long_retry_after_leads_to_the_next_mirror() {
    let place = Place::lacking_images();
    let busy = Reply::new("503 Service Unavailable", &["Retry-After: 3600"], b"");
    let first = Server::start(vec![busy.clone(), busy.clone()]);
    let second = Server::start(vec![Reply::ok(&packed(IMAGES))]);
    place.fetch(&[first.url(), second.url()]).unwrap();
    place.assert_complete();
    assert_eq!(first.requests().len(), 1);

    let place = Place::lacking_images();
    let message = refusal(&place, &first);
    assert!(message.contains("retry after 3600 s"), "{message}");
}

#[test]
fn a_silent_server_is_retried() {
    let place = Place::lacking_images();
    let server = Server::start(vec![Reply::silence(), Reply::ok(&packed(IMAGES))]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_that_stays_silent_is_given_up_with_the_cause() {
    let place = Place::lacking_images();
    let server = Server::start(vec![Reply::silence(); 5]);
    let message = refusal(&place, &server);
    assert!(message.contains("timeout"), "{message}");
    place.assert_no_images();
}

#[test]
fn a_body_that_stalls_is_resumed() {
    let place = Place::lacking_images();
    let whole = packed(IMAGES);
    let stalled = Reply::cut("200 OK", &[], &whole[..100], whole.len()).then_silence();
    let server = Server::start(vec![stalled, Reply::part(&whole, 100, 100)]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert!(server.requests()[1].ends_with(" bytes=100-"), "{:?}", server.requests());
}

#[test]
fn a_closed_connection_is_resumed() {
    let place = Place::lacking_images();
    let whole = packed(IMAGES);
    let cut = Reply::cut("200 OK", &[], &whole[..100], whole.len());
    let server = Server::start(vec![cut, Reply::part(&whole, 100, 100)]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert!(server.requests()[1].ends_with(" bytes=100-"), "{:?}", server.requests());
}

#[test]
fn a_later_run_resumes_an_earlier_one() {
    let mut place = Place::lacking_images();
    place.limits.attempts = 1;
    let whole = packed(IMAGES);
    let server = Server::start(vec![Reply::cut("200 OK", &[], &whole[..100], whole.len())]);
    let message = refusal(&place, &server);
    assert!(message.contains("connection"), "{message}");
    place.assert_no_images();
    assert_eq!(fs::read(place.partial()).unwrap(), &whole[..100]);

    server.push(&[Reply::part(&whole, 100, 100)]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert!(server.requests()[1].ends_with(" bytes=100-"), "{:?}", server.requests());
}

#[test]
fn a_server_that_ignores_the_range_restarts_the_download() {
    let place = Place::lacking_images();
    let whole = packed(IMAGES);
    let cut = Reply::cut("200 OK", &[], &whole[..100], whole.len());
    let server = Server::start(vec![cut, Reply::ok(&whole)]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert!(server.requests()[1].ends_with(" bytes=100-"), "{:?}", server.requests());
}

#[test]
fn an_unavailable_range_restarts_the_download() {
    let whole = packed(IMAGES);
    let refused = Reply::new("416 Range Not Satisfiable", &["Content-Range: bytes */9"], b"");
    for second in [refused, Reply::part(&whole, 50, 50)] {
        let place = Place::lacking_images();
        let cut = Reply::cut("200 OK", &[], &whole[..100], whole.len());
        let server = Server::start(vec![cut, second, Reply::ok(&whole)]);
        place.fetch(&[server.url()]).unwrap();
        place.assert_complete();
        let requests = server.requests();
        assert_eq!(requests.len(), 3);
        assert!(!requests[2].contains("bytes="), "{requests:?}");
    }
}

#[test]
fn a_server_without_progress_is_given_up() {
    let place = Place::lacking_images();
    let whole = packed(IMAGES);
    let cut = Reply::cut("200 OK", &[], &whole[..100], whole.len());
    let server = Server::start(vec![cut; 50]);
    refusal(&place, &server);
    place.assert_no_images();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_file_with_a_wrong_checksum_is_discarded_for_the_next_mirror() {
    let place = Place::lacking_images();
    let mut wrong = payload(IMAGES);
    wrong[1000] ^= 1;
    let first = Server::start(vec![Reply::ok(&gzip(&wrong))]);
    let second = Server::start(vec![Reply::ok(&packed(IMAGES))]);
    place.fetch(&[first.url(), second.url()]).unwrap();
    place.assert_complete();
    assert_eq!(first.requests().len(), 1);
}

#[test]
fn a_wrong_checksum_everywhere_is_an_error_with_both_checksums() {
    let place = Place::lacking_images();
    // The labels of the training set in place of its images; their checksum is pinned as well.
    let server = Server::start(vec![Reply::ok(&packed(&TINY.files[1]))]);
    let message = refusal(&place, &server);
    assert!(message.contains(IMAGES.sha256.unwrap()), "{message}");
    assert!(message.contains(TINY.files[1].sha256.unwrap()), "{message}");
    place.assert_no_images();
    assert_eq!(place.leftovers(), [""; 0]);
}

#[test]
fn parts_of_two_different_files_are_downloaded_again_as_a_whole() {
    let place = Place::lacking_images();
    let whole = packed(IMAGES);
    let mut other = payload(IMAGES);
    other.reverse();
    let other = gzip(&other);
    let cut = Reply::cut("200 OK", &[], &other[..100], whole.len());
    let server = Server::start(vec![cut, Reply::part(&whole, 100, 100), Reply::ok(&whole)]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn wrong_content_is_called_what_it_is() {
    let whole = packed(IMAGES);
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let bomb = gzip(&vec![0; 100_000]);
    let page = b"\n<!DOCTYPE html><title>Please log in</title>";
    for (body, expected) in [
        (&whole[..whole.len() / 2], "truncated"),
        (&whole[..5], "truncated"),
        (&damaged, "damaged"),
        (&bomb, "more than the 31376 bytes"),
        (page, "a web page (HTML)"),
        (b"", "empty"),
    ] {
        let place = Place::lacking_images();
        let server = Server::start(vec![Reply::ok(body)]);
        let message = refusal(&place, &server);
        assert!(message.contains(expected), "{message}");
        place.assert_no_images();
        assert_eq!(place.leftovers(), [""; 0]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_file_that_is_too_large_is_not_downloaded_completely() {
    let huge = vec![1; 400_000];
    for reply in [Reply::cut("200 OK", &[], b"begins", 1 << 40), Reply::unsized_body(&huge)] {
        let place = Place::lacking_images();
        let server = Server::start(vec![reply]);
        let message = refusal(&place, &server);
        assert!(message.contains("sends more than"), "{message}");
        place.assert_no_images();
        assert_eq!(place.leftovers(), [""; 0]);
    }
}

#[test]
fn redirects_are_followed() {
    let place = Place::lacking_images();
    let server = Server::start(vec![
        Reply::new("302 Found", &["Location: /elsewhere/a.gz"], b""),
        Reply::new("301 Moved Permanently", &["Location: b.gz"], b""),
        Reply::ok(&packed(IMAGES)),
    ]);
    place.fetch(&[server.url()]).unwrap();
    place.assert_complete();
    assert_eq!(server.requests()[1..], ["/elsewhere/a.gz", "/elsewhere/b.gz"]);
}

#[test]
fn a_redirect_loop_is_an_error() {
    let place = Place::lacking_images();
    let around = Reply::new("302 Found", &["Location: /data/again"], b"");
    let server = Server::start(vec![around; 50]);
    let message = refusal(&place, &server);
    assert!(message.contains("more than 3 redirects"), "{message}");
    assert_eq!(server.requests().len(), 4);
    place.assert_no_images();
}

#[test]
fn a_redirect_to_nowhere_is_an_error() {
    for location in ["Location: file:///etc/passwd", "X-None: 1"] {
        let place = Place::lacking_images();
        let server = Server::start(vec![Reply::new("302 Found", &[location], b"")]);
        let message = refusal(&place, &server);
        assert!(message.contains("not a web address"), "{message}");
    }
}

#[test]
fn a_host_that_refuses_gets_no_further_requests() {
    let place = Place::empty();
    // Bound and closed again: nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = format!("http://127.0.0.1:{port}/");
    let replies = TINY.files.iter().map(|file| Reply::ok(&packed(file))).collect();
    let server = Server::start(replies);
    place.fetch(&[dead.clone(), server.url()]).unwrap();
    place.assert_complete();

    let place = Place::empty();
    let Err(Error::NotFetched { missing, reasons, .. }) = place.fetch(&[dead]) else {
        unreachable!("nothing listens there")
    };
    assert_eq!((missing.len(), reasons.len()), (4, 1), "{reasons:?}");
}

#[test]
fn requests_go_through_the_proxy() {
    let mut place = Place::lacking_images();
    let proxy = Server::start(vec![]);
    let address = proxy.url();
    place.limits.proxy = Some(ureq::Proxy::new(address.trim_end_matches("/data/")).unwrap());
    let failed = place.fetch(&["http://files.invalid/".to_owned()]);
    assert!(failed.is_err());
    let requests = proxy.requests();
    assert!(requests.iter().any(|line| line.contains("files.invalid")), "{requests:?}");
}

#[test]
fn each_mirror_has_its_own_partial_file() {
    let mut place = Place::lacking_images();
    place.limits.attempts = 1;
    let whole = packed(IMAGES);
    let cut = Reply::cut("200 OK", &[], &whole[..100], whole.len());
    let servers = [Server::start(vec![cut.clone()]), Server::start(vec![cut])];
    place.fetch(&[servers[0].url(), servers[1].url()]).unwrap_err();
    assert_eq!(place.leftovers().len(), 2);
    // Once one mirror delivers, the partial file of the other is removed too.
    servers[1].push(&[Reply::part(&whole, 100, 100)]);
    place.fetch(&[servers[1].url()]).unwrap();
    place.assert_complete();
}

#[test]
fn two_processes_do_not_write_the_same_partial_file() {
    let mut place = Place::lacking_images();
    place.limits.attempts = 1;
    let whole = packed(IMAGES);
    let server = Server::start(vec![Reply::cut("200 OK", &[], &whole[..100], whole.len())]);
    refusal(&place, &server);
    let other = fs::File::open(place.partial()).unwrap();
    other.lock().unwrap();
    let message = refusal(&place, &server);
    assert!(message.contains("another fetch"), "{message}");
    assert_eq!(fs::read(place.partial()).unwrap(), &whole[..100]);
}

#[test]
fn plain_http_needs_a_pinned_checksum() {
    let place = Place::empty();
    let mut set = TINY;
    set.files[2].sha256 = None;
    let server = Server::start(vec![]);
    let mirrors = [server.url()];
    let request = Request {
        set: &set,
        dir: place.dir(),
        from: None,
        mirrors: &mirrors,
        offline: false,
        note: |_| {},
    };
    let message = place.ask(&request).unwrap_err().to_string();
    assert!(message.contains("must use https"), "{message}");
    assert_eq!(server.requests(), [""; 0]);
}
