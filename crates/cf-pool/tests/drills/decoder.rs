//! The fuzz targets' seeds, and many pseudo-random changes of them: no panic, and no memory for what has not arrived.

mod bytes;

use std::{fs, path::Path};

use crate::{how_many, random::Random, sys};

/// What one of the targets may allocate at a time for an input of this length: some times the input, and what the decoder of
/// the arguments sets aside for a list whose length it has only been told.
fn limit_bytes(n_bytes: usize) -> usize {
    (4 << 20) + 64 * n_bytes
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut files: Vec<_> = fs::read_dir(folder.join(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let seeds: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(seeds.len() >= 4 && seeds.iter().all(|seed| seed.len() < 200));
    seeds
}

/// Numbers at which decoders stumble.
const NUMBERS: [u64; 8] = [
    0,
    1,
    0x7F,
    0xFF,
    0xFFFF,
    u32::MAX as u64,
    i64::MAX as u64,
    u64::MAX,
];

/// Changes a few places.
fn mutate(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 + random.below(4) {
        let place = random.below(bytes.len() + 1);
        match random.below(7) {
            0 => bytes.truncate(place),
            1 => bytes.insert(place, random.next() as u8),
            2 => bytes.extend_from_slice(&other[random.below(other.len() + 1)..]),
            3 if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
            4 if place < bytes.len() => bytes[place] = random.next() as u8,
            5 if place < bytes.len() => drop(bytes.remove(place)),
            _ => {
                let number = NUMBERS[random.below(NUMBERS.len())].to_le_bytes();
                let n_bytes = [1, 2, 4, 8][random.below(4)].min(bytes.len() - place);
                bytes[place..place + n_bytes].copy_from_slice(&number[..n_bytes]);
            }
        }
    }
    bytes
}

/// Runs the seeds and so many changed ones; gives the most that one of them allocated.
fn drill(target: &str, decode: fn(&[u8]), n_mutations: usize) -> usize {
    let seeds = seeds(target);
    let mut random = Random::new(50);
    let run = |bytes: &[u8]| {
        let ((), peak) = sys::peak_bytes(|| decode(bytes));
        let limit = limit_bytes(bytes.len());
        assert!(peak <= limit, "{peak} bytes for {bytes:?}");
        peak
    };
    let mut most = seeds.iter().map(|seed| run(seed)).max().unwrap();
    for _ in 0..n_mutations {
        let [one, other] = [0; 2].map(|_| &seeds[random.below(seeds.len())]);
        most = most.max(run(&mutate(one, other, &mut random)));
    }
    println!(
        "decoder: {target}: {n_mutations} changed seeds, at most {most} bytes allocated for one"
    );
    most
}

#[test]
fn frames_of_any_bytes() {
    drill("frame", bytes::frame, how_many(100_000, 100_000, 5_000_000));
}

#[test]
fn arguments_of_any_bytes() {
    drill(
        "arguments",
        bytes::arguments,
        how_many(100_000, 100_000, 5_000_000),
    );
}

#[test]
fn calls_of_any_bytes_cross() {
    drill(
        "round_trip",
        bytes::round_trip,
        how_many(500, 3_000, 500_000),
    );
}
