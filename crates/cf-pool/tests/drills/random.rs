//! Numbers that look random and come again with the same seed (xorshift).

pub(crate) struct Random(u64);

impl Random {
    /// The same seed gives the same numbers; `CF_SEED` is mixed into all.
    pub(crate) fn new(seed: u64) -> Self {
        let asked = std::env::var("CF_SEED").ok();
        let asked = asked.map_or(0, |text| text.parse().expect("CF_SEED is a number"));
        let mixed = (seed ^ u64::wrapping_mul(asked, 0x9E37_79B9_7F4A_7C15)) | 1;
        let mut random = Self(mixed);
        for _ in 0..16 {
            random.next();
        }
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 32) as usize) % end
    }
}
