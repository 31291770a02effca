//! The whole application, driven as a person drives it.

fn main() {}
