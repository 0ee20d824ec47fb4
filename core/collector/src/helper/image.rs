//! The helper container's image: one static program.

use bridgewalk_docker::bollard::{body_full, query_parameters::CreateImageOptionsBuilder};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::StreamExt;

use super::{LABEL, REPOSITORY, token::Token};
use crate::{
    agent::{AgentError, AgentProgram},
    engine::Engine,
};

/// The program's name in the image.
pub(super) const PROGRAM: &str = "bridgewalk-agent";
const BLOCK: usize = 512;

/// Imports the program as the image of a token. No other process uses this image, so that it can be taken away without
/// asking.
pub(super) async fn import(engine: &Engine, token: &Token) -> Result<(), AgentError> {
    let program = AgentProgram::find().bytes()?;
    let options = CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(REPOSITORY)
        .tag(&token.tag())
        .changes(vec![format!("ENTRYPOINT [\"/{PROGRAM}\"]"), format!("LABEL {LABEL}={token}")])
        .build();
    let client = engine.client();
    let mut answers = client.docker().create_image(Some(options), Some(body_full(archive(&program))), None);
    while let Some(answer) = answers.next().await {
        if let Err(error) = answer {
            return Err(AgentError::Helper(client.error(&error).await));
        }
    }
    Ok(())
}

/// A POSIX archive (ustar) of one executable file.
fn archive(program: &[u8]) -> Bytes {
    let mut header = [0u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| {
        for (place, byte) in header.iter_mut().skip(at).zip(text) {
            *place = *byte;
        }
    };
    put(0, PROGRAM.as_bytes());
    put(100, b"0000555\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", program.len()).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").as_bytes()) {
        *place = *byte;
    }
    let padding = (BLOCK - program.len() % BLOCK) % BLOCK;
    let mut archive = BytesMut::with_capacity(program.len() + 4 * BLOCK);
    archive.extend_from_slice(&header);
    archive.extend_from_slice(program);
    archive.put_bytes(0, padding + 2 * BLOCK);
    archive.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_tar_reads_the_archive() {
        let folder = tempfile::tempdir().unwrap();
        let program = vec![7; 1000];
        let path = folder.path().join("image.tar");
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), &archive(&program)).unwrap();
        let run = std::process::Command::new("tar").arg("-xf").arg(&path).arg("-C").arg(folder.path()).output();
        assert!(run.unwrap().status.success());
        assert_eq!(std::fs::read(folder.path().join(PROGRAM)).unwrap(), program);
    }
}
