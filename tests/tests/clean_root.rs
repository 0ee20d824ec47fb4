//! From the README's first command to the whole host, on a machine with nothing but Rust, a C linker, a desktop's libraries
//! and Docker: as somebody in the docker group who is not root.
//!
//! The full run types the README's command, and so builds everything, optimised, without a network: what cargo would
//! download is there. That takes longer than all else, so every run starts the program that the tests were built with
//! (the development profile, with the features of the whole workspace): the window, the click and the command line are
//! the same code, and what is not tried is whether the clean root can build it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    compare::{at_rest, first_difference},
    desk,
    host::{DockerHost, HostBuilder, User},
    process::{self, Running, SOON},
    program,
    rootfs::Engine,
    scenario,
};
use serde_json::Value;

/// Where a display's socket lies.
const SOCKETS: &str = "/tmp/.X11-unix";
/// On a busy machine with two processors.
const BUILD_LIMIT: Duration = Duration::from_secs(60 * 60);

/// Where the host has Rust, crates that were downloaded, and the sources.
const RUST: &str = "/opt/rust";
const CRATES: &str = "/opt/crates";
const SOURCES: &str = "/opt/sources";

const MEMBER: User = User::MEMBER;
const README: &str = include_str!("../../README.md");

#[test]
fn a_member_of_the_docker_group_clicks_once_and_sees_the_whole_host() -> Result<()> {
    let display = Display::start()?;
    let host = display.host()?.start()?;
    sees_the_whole_host(&display, &host, &format!("exec {}", program::path()), &program::path())?;
    each_window_says_what_it_lacks(&display, &host)
}

#[test]
fn the_first_command_of_the_readme_builds_what_a_member_clicks_once() -> Result<()> {
    if std::env::var_os("BRIDGEWALK_FULL").is_none_or(|value| value != "1") {
        eprintln!("in the full run only: tests/run.sh --full");
        return Ok(());
    }
    let sources = tempfile::tempdir()?;
    check_out(sources.path())?;
    let display = Display::start()?;
    let host = display
        .host()?
        .bind(text(Command::new("rustc").args(["--print", "sysroot"]))?, RUST)
        .bind(cargo_home()?.join("registry"), CRATES)
        .bind(sources.path(), SOURCES)
        .start()?;
    host.shell(&format!(
        "install -d -o member -g member /home/member/.cargo && ln -s {CRATES} /home/member/.cargo/registry && \
         cp -r {SOURCES} /home/member/bridgewalk && chown -R member:member /home/member/bridgewalk && \
         chmod a+rx /home/member"
    ))?;
    let start = format!("cd ~/bridgewalk && exec {}", first_command()?);
    sees_the_whole_host(&display, &host, &start, "/home/member/bridgewalk/target/release/bridgewalk")
}

/// The first command that the README gives.
fn first_command() -> Result<&'static str> {
    let block = README.split("```sh\n").nth(1).context("the README has no command")?;
    block.lines().next().context("the README has no command")
}

