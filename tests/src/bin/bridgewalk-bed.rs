//! The test bed by hand: `bridgewalk-bed prepare [--full]` makes the root file systems (`tests/run.sh` does so
//! before the tests, so that none of them pays for it); `bridgewalk-bed up VERSION [everything | crowd COUNT]` starts a
//! host and keeps it until its standard input ends; `bridgewalk-bed demo FOLDER` makes the bundled recordings again.

use std::{io::Read, path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use bridgewalk_tests::{
    demo,
    host::DockerHost,
    rootfs::{self, Engine},
    scenario,
};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["prepare"] => {
            for engine in rootfs::engines() {
                let start = Instant::now();
                let path = rootfs::prepare(engine)?;
                println!("{engine}: {} ({:.1?})", path.display(), start.elapsed());
            }
        }
        ["up", version, ref rest @ ..] => {
            let engine =
                Engine::of_version(version).with_context(|| format!("no engine {version}: 20.10, 26.1 or 28.5"))?;
            let start = Instant::now();
            let host = DockerHost::start(engine, "bed")?;
            println!("up after {:.1?}", start.elapsed());
            match rest {
                [] => {}
                ["everything"] => scenario::everything(&host)?,
                ["crowd", count] => {
                    host.docker(&["network", "create", "front"])?;
                    let count: usize = count.parse()?;
                    scenario::crowd(&host, count / 2, "crowd", "front")?;
                    scenario::crowd(&host, count - count / 2, "more", "bridge")?;
                }
                _ => bail!("a host is brought up bare, with everything, or with crowd COUNT"),
            }
            println!("ready after {:.1?}", start.elapsed());
            let pid = host.pid();
            println!("enter: nsenter -t {pid} -m -u -i -n -p -C bash");
            println!("docker: DOCKER_HOST=unix://{}", host.socket_path().display());
            println!("outside: nsenter -t {} -n bash", host.link().pid());
            println!("address: {}, {}", host.address(), host.address6());
            println!("it is gone at the end of standard input");
            std::io::stdin().read_to_end(&mut Vec::new())?;
        }
        ["demo", folder] => {
            for path in demo::record(Path::new(folder))? {
                println!("{} ({} bytes)", path.display(), path.metadata()?.len());
            }
        }
        _ => bail!("usage: bridgewalk-bed prepare | demo FOLDER | up VERSION [everything | crowd COUNT]"),
    }
    Ok(())
}
