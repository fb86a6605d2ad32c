//! WebSocket frames, decoded in place.
//!
//! The header codec is tungstenite's. Its message layer is not used: it copies each message into memory of its own
//! and each answer into a contiguous buffer, where we share one buffer among all frames of a read and one text among
//! all subscribers.

use std::io::Cursor;
use std::ops::Range;

use thiserror::Error;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest message taken from a client: far above any real one, below what would hurt the host.
pub(super) const MAX_MESSAGE: usize = 64 << 20;

/// Why a connection cannot go on.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum FrameError {
    #[error("a frame header is wrong: {reason}")]
    Header { reason: String },
    #[error("a client's frame is not masked")]
    Unmasked,
    #[error("reserved bits are set, though no extension was agreed on")]
    ReservedBits,
    #[error("a control frame is fragmented or longer than 125 bytes")]
    Control,
    #[error("a continuation has no beginning, or a message begins within another")]
    Sequence,
    #[error("a message is longer than {MAX_MESSAGE} bytes")]
    TooLong,
}

impl FrameError {
    /// Returns the close code that tells the client.
    ///
    /// # Source
    /// RFC 6455, section 7.4.1: 1002 protocol error, 1009 message too big.
    pub(super) fn close_code(&self) -> u16 {
        match self {
            Self::TooLong => 1009,
            _ => 1002,
        }
    }
}

/// One whole frame at the front of a buffer, unmasked in place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) opcode: OpCode,
    pub(super) is_final: bool,
    /// Where the payload lies in the buffer.
    pub(super) payload: Range<usize>,
}

/// Decodes the frame that begins at `start`; none while it is not there as a whole.
pub(super) fn decode(buffer: &mut [u8], start: usize) -> Result<Option<Frame>, FrameError> {
    let mut cursor = Cursor::new(&buffer[start..]);
    let parsed = FrameHeader::parse(&mut cursor)
        .map_err(|error| FrameError::Header { reason: error.to_string() })?;
    let Some((header, length)) = parsed else { return Ok(None) };
    check(&header, length)?;
    let mask = header.mask.ok_or(FrameError::Unmasked)?;
    let begin = start + usize::try_from(cursor.position()).map_err(|_| FrameError::TooLong)?;
    let end = begin + usize::try_from(length).map_err(|_| FrameError::TooLong)?;
    let Some(payload) = buffer.get_mut(begin..end) else { return Ok(None) };
    unmask(payload, mask);
    Ok(Some(Frame { opcode: header.opcode, is_final: header.is_final, payload: begin..end }))
}

fn check(header: &FrameHeader, length: u64) -> Result<(), FrameError> {
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(FrameError::ReservedBits);
    }
    if length > MAX_MESSAGE as u64 {
        return Err(FrameError::TooLong);
    }
    match header.opcode {
        OpCode::Control(_) if length > 125 || !header.is_final => Err(FrameError::Control),
        _ => Ok(()),
    }
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([
        mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3],
    ]);
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        let plain =
            u64::from_ne_bytes(word.try_into().expect("bug: a chunk of eight bytes")) ^ wide;
        word.copy_from_slice(&plain.to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// Writes the header of an unfragmented text frame.
pub(super) fn write_text_header(out: &mut Vec<u8>, length: usize) {
    write_header(out, OpCode::Data(Data::Text), length);
}

/// Writes one whole text frame, whose text `write` appends.
pub(super) fn write_text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    // Nearly all answers are shorter than 126 bytes: two bytes of header, corrected where that was wrong.
    out.extend_from_slice(&[0, 0]);
    write(out);
    let length = out.len() - at - 2;
    let mut header = Vec::with_capacity(10);
    write_text_header(&mut header, length);
    if header.len() == 2 {
        out[at..at + 2].copy_from_slice(&header);
    } else {
        out.splice(at..at + 2, header);
    }
}

/// Writes the answer to a ping.
pub(super) fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write_header(out, OpCode::Control(Control::Pong), payload.len());
    out.extend_from_slice(payload);
}

/// Writes a close frame; without a code, as the answer to one without.
pub(super) fn write_close(out: &mut Vec<u8>, code: Option<u16>) {
    let code = code.map(u16::to_be_bytes);
    let payload = code.as_ref().map_or(&[][..], |code| &code[..]);
    write_header(out, OpCode::Control(Control::Close), payload.len());
    out.extend_from_slice(payload);
}

fn write_header(out: &mut Vec<u8>, opcode: OpCode, length: usize) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    header.format(length as u64, out).expect("bug: writing into memory failed");
}

#[cfg(test)]
mod tests;
