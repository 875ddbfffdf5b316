//! What the fuzz targets run; see the README beside.

#[path = "../../tests/drills/decoder/bytes.rs"]
mod bytes;

/// The bytes are a frame.
pub fn frame(input: &[u8]) {
    bytes::frame(input);
}

/// The bytes are a call's arguments.
pub fn arguments(input: &[u8]) {
    bytes::arguments(input);
}

/// The bytes are what calls are made of.
pub fn round_trip(input: &[u8]) {
    bytes::round_trip(input);
}
