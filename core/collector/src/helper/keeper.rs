//! Leaving nothing behind.
//!
//! The keeper is a process of this same program, started with a hidden argument. It makes the helper's image and
//! container, says so on its standard output, and waits for the end of its standard input, which comes with our end
//! whatever kills us. Then it takes both away. It alone makes them, so it knows when the engine is done with making,
//! and never looks too early. What even that leaves (the whole machine was switched off) is on record in a [`Claim`],
//! and removed by the next keeper.

use std::{
    io::{BufRead, Read, Write},
    os::unix::process::CommandExt,
    process::{ExitCode, Stdio},
    time::Duration,
};

use bridgewalk_docker::endpoint::{Endpoint, EngineChoice, Environment, Origin};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
};

use super::{claim::Claim, clear::clear, container, image, plan::Tier, token::Token};
use crate::{agent::AgentError, engine::Engine};

/// The hidden argument of `bridgewalk` that makes it a keeper, see [`keep`].
pub const KEEPER_ARGUMENT: &str = "__keep-helper";

/// Until image and container are made: an engine may have to write the image to a slow disk.
const MAKE_TIMEOUT: Duration = Duration::from_secs(60);
/// Until both are taken away; the keeper goes on after that.
const END_TIMEOUT: Duration = Duration::from_secs(20);
/// An order and an answer are a few hundred bytes.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// What the keeper is asked for, in one line on its standard input: not in its arguments, which everybody may read.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    host: Option<String>,
    context: Option<String>,
    token: String,
    tier: Tier,
}

/// What it answers, in one line on its standard output: the container's id.
type Answer = Result<String, AgentError>;

/// A keeper at work.
pub(super) struct Keeper {
    process: Child,
    /// While this is open it waits.
    input: ChildStdin,
}

impl Keeper {
    /// Starts a keeper, and has it make image and container; the container's id.
    pub(super) async fn start(endpoint: &Endpoint, token: &Token, tier: Tier) -> Result<(Self, String), AgentError> {
        let failed = |detail: String| AgentError::Start { program: "bridgewalk".to_owned(), detail };
        // Also where a newer program lies at its path by now.
        let mut command = std::process::Command::new("/proc/self/exe");
        command.arg0("bridgewalk").arg(KEEPER_ARGUMENT);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Command::from(command).spawn().map_err(|error| failed(error.to_string()))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed("it has no standard streams".to_owned()));
        };
        let mut keeper = Self { process, input };
        let made = async {
            keeper.input.write_all(&order(endpoint, token, tier)).await?;
            let mut line = String::new();
            BufReader::new(output.take(MAX_LINE_BYTES)).read_line(&mut line).await?;
            Ok::<_, std::io::Error>(line)
        };
        let line = match tokio::time::timeout(MAKE_TIMEOUT + Duration::from_secs(5), made).await {
            Ok(line) => line.map_err(|error| failed(error.to_string()))?,
            Err(_) => return Err(AgentError::Timeout { seconds: MAKE_TIMEOUT.as_secs() }),
        };
        match serde_json::from_str::<Answer>(&line) {
            Ok(answer) => answer.map(|container_id| (keeper, container_id)),
            Err(error) => Err(failed(format!("the keeper of the helper container: {error}"))),
        }
    }

    /// Has it take away what it made; false if that is not certain.
    pub(super) async fn end(mut self) -> bool {
        drop(self.input);
        let ended = tokio::time::timeout(END_TIMEOUT, self.process.wait()).await;
        matches!(ended, Ok(Ok(status)) if status.success())
    }
}

fn order(endpoint: &Endpoint, token: &Token, tier: Tier) -> Vec<u8> {
    let (host, context) = match &endpoint.origin {
        Origin::ContextOption(name) | Origin::ContextVariable(name) | Origin::CurrentContext(name) => {
            (None, Some(name.clone()))
        }
        Origin::HostOption | Origin::HostVariable | Origin::Default => (Some(endpoint.address.to_string()), None),
    };
    let order = Order { host, context, token: token.to_string(), tier };
    // It holds nothing that JSON cannot.
    let mut line = serde_json::to_vec(&order).unwrap_or_default();
    line.push(b'\n');
    line
}

/// The keeper: makes what the first line of its standard input asks for, answers, waits until the input ends, and
/// removes it.
pub fn keep() -> ExitCode {
    // A terminal's Ctrl+C and its hanging up are for the program that we wait for.
    let _ = rustix::process::setsid();
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    let read = (&mut input).take(MAX_LINE_BYTES).read_line(&mut line);
    let Some(order) = read.ok().and_then(|_| serde_json::from_str::<Order>(&line).ok()) else {
        return ExitCode::from(2);
    };
    let Some(token) = Token::parse(&order.token) else { return ExitCode::from(2) };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let environment = Environment::of_process();
    let choice = EngineChoice { host: order.host, context: order.context };
    let engine = match runtime.block_on(connect(&choice, &environment)) {
        Ok(engine) => engine,
        Err(error) => {
            // Nothing was made.
            say(&Err(error));
            return ExitCode::SUCCESS;
        }
    };
    let address = engine.endpoint().address.to_string();
    // Without it only a lost machine leaves something.
    let claim = Claim::make(&token, &address, &environment).ok();
    let made = runtime.block_on(async {
        for orphan in Claim::orphans(&environment).into_iter().filter(|orphan| orphan.address == address) {
            if clear(&engine, &orphan.token, true).await {
                orphan.release();
            }
        }
        let seconds = MAKE_TIMEOUT.as_secs();
        let made = tokio::time::timeout(MAKE_TIMEOUT, make(&engine, &token, order.tier)).await;
        made.unwrap_or(Err(AgentError::Timeout { seconds }))
    });
    say(&made);

    let mut ignored = [0; 64];
    while input.read(&mut ignored).is_ok_and(|count| count > 0) {}
    if runtime.block_on(clear(&engine, &token, made.is_ok())) {
        if let Some(claim) = claim {
            claim.release();
        }
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn connect(choice: &EngineChoice, environment: &Environment) -> Result<Engine, AgentError> {
    let endpoint = Endpoint::resolve(choice, environment)
        .map_err(|error| AgentError::Start { program: "bridgewalk".to_owned(), detail: error.to_string() })?;
    Engine::connect(endpoint).await.map_err(AgentError::Helper)
}

async fn make(engine: &Engine, token: &Token, tier: Tier) -> Answer {
    image::import(engine, token).await?;
    container::create(engine, token, tier).await
}

/// Nobody may be there any more to hear it.
fn say(answer: &Answer) {
    if let Ok(mut line) = serde_json::to_vec(answer) {
        line.push(b'\n');
        let mut output = std::io::stdout().lock();
        let _ = output.write_all(&line).and_then(|()| output.flush());
    }
}
