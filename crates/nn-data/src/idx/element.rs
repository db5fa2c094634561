//! The six element types of IDX.

use std::fmt;

/// What the values of an IDX file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// Unsigned byte, code 0x08: pixels and labels of MNIST.
    U8,
    /// Signed byte, code 0x09.
    I8,
    /// 16-bit integer, code 0x0b.
    I16,
    /// 32-bit integer, code 0x0c.
    I32,
    /// 32-bit float, code 0x0d.
    F32,
    /// 64-bit float, code 0x0e.
    F64,
}

impl ElementType {
    /// The type with this code in the third byte of a file.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0x08 => Some(ElementType::U8),
            0x09 => Some(ElementType::I8),
            0x0b => Some(ElementType::I16),
            0x0c => Some(ElementType::I32),
            0x0d => Some(ElementType::F32),
            0x0e => Some(ElementType::F64),
            _ => None,
        }
    }

    /// The third byte of a file with values of this type.
    pub fn code(self) -> u8 {
        match self {
            ElementType::U8 => 0x08,
            ElementType::I8 => 0x09,
            ElementType::I16 => 0x0b,
            ElementType::I32 => 0x0c,
            ElementType::F32 => 0x0d,
            ElementType::F64 => 0x0e,
        }
    }

    /// Bytes of one value in a file.
    pub fn size(self) -> usize {
        match self {
            ElementType::U8 | ElementType::I8 => 1,
            ElementType::I16 => 2,
            ElementType::I32 | ElementType::F32 => 4,
            ElementType::F64 => 8,
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ElementType::U8 => "unsigned bytes",
            ElementType::I8 => "signed bytes",
            ElementType::I16 => "16-bit integers",
            ElementType::I32 => "32-bit integers",
            ElementType::F32 => "32-bit floats",
            ElementType::F64 => "64-bit floats",
        })
    }
}
