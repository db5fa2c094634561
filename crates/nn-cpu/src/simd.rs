//! Which instructions the kernels use.

use nn_tensor::TensorError;

/// Sets of instructions that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instructions {
    /// Whatever the program is compiled for.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Instructions {
    /// The widest first.
    const ALL: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        Self::Portable,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
        }
    }

    fn are_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => crate::vector::avx2::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => crate::vector::avx512::is_available(),
        }
    }
}

/// Instructions that this CPU has. AVX2 and AVX-512 give the same bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Simd(Instructions);

/// Names the set of instructions that every device uses, in place of the widest.
const VARIABLE: &str = "NN_SIMD";

impl Simd {
    /// What a program has been compiled for.
    pub(crate) const PORTABLE: Self = Self(Instructions::Portable);

    /// Which they are: this CPU has them.
    #[inline(always)]
    pub(crate) fn instructions(self) -> Instructions {
        self.0
    }

    /// All that this CPU has, the widest first.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        Instructions::ALL.iter().filter(|set| set.are_available()).map(|&set| Self(set))
    }

    /// What `NN_SIMD` names, or the widest that this CPU has.
    pub(crate) fn chosen() -> Result<Self, TensorError> {
        match std::env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => Self::named(&name),
            _ => Ok(Self::available().next().unwrap_or(Self::PORTABLE)),
        }
    }

    /// The set of this name.
    ///
    /// # Errors
    /// [`TensorError::Device`] where there is none, or this CPU has not got it.
    pub(crate) fn named(name: &str) -> Result<Self, TensorError> {
        let found = Self::available().find(|simd| simd.0.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::available().map(|simd| simd.0.name()).collect();
            let cause = format!("{VARIABLE} is {name:?}; this CPU has {}", names.join(", "));
            TensorError::Device { device: "cpu".to_owned(), cause }
        })
    }
}
