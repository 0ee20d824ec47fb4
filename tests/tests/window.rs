//! The window for real: started under Xvfb on a live host, clicked, photographed.

use std::{fs, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::DockerHost,
    process::{self, Running, SOON},
    rootfs::Engine,
    scenario,
};

/// A display of this test's own.
const DISPLAY: &str = ":87";

fn on_display(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env("DISPLAY", DISPLAY);
    command
}

/// How many colours a picture of the screen has: an empty window has a handful.
fn photograph(path: &str) -> Result<u32> {
    process::ok(on_display("import", &["-window", "root", path]), SOON)?;
    let text = process::ok(on_display("identify", &["-format", "%k", path]), SOON)?;
    Ok(text.trim().parse()?)
}

#[test]
fn the_window_shows_a_live_host_and_follows_clicks_and_keys() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    scenario::without_swarm(&host)?;
    let folder = tempfile::tempdir()?;
    let home = folder.path().to_string_lossy().into_owned();
    let _display = Running::start({
        let mut command = Command::new("Xvfb");
        command.args([DISPLAY, "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"]);
        command
    })?;
    process::until("the display is there", SOON, || {
        Ok(process::ok(on_display("xdotool", &["getdisplaygeometry"]), SOON).ok())
    })?;

    let program = std::env::current_exe()?;
    let program = program.parent().and_then(|folder| folder.parent()).context("no folder")?.join("bridgewalk");
    let mut command = host.outer_command(&[&program.to_string_lossy()]);
    command.env("DISPLAY", DISPLAY).env("HOME", &home).env("XDG_DATA_HOME", &home).env("XDG_CONFIG_HOME", &home);
    command.env("LIBGL_ALWAYS_SOFTWARE", "1").env("LANG", "C.UTF-8").env_remove("WAYLAND_DISPLAY");
    let mut window = Running::start(command)?;

    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let shown = path("shown.png");
    process::until("the host is painted", SOON, || {
        std::thread::sleep(Duration::from_millis(500));
        ensure!(window.child.try_wait()?.is_none(), "the window ended");
        Ok((photograph(&shown)? > 100).then_some(()))
    })?;

    // Without a window manager nobody gives it the keyboard.
    process::ok(on_display("xdotool", &["search", "--onlyvisible", "--name", "Bridgewalk", "windowfocus"]), SOON)?;

    // Found by its name, opened from the palette, and back.
    // A key that came before the window was ready for it is pressed again: nothing had come of it.
    let differs = |what: &str, keys: &[&str], text: Option<&str>, before: &str, after: &str| -> Result<()> {
        let mut looks = 0;
        process::until(what, SOON, || {
            if looks % 8 == 0 {
                process::ok(on_display("xdotool", &[&["key"], keys].concat()), SOON)?;
                std::thread::sleep(Duration::from_millis(500));
                if let Some(text) = text {
                    process::ok(on_display("xdotool", &["type", text]), SOON)?;
                }
            }
            looks += 1;
            std::thread::sleep(Duration::from_millis(500));
            photograph(after)?;
            Ok((fs::read(before)? != fs::read(after)?).then_some(()))
        })
    };
    let (palette, chosen) = (path("palette.png"), path("chosen.png"));
    process::ok(on_display("xdotool", &["mousemove", "900", "500", "click", "1"]), SOON)?;
    differs("the palette opens", &["ctrl+k"], Some("172.17.0.3"), &shown, &palette)?;
    differs("what was found is chosen", &["Return"], None, &palette, &chosen)?;

    // It follows: a container more is another picture.
    let more = path("more.png");
    scenario::run(&host, "newcomer", &["--network", "front"], &scenario::SLEEP)?;
    process::until("the window follows the host", SOON, || {
        std::thread::sleep(Duration::from_millis(500));
        photograph(&more)?;
        Ok((fs::read(&chosen)? != fs::read(&more)?).then_some(()))
    })?;

    // A walk, typed, and proved on the live host: asked first, then sent.
    let rules = || host.oracle().tool(&["nft", "list", "tables"]);
    let (before, walked, asked, proved) = (rules()?, path("walked.png"), path("asked.png"), path("proved.png"));
    let type_end = |text: &str| -> Result<()> {
        process::ok(on_display("xdotool", &["type", "--delay", "60", text]), SOON)?;
        std::thread::sleep(Duration::from_millis(700));
        process::ok(on_display("xdotool", &["key", "Return"]), SOON)?;
        std::thread::sleep(Duration::from_millis(700));
        Ok(())
    };
    process::ok(on_display("xdotool", &["key", "Escape", "Escape", "w"]), SOON)?;
    std::thread::sleep(Duration::from_millis(700));
    type_end("web")?;
    type_end("172.17.0.3:80")?;
    std::thread::sleep(Duration::from_secs(2));
    photograph(&walked)?;
    differs("it asks before it sends", &["p"], None, &walked, &asked)?;
    ensure!(rules()? == before, "something was done before it was allowed");
    let agreed = agreements(&asked)?;
    process::ok(on_display("xdotool", &["key", "Return"]), SOON)?;
    process::until("the window says that the kernel did as predicted", SOON, || {
        std::thread::sleep(Duration::from_millis(500));
        photograph(&proved)?;
        Ok((agreements(&proved)? > agreed + 20).then_some(()))
    })?;
    process::until("the tables of the trace are gone", SOON, || Ok((rules()? == before).then_some(())))?;
    if let Some(kept) = std::env::var_os("BRIDGEWALK_PICTURES") {
        for name in ["shown.png", "walked.png", "asked.png", "proved.png"] {
            fs::copy(path(name), std::path::Path::new(&kept).join(name))?;
        }
    }
    ensure!(window.child.try_wait()?.is_none(), "the window ended");
    Ok(())
}

/// How many pixels have the colour in which the window says that something is as it should be.
fn agreements(picture: &str) -> Result<usize> {
    let mut command = Command::new("convert");
    command.args([picture, "-fill", "black", "+opaque", "#0a6e4c", "-fill", "white", "-opaque", "#0a6e4c"]);
    command.args(["-format", "%[fx:round(mean*w*h)]", "info:"]);
    Ok(process::ok(command, SOON)?.trim().parse()?)
}
