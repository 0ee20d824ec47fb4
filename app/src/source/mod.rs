//! Where a snapshot comes from.
