//! Bridgewalk.

fn main() {}