fn sees_the_whole_host(display: &Display, host: &DockerHost, start: &str, program: &str) -> Result<()> {
    scenario::without_swarm(host)?;
    scenario::settled(host)?;
    ensure!(!host.run_as(MEMBER, &["test", "-r", "/root"])?.status.success(), "the member is root");

    let said = display.path("said");
    let mut window = Window::open(host, Some(MEMBER), start, display)?;
    let asked = display.path("asked.png");
    let saying = || process::tail(&fs::read_to_string(&said).unwrap_or_default(), 30);
    let ended = process::until("the window asks who shall read the rest", BUILD_LIMIT, || {
        std::thread::sleep(Duration::from_secs(1));
        if let Some(status) = window.0.try_wait()? {
            return Ok(Some(Some(status)));
        }
        // A photograph costs more than the question whether there is anything to photograph.
        let window = ["search", "--onlyvisible", "--name", "Bridgewalk"];
        display.xdotool(&window)?;
        display.photograph(&asked)?;
        first_offer(&asked).map(|_| Some(None))
    })
    .with_context(saying)?;
    ensure!(ended.is_none(), "it ended: {ended:?}: {}", saying());
    // It moves the picture aside at first.
    std::thread::sleep(Duration::from_secs(2));
    display.photograph(&asked)?;

    // One click, on the first offer of the question.
    let (x, y) = first_offer(&asked)?;
    display.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"])?;
    process::until("the helper container runs", SOON, || {
        Ok(host.docker(&["ps", "--format", "{{.Image}}"])?.contains("bridgewalk-agent").then_some(()))
    })?;
    let seen = display.path("seen.png");
    process::until("the question is answered", SOON, || {
        std::thread::sleep(Duration::from_secs(1));
        display.photograph(&seen)?;
        Ok(first_offer(&seen).is_err().then_some(()))
    })?;
    std::thread::sleep(Duration::from_secs(5));
    display.photograph(&seen)?;
    keep(&asked)?;
    keep(&seen)?;
    ensure!(first_offer(&seen).is_err(), "it asks still");
    ensure!(says_not_seen(&asked)? && !says_not_seen(&seen)?, "it does not say what is not seen");
    ensure!(window.0.try_wait()?.is_none(), "the window ended");
    drop(window);
    process::until("the helper container is gone", SOON, || {
        Ok((!host.docker(&["ps", "--all", "--format", "{{.Image}}"])?.contains("bridgewalk-agent")).then_some(()))
    })?;

    // The same on the command line; and a proof, for which the container has its leave.
    let snapshot = |user: Option<User>, agent: &str| -> Result<Value> {
        let argv = [program, "snapshot", "--json", "--agent", agent];
        let command = user.map_or_else(|| host.command(&argv), |user| host.command_as(user, &argv));
        Ok(serde_json::from_str(&process::run(command, &[], SOON)?.ok(agent)?)?)
    };
    let (mut root, mut member) = (snapshot(None, "in-process")?, snapshot(Some(MEMBER), "container")?);
    at_rest(&mut root);
    at_rest(&mut member);
    if let Some(difference) = first_difference(&root, &member) {
        anyhow::bail!("root's and the member's snapshots differ at {difference}");
    }
    let proof = ["walk", "web", "local:80", "--prove", "--json", "--agent", "container"];
    let proof = host.command_as(MEMBER, &[&[program], &proof[..]].concat());
    let proof: Value = serde_json::from_str(&process::run(proof, &[], SOON)?.ok("walk --prove")?)?;
    ensure!(proof["agrees"] == true, "{proof}");
    for (user, agent) in [(MEMBER, "container-base"), (User::ADMIN, "sudo")] {
        process::run(host.command_as(user, &[program, "doctor", "--agent", agent]), &[], SOON)?.ok(agent)?;
        let seen = snapshot(Some(user), agent)?;
        let limits = seen["hosts"][0]["limits"].as_array().context("no limits")?;
        ensure!(!limits.iter().any(|limit| limit["source"] == "agent"), "{agent}: {limits:?}");
    }
    Ok(())
}

/// Who sees everything is told of nothing that is not seen, and who does not is.
fn each_window_says_what_it_lacks(display: &Display, host: &DockerHost) -> Result<()> {
    let said = display.path("said");
    for (name, user, agent, is_whole) in [
        ("root", None, "in-process", true),
        ("root-without", None, "none", false),
        ("member-container", Some(MEMBER), "container", true),
        ("member-base", Some(MEMBER), "container-base", false),
        ("plain", Some(User::PLAIN), "in-process", false),
        // Root's kernel, but not the engine.
        ("admin-sudo", Some(User::ADMIN), "sudo", false),
    ] {
        let mut window = Window::open(host, user, &format!("exec {} --agent {agent}", program::path()), display)?;
        let shown = display.path(&format!("{name}.png"));
        process::until("the window says what it sees", SOON, || {
            std::thread::sleep(Duration::from_secs(1));
            display.photograph(&shown)?;
            ensure!(colors(&shown)? > 100, "nothing is painted");
            let says = says_not_seen(&shown)?;
            ensure!(says != is_whole, "not seen: {says}");
            Ok(Some(()))
        })
        .with_context(|| format!("{name}: {}", fs::read_to_string(&said).unwrap_or_default()))?;
        // And goes on to say so.
        std::thread::sleep(Duration::from_secs(3));
        display.photograph(&shown)?;
        keep(&shown)?;
        ensure!(says_not_seen(&shown)? != is_whole, "{name}: not seen: {is_whole}");
        ensure!(window.0.try_wait()?.is_none(), "{name}: the window ended");
    }
    Ok(())
}

/// A window, ended with the test.
struct Window(std::process::Child);

