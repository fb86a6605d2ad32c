use super::*;

/// RFC 6455, section 5.7: a single-frame masked text message "Hello".
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    frame
}

fn decode_alone(mut bytes: Vec<u8>) -> Result<Option<Frame>, FrameError> {
    decode(&mut bytes, 0)
}

#[test]
fn the_standards_example_decodes() {
    let mut bytes = HELLO.to_vec();
    let frame = decode(&mut bytes, 0).unwrap().unwrap();
    assert_eq!((frame.opcode, frame.is_final), (OpCode::Data(Data::Text), true));
    assert_eq!(&bytes[frame.payload], b"Hello");
}

#[test]
fn no_prefix_of_a_frame_is_taken_for_one_nor_touched() {
    for length in 0..HELLO.len() {
        let mut bytes = HELLO[..length].to_vec();
        assert_eq!(decode(&mut bytes, 0), Ok(None));
        assert_eq!(bytes, HELLO[..length]);
    }
    let long = masked(0x82, &[7; 70_000]);
    for length in [1, 2, 5, 9, 10, 13, 14, 69_999] {
        assert_eq!(decode_alone(long[..length].to_vec()), Ok(None));
    }
}

#[test]
fn lengths_of_all_three_forms_and_all_remainders_decode() {
    for length in (0..40).chain([125, 126, 127, 65_535, 65_536, 65_537]) {
        let payload: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
        let mut bytes = [&[0xAA; 3][..], &masked(0x82, &payload)].concat();
        let frame = decode(&mut bytes, 3).unwrap().unwrap();
        assert_eq!(bytes[frame.payload.clone()], payload);
        assert_eq!(frame.payload.end, bytes.len());
    }
}

#[test]
fn what_the_standard_forbids_is_refused() {
    assert_eq!(decode_alone(vec![0x81, 0x05, b'H', b'e', b'l']), Err(FrameError::Unmasked));
    for reserved in [0x40, 0x20, 0x10] {
        assert_eq!(decode_alone(masked(0x81 | reserved, b"x")), Err(FrameError::ReservedBits));
    }
    assert_eq!(decode_alone(masked(0x09, b"x")), Err(FrameError::Control), "a fragmented ping");
    assert_eq!(decode_alone(masked(0x89, &[0; 126])), Err(FrameError::Control));
    for opcode in [0x83, 0x87, 0x8B, 0x8F] {
        assert!(matches!(decode_alone(masked(opcode, b"")), Err(FrameError::Header { .. })));
    }
    let endless = [&[0x82, 0xFF][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
    assert_eq!(decode_alone(endless), Err(FrameError::TooLong));
    assert_eq!(FrameError::TooLong.close_code(), 1009);
    assert_eq!(FrameError::Unmasked.close_code(), 1002);
}

#[test]
fn text_frames_carry_the_shortest_length_form() {
    for (length, header) in [
        (0, vec![0x81, 0]),
        (125, vec![0x81, 125]),
        (126, vec![0x81, 126, 0, 126]),
        (65_535, vec![0x81, 126, 0xFF, 0xFF]),
        (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let text = vec![b'x'; length];
        let mut out = b"before".to_vec();
        write_text(&mut out, |out| out.extend_from_slice(&text));
        assert_eq!(out, [b"before", &header[..], &text].concat());
    }
}

#[test]
fn control_frames_are_written_as_the_standard_has_them() {
    let mut out = Vec::new();
    write_pong(&mut out, b"Hello");
    assert_eq!(out, [0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    out.clear();
    write_close(&mut out, Some(1001));
    write_close(&mut out, None);
    assert_eq!(out, [0x88, 2, 0x03, 0xE9, 0x88, 0]);
}
