//! What the fuzz targets run; see the README beside.

#[path = "../../tests/drills/decoder/bytes.rs"]
pub mod bytes;
