//! When the daemon went and when it answered again, as somebody else sees it: a connection that listens for events
//! breaks; then a request goes through.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::now_ms;

const SOCKET: &str = "/run/docker.sock";
const GIVE_UP: Duration = Duration::from_secs(60);

/// Times of one restart.
pub(crate) struct Restart {
    pub(crate) lost_ms: mpsc::Receiver<f64>,
    pub(crate) back_ms: mpsc::Receiver<f64>,
}

/// Begins to look; call before the daemon is told to end.
pub(crate) fn watch_restart() -> Result<Restart> {
    let mut events = UnixStream::connect(SOCKET)?;
    events.write_all(b"GET /events HTTP/1.0\r\n\r\n")?;
    let (lost, lost_ms) = mpsc::channel();
    let (back, back_ms) = mpsc::channel();
    thread::Builder::new().name("restart".to_owned()).spawn(move || {
        let mut buffer = [0; 4096];
        while events.read(&mut buffer).is_ok_and(|count| count > 0) {}
        let _ = lost.send(now_ms());
        let end = Instant::now() + GIVE_UP;
        while Instant::now() < end {
            if answers().is_ok() {
                let _ = back.send(now_ms());
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    })?;
    Ok(Restart { lost_ms, back_ms })
}

fn answers() -> Result<()> {
    let mut stream = UnixStream::connect(SOCKET)?;
    stream.set_read_timeout(Some(GIVE_UP))?;
    stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
    let mut answer = [0; 64];
    let count = stream.read(&mut answer)?;
    let text = answer.get(..count).context("no answer")?;
    if !text.windows(5).any(|window| window == b" 200 ") {
        bail!("refused");
    }
    Ok(())
}
