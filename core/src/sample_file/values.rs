//! Columns of values in one of three encodings, whichever suits the block.

use super::Reading;
use super::bytes::{Bytes, write_signed};

/// All values are the same: eight bytes, once.
const CONSTANT: u8 = 0;
/// All values are integers a double holds exactly: differences as signed varints.
const INTEGERS: u8 = 1;
/// Anything else: each value's bits XOR the last one's, without the zero bytes at either end.
const XOR: u8 = 2;

/// The largest integer up to which a double holds all of them: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn write(out: &mut Vec<u8>, readings: &[Reading]) {
    let Some(first) = readings.first() else { return };
    if readings.iter().all(|reading| reading.value.to_bits() == first.value.to_bits()) {
        out.push(CONSTANT);
        out.extend_from_slice(&first.value.to_le_bytes());
    } else if readings.iter().all(|reading| is_exact_integer(reading.value)) {
        out.push(INTEGERS);
        let mut last = 0;
        for reading in readings {
            let value = reading.value as i64;
            write_signed(out, value - last);
            last = value;
        }
    } else {
        out.push(XOR);
        let mut last = 0;
        for reading in readings {
            let bits = reading.value.to_bits();
            write_xor(out, bits ^ last);
            last = bits;
        }
    }
}

/// Reads `count` values; nothing when the bytes are not such a column.
pub(super) fn read(bytes: &mut Bytes<'_>, count: usize) -> Option<Vec<f64>> {
    match bytes.byte()? {
        CONSTANT => Some(vec![bytes.f64()?; count]),
        INTEGERS => {
            let mut last = 0i64;
            let mut next = || {
                last = last.checked_add(bytes.signed()?)?;
                Some(last as f64)
            };
            (0..count).map(|_| next()).collect()
        }
        XOR => {
            let mut last = 0;
            let mut next = || {
                last ^= read_xor(bytes)?;
                Some(f64::from_bits(last))
            };
            (0..count).map(|_| next()).collect()
        }
        _ => None,
    }
}

fn is_exact_integer(value: f64) -> bool {
    // Minus zero is an integer whose sign would be lost.
    value.abs() <= MAX_EXACT && value.trunc() == value && (value != 0.0 || value.is_sign_positive())
}

/// Writes one byte with the counts of leading and trailing zero bytes, then the bytes between, the highest first.
fn write_xor(out: &mut Vec<u8>, bits: u64) {
    if bits == 0 {
        out.push(0x80);
        return;
    }
    let leading = bits.leading_zeros() / 8;
    let trailing = bits.trailing_zeros() / 8;
    out.push((leading << 4 | trailing) as u8);
    let bytes = bits.to_be_bytes();
    out.extend_from_slice(&bytes[leading as usize..8 - trailing as usize]);
}

fn read_xor(bytes: &mut Bytes<'_>) -> Option<u64> {
    let control = bytes.byte()?;
    let (leading, trailing) = (usize::from(control >> 4), usize::from(control & 0x0F));
    let length = 8usize.checked_sub(leading + trailing)?;
    let mut whole = [0; 8];
    whole[leading..leading + length].copy_from_slice(bytes.slice(length)?);
    Some(u64::from_be_bytes(whole))
}
