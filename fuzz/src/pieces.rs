//! Many inputs of a fuzzer in one file, each behind its length in four bytes (big-endian): the corpus as it is kept.
//!
//! ```text
//! pieces unpack FILE FOLDER [PREFIX]   writes each piece into the folder, behind the byte PREFIX if there is one
//! pieces pack FOLDER FILE              writes all files of the folder into one, the shortest first
//! ```

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["unpack", file, folder] => unpack(file, folder, &[]),
        ["unpack", file, folder, prefix] => unpack(file, folder, &[prefix.parse()?]),
        ["pack", folder, file] => pack(folder, file),
        _ => Err("usage: pieces unpack FILE FOLDER [PREFIX] | pieces pack FOLDER FILE".into()),
    }
}

fn unpack(file: &str, folder: &str, prefix: &[u8]) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = fs::read(file)?;
    let mut rest = &bytes[..];
    let mut number = 0;
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let (piece, after) =
            after.split_at_checked(u32::from_be_bytes(*len) as usize).ok_or_else(|| format!("{file} is cut off"))?;
        fs::write(Path::new(folder).join(format!("{name}-{number}")), [prefix, piece].concat())?;
        (rest, number) = (after, number + 1);
    }
    Ok(())
}

fn pack(folder: &str, file: &str) -> Result<(), Box<dyn Error>> {
    let mut pieces = fs::read_dir(folder)?.map(|entry| fs::read(entry?.path())).collect::<Result<Vec<_>, _>>()?;
    pieces.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let mut packed = Vec::new();
    for piece in pieces {
        packed.extend_from_slice(&u32::try_from(piece.len())?.to_be_bytes());
        packed.extend_from_slice(&piece);
    }
    fs::write(file, packed)?;
    Ok(())
}
