//! Recordings (`.bwrec`): observations over time, compressed, documented, versioned.

/// The format's version. A reader refuses a newer one.
pub const FORMAT_VERSION: u32 = 1;
