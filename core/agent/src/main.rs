//! The agent as a program: requests on stdin, messages on stdout, both in frames. It ends when stdin ends.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
    thread,
    time::Duration,
};

use bridgewalk_agent::{
    Leave, MAY_PROVE,
    confinement::confine,
    frame::{FrameDecoder, encode_message},
    protocol::{BUILD, Message, PROTOCOL_VERSION, ProtocolError, Request},
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use tokio::sync::mpsc;

const HELP: &str = "\
Reads this host's network state for bridgewalk and changes nothing.

Usage: bridgewalk-agent [--may-prove | --version | --help]

Without arguments it takes requests on stdin and answers on stdout, in frames of JSON; it ends when stdin ends.
--may-prove lets it send one packet when asked to, and have the kernel trace it: for that it makes a table in each
network namespace on the way, which is gone with the proof, or with the agent.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let text = match arguments[..] {
        [] => return serve(Leave::ReadOnly),
        [MAY_PROVE] => return serve(Leave::MayProve),
        ["--version"] => format!("bridgewalk-agent {BUILD} (protocol {PROTOCOL_VERSION})\n"),
        ["--help"] => HELP.to_owned(),
        _ => {
            let _ = writeln!(io::stderr(), "bridgewalk-agent: unknown arguments; try --help");
            return ExitCode::from(2);
        }
    };
    if io::stdout().write_all(text.as_bytes()).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How long the agent may take to end when its input has.
const END_TIMEOUT: Duration = Duration::from_secs(2);

fn serve(leave: Leave) -> ExitCode {
    // Before there is another thread, and before a byte is read.
    if let Err(error) = confine(leave) {
        let _ = writeln!(io::stderr(), "bridgewalk-agent: {error}");
        return ExitCode::FAILURE;
    }
    let (requests, request_receiver) = mpsc::channel(16);
    let (messages, message_receiver) = mpsc::channel(64);
    let from_stdin = messages.clone();
    let input = thread::Builder::new().name("agent-stdin".to_owned()).spawn(move || {
        if let Err(error) = take_requests(&requests) {
            let _ = from_stdin.try_send(Message::Error { error });
        }
        drop((requests, from_stdin));
        end_soon();
    });
    let watchdog = thread::Builder::new().name("agent-end".to_owned()).spawn(|| {
        // Also while requests wait that nobody takes, and when nobody reads what is said any more.
        let (input, output) = (io::stdin(), io::stdout());
        let mut ends = [PollFd::new(&input, PollFlags::empty()), PollFd::new(&output, PollFlags::empty())];
        while poll(&mut ends, None).is_err_and(|it| it == Errno::INTR) {}
        end_soon();
    });
    let output =
        thread::Builder::new().name("agent-stdout".to_owned()).spawn(move || hand_out_messages(message_receiver));
    let (Ok(_), Ok(_), Ok(output)) = (input, watchdog, output) else { return ExitCode::FAILURE };
    let ran = bridgewalk_agent::run(request_receiver, messages, leave);
    // The thread that waits for stdin ends with the process: after an error nothing more is read there.
    match (ran, output.join()) {
        (Ok(()), Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The input has ended, so everything ends. A thread that the kernel keeps, or that writes to a pipe that nobody reads, is
/// not waited for.
fn end_soon() {
    thread::sleep(END_TIMEOUT);
    std::process::exit(1);
}

/// Until stdin ends, the agent does, or something comes that is no request.
fn take_requests(requests: &mpsc::Sender<Request>) -> Result<(), ProtocolError> {
    let mut decoder = FrameDecoder::default();
    let mut piece = vec![0; 64 << 10];
    loop {
        let len = match io::stdin().read(&mut piece) {
            Ok(0) => return decoder.finish(),
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ProtocolError::Io { detail: error.to_string() }),
        };
        decoder.push(&piece[..len]);
        while let Some(request) = decoder.next_value()? {
            if requests.blocking_send(request).is_err() {
                return Ok(());
            }
        }
    }
}

/// Until the agent has ended and everything is said. An error is the last message.
fn hand_out_messages(mut messages: mpsc::Receiver<Message>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    while let Some(message) = messages.blocking_recv() {
        let frames = encode_message(&message).map_err(io::Error::other)?;
        for frame in frames {
            stdout.write_all(&frame)?;
        }
        stdout.flush()?;
        if matches!(message, Message::Error { .. }) {
            return Ok(());
        }
    }
    Ok(())
}