impl Window {
    /// Opens it by a script; what it says goes into a file.
    fn open(host: &DockerHost, user: Option<User>, script: &str, display: &Display) -> Result<Self> {
        let (argv, said) = (["sh", "-euc", script], display.path("said"));
        let mut command = user.map_or_else(|| host.command(&argv), |user| host.command_as(user, &argv));
        command.env("PATH", format!("{RUST}/bin:/usr/local/bin:/usr/bin:/bin")).env("CARGO_NET_OFFLINE", "true");
        command.env("DISPLAY", &display.name).env("LIBGL_ALWAYS_SOFTWARE", "1");
        command.stdin(Stdio::null()).stdout(fs::File::create(&said)?);
        command.stderr(fs::File::options().append(true).open(said)?);
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A display, and a folder for the photographs of it.
struct Display {
    name: String,
    _server: Running,
    folder: tempfile::TempDir,
}

impl Display {
    /// On a number that no other has.
    fn start() -> Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "Xvfb", "-displayfd", "1"]);
        // Without -noreset it begins again whenever the last window has gone, and refuses the next one meanwhile.
        command.args(["-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-ac", "-noreset"]);
        let mut server = Running::start(command)?;
        let mut number = String::new();
        BufReader::new(server.child.stdout.as_mut().context("no output")?).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb does not come up");
        Ok(Self { name: format!(":{}", number.trim()), _server: server, folder: tempfile::tempdir()? })
    }

    /// A clean root that has this display.
    fn host(&self) -> Result<HostBuilder> {
        let builder = DockerHost::builder(Engine::Docker26_1, "earth");
        Ok(builder.layer(desk::prepare(Engine::Docker26_1)?).bind(SOCKETS, SOCKETS))
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn photograph(&self, path: &str) -> Result<()> {
        self.run("import", &["-window", "root", path])
    }

    fn xdotool(&self, args: &[&str]) -> Result<()> {
        self.run("xdotool", args)
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let mut command = Command::new(program);
        command.args(args).env("DISPLAY", &self.name);
        process::ok(command, SOON).map(drop)
    }
}

/// The tracked files, as they are in the work tree.
fn check_out(folder: &Path) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new("sh");
    command.args([
        "-euc",
        "cd \"$1\" && git ls-files -z | tar --null --create --files-from=- | tar --extract --directory \"$2\"",
    ]);
    command.arg("sh").arg(root).arg(folder);
    process::ok(command, SOON)?;
    let mut command = Command::new("chmod");
    command.args(["-R", "a+rX"]).arg(folder);
    process::ok(command, SOON).map(drop)
}

fn cargo_home() -> Result<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).context("neither CARGO_HOME nor HOME is set")
}

fn text(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8(command.output()?.stdout)?.trim().to_owned())
}

/// Keeps a photograph for who wants to look.
fn keep(picture: &str) -> Result<()> {
    if let Some(folder) = std::env::var_os("BRIDGEWALK_PICTURES") {
        fs::copy(picture, Path::new(&folder).join(Path::new(picture).file_name().context("no name")?))?;
    }
    Ok(())
}

/// How many colours there are: an empty window has a handful.
fn colors(picture: &str) -> Result<u32> {
    let mut command = Command::new("identify");
    command.args(["-format", "%k", picture]);
    Ok(process::ok(command, SOON)?.trim().parse()?)
}

/// Whether the window's last line says that something is not seen, by the colour in which it does.
fn says_not_seen(picture: &str) -> Result<bool> {
    const WARNING: &str = "#8a5000";
    let mut command = Command::new("convert");
    // The window is 1440 by 900, in the corner of the screen.
    command.args([picture, "-crop", "1440x40+0+862", "+repage"]);
    // Thin letters are blended with the ground.
    command.args(["-fuzz", "15%", "-fill", "black", "+opaque", WARNING, "-fill", "white", "-opaque", WARNING]);
    command.args(["-format", "%[fx:round(mean*w*h)]", "info:"]);
    Ok(process::ok(command, SOON)?.trim().parse::<u32>()? > 50)
}

/// The middle of the question's main offer, by the colour of the question's frame and where it stands in it.
fn first_offer(picture: &str) -> Result<(u32, u32)> {
    const FRAME: &str = "#fdf2dc";
    let mut command = Command::new("convert");
    command.args([picture, "-fill", "black", "+opaque", FRAME, "-fill", "white", "-opaque", FRAME]);
    command.args(["-format", "%[fx:round(mean*w*h)] %@", "info:"]);
    let text = process::ok(command, SOON)?;
    let (count, at) = text.trim().split_once(' ').context("no answer")?;
    ensure!(count.parse::<u32>()? > 10_000, "there is no question");
    let numbers: Vec<u32> = at.split(['x', '+']).map(str::parse).collect::<Result<_, _>>()?;
    let [_, _, x, y] = numbers[..] else { anyhow::bail!("{at} is no frame") };
    Ok((x + 79, y + 101))
}
