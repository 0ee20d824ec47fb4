//! Running programs with an end in sight.
//!
//! A test that waits for ever says nothing about what it was waiting for, so every program the bed runs has a
//! limit, and going past it is an error that names the program and what it had printed by then.

use std::{
    io::{Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// The limit of a program that should answer at once.
pub const SOON: Duration = Duration::from_secs(60);

/// What a finished program left.
#[derive(Debug, Clone)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Ran {
    /// Its standard output if it succeeded, else an error with what it complained about.
    pub fn ok(self, what: &str) -> Result<String> {
        if !self.status.success() {
            bail!("{what}: {}\n{}{}", self.status, tail(&self.stderr, 30), tail(&self.stdout, 10));
        }
        Ok(self.stdout)
    }
}

/// The last `lines` lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let kept = &all[all.len().saturating_sub(lines)..];
    kept.iter().map(|line| format!("{line}\n")).collect()
}

/// Runs a program to its end, or kills it at the limit and says so.
pub fn run(mut command: Command, input: &[u8], limit: Duration) -> Result<Ran> {
    let what = describe(&command);
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {what}"))?;
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_vec();
        // A program may end without reading all of it: that is its business, and shows in its status.
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = wait(&mut child, limit);
    if status.is_none() {
        child.kill()?;
        child.wait()?;
    }
    // What a program leaves running in the background may hold its pipes open: it gets a moment, no more.
    let grace = Instant::now() + Duration::from_secs(2);
    while !(stdout.is_done() && stderr.is_done()) && Instant::now() < grace {
        thread::sleep(Duration::from_millis(1));
    }
    let Some(status) = status else {
        bail!(
            "{what}: not finished after {limit:?}; it had printed:\n{}{}",
            tail(&stderr.text(), 30),
            tail(&stdout.text(), 30)
        );
    };
    Ok(Ran { status, stdout: stdout.text(), stderr: stderr.text() })
}

/// Runs a program to its end; an error unless it succeeded. Gives its standard output.
pub fn ok(command: Command, limit: Duration) -> Result<String> {
    let what = describe(&command);
    run(command, &[], limit)?.ok(&what)
}

/// Waits for a child no longer than the limit.
pub fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_micros(200);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Asks again and again until the answer is `Some`, for no longer than the limit.
///
/// The last error, if there was one, becomes part of what is said when the limit is reached.
pub fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        let last = match ask() {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => String::new(),
            Err(error) => format!(": {error:#}"),
        };
        if Instant::now() >= end {
            bail!("{what}: not so after {limit:?}{last}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The command as one would type it, for messages.
pub fn describe(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| {
            let word = word.to_string_lossy();
            // The bed's own scripts are arguments too; nobody wants to read them in a message.
            if word.len() > 200 { "(script)".into() } else { word.into_owned() }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A program that goes on beside the test, and is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// The child; its pipes are there to take.
    pub child: Child,
}

impl Running {
    /// Starts it with all three standard streams piped.
    pub fn start(mut command: Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", describe(&command)))?;
        Ok(Self { child })
    }

    /// Waits for its end no longer than the limit.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        wait(&mut self.child, limit)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already, which is what they are for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a reading thread has gathered so far.
struct Gathered {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Gathered {
    fn is_done(&self) -> bool {
        self.reader.as_ref().is_none_or(thread::JoinHandle::is_finished)
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> Gathered {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let reader = pipe.map(|mut pipe| {
        let bytes = Arc::clone(&bytes);
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..count]);
            }
        })
    });
    Gathered { bytes, reader }
}
