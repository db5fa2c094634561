use nn_testing::names_in;

use super::*;

// SHA-256 of the bytes 00 00 08 01 00 00 00 03 01 02 03, by `sha256sum`.
const TINY: DataFile = DataFile {
    name: "tiny-labels",
    shape: &[3],
    sha256: Some("398a8a7fbd9531f1d9aa2ae368533e137cb53c202c3665f25affcf1ca88844ab"),
};
const PAYLOAD: &[u8] = &[0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3];

/// An archive with one entry, whose name is written as it is: the builder refuses `..`.
fn archive(name: &str, kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_old();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, content).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn the_wanted_file_is_installed() {
    let dir = tempfile::tempdir().unwrap();
    let tar = archive("package/data/tiny-labels", tar::EntryType::Regular, PAYLOAD);
    install_from_tar(&tar[..], "package/data", dir.path(), &[&TINY]).unwrap();
    assert_eq!(fs::read(dir.path().join("tiny-labels")).unwrap(), PAYLOAD);
}

#[test]
fn other_names_are_skipped_and_write_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("inner");
    fs::create_dir(&dir).unwrap();
    for name in ["package/data/../../tiny-labels", "../tiny-labels", "tiny-labels", "/tiny-labels"]
    {
        let tar = archive(name, tar::EntryType::Regular, PAYLOAD);
        install_from_tar(&tar[..], "package/data", &dir, &[&TINY]).unwrap();
        assert_eq!(names_in(outer.path()), ["inner"]);
        assert!(names_in(&dir).is_empty(), "{name}");
    }
}

#[test]
fn links_wrong_content_and_truncated_archives_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let name = "package/data/tiny-labels";
    let link = archive(name, tar::EntryType::Symlink, &[]);
    let wrong = archive(name, tar::EntryType::Regular, b"0123456789a");
    let huge = archive(name, tar::EntryType::Regular, &vec![0; 100_000]);
    let whole = archive(name, tar::EntryType::Regular, PAYLOAD);
    for tar in [&link[..], &wrong, &huge, &whole[..515]] {
        let result = install_from_tar(tar, "package/data", dir.path(), &[&TINY]);
        assert!(matches!(result, Err(Failure::Wrong(_) | Failure::SourceDown(_))), "{result:?}");
        assert!(names_in(dir.path()).is_empty());
    }
}

#[test]
fn a_client_that_is_not_installed_is_reported() {
    let scratch = tempfile::tempdir().unwrap();
    let result = run(&mut Command::new("no-such-client-of-a-registry"), scratch.path());
    let Err(Failure::SourceDown(why)) = result else { panic!("{result:?}") };
    assert_eq!(why, "skipped, no-such-client-of-a-registry is not installed");
}
