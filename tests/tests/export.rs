//! Each exported file, opened by a program that we did not write: is every name there as text, does every connector hang
//! on two boxes, are there as many boxes, and do other renderers paint what we paint.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Everything here ends by itself; this is for the day when it does not.
const LIMIT_S: &str = "240";
/// The mean difference of each renderer's picture from ours, as a share of full scale. Measured: 0.0023, 0.0065, 0.0191;
/// edges are smoothed differently, and LibreOffice paints at most 2,048 pixels a side.
const RENDERERS: [(&str, &str, f64); 3] =
    [("rsvg", "rsvg.png", 0.006), ("inkscape", "inkscape.png", 0.012), ("LibreOffice", "office-png/a.png", 0.03)];

struct Files {
    folder: tempfile::TempDir,
    names: BTreeSet<String>,
}

impl Files {
    /// The bundled recording in every format, and the names that must be in it.
    fn new() -> Result<Self> {
        let files = Self { folder: tempfile::tempdir()?, names: BTreeSet::new() };
        for ending in ["svg", "png", "pdf", "pptx", "drawio", "excalidraw", "mmd", "dot"] {
            files.bridgewalk(&["export", "--demo", "-o", &files.at(&format!("a.{ending}")), "--lang", "en"])?;
        }
        let list = |command: &str, key: &str| -> Result<Vec<Value>> {
            let document: Value = serde_json::from_str(&files.bridgewalk(&[command, "--demo", "--json"])?)?;
            Ok(document[key].as_array().cloned().unwrap_or_default())
        };
        let mut names = BTreeSet::new();
        for network in list("networks", "networks")? {
            let driver = network["driver"].as_str().unwrap_or_default();
            if !matches!(driver, "host" | "null") {
                names.insert(network["name"].as_str().unwrap_or_default().to_owned());
            }
        }
        for veth in list("veths", "veths")? {
            names.extend(
                veth["containers"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
            );
        }
        names.remove("");
        ensure!(names.len() > 4, "too few names to mean anything: {names:?}");
        Ok(Self { names, ..files })
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn read(&self, name: &str) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join(name))?)
    }

    fn bridgewalk(&self, arguments: &[&str]) -> Result<String> {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_bridgewalk-bed"));
        let program = program.parent().context("no folder")?.join("bridgewalk");
        run(Command::new("timeout").arg(LIMIT_S).arg(program).args(arguments))
    }

    /// Runs `program` with the bundled fonts and no others of that name.
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/fonts");
        let cache = self.at("fonts");
        let config = format!(
            "<?xml version=\"1.0\"?><fontconfig><dir>/usr/share/fonts</dir><dir>{}</dir><cachedir>{cache}</cachedir></fontconfig>",
            fonts.canonicalize()?.display()
        );
        std::fs::write(self.at("fonts.conf"), config)?;
        let mut command = Command::new("timeout");
        command
            .arg(LIMIT_S)
            .args(arguments)
            .env("FONTCONFIG_FILE", self.at("fonts.conf"))
            .env("HOME", self.folder.path());
        run(&mut command)
    }

    fn office(&self, to: &str, name: &str) -> Result<()> {
        let profile = format!("-env:UserInstallation=file://{}", self.at("office"));
        let folder = self.at(&format!("office-{to}"));
        let file = self.at(name);
        self.run(&["soffice", &profile, "--headless", "--convert-to", to, "--outdir", &folder, &file])?;
        Ok(())
    }

    /// Every name is in one of `texts`, cut at most where it was too long for its box.
    fn all_in(&self, texts: &str, program: &str) -> Result<()> {
        let missing: Vec<_> = self.names.iter().filter(|name| !texts.contains(name.as_str())).collect();
        ensure!(missing.is_empty(), "{program} does not find {missing:?} in {texts}");
        Ok(())
    }
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {} {said}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn words(value: &Value) -> String {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

fn count(value: &Value, key: &str) -> Result<u64> {
    value[key].as_u64().with_context(|| format!("no {key} in {value}"))
}

#[test]
fn export_svg_is_painted_alike_by_others() -> Result<()> {
    let files = Files::new()?;
    let svg = files.at("a.svg");
    files.run(&["xmllint", "--noout", &svg])?;
    let texts = files.run(&["xmllint", "--xpath", "//*[local-name()='text']/text()", &svg])?;
    files.all_in(&texts, "xmllint")?;
    let ours = files.at("ours.png");
    files.bridgewalk(&["export", "--demo", "-o", &ours, "--scale", "1", "--lang", "en"])?;
    files.run(&["rsvg-convert", "-o", &files.at("rsvg.png"), &svg])?;
    files.run(&["inkscape", "--export-type=png", "--export-filename", &files.at("inkscape.png"), &svg])?;
    files.office("png", "a.svg")?;
    let size = files.run(&["identify", "-format", "%wx%h!", &ours])?;
    for (program, picture, most) in RENDERERS {
        let theirs = files.at(&format!("{program}-same.png"));
        files.run(&["convert", &files.at(picture), "-background", "white", "-flatten", "-resize", &size, &theirs])?;
        let script = format!("compare -metric MAE '{ours}' '{theirs}' null: 2>&1 || true");
        let said = files.run(&["sh", "-c", &script])?;
        let share = said.split(['(', ')']).nth(1).context("no difference was measured")?;
        let share: f64 = share.parse().with_context(|| said.clone())?;
        println!("{program} differs by {share}");
        ensure!(share <= most, "{program}'s picture differs by {share}");
    }
    Ok(())
}

#[test]
fn export_pdf_has_text_and_embedded_fonts() -> Result<()> {
    let files = Files::new()?;
    let pdf = files.at("a.pdf");
    files.all_in(&files.run(&["pdftotext", "-layout", &pdf, "-"])?, "pdftotext")?;
    let fonts = files.run(&["pdffonts", &pdf])?;
    let lines: Vec<&str> = fonts.lines().skip(2).collect();
    ensure!(lines.len() >= 2, "{fonts}");
    for line in lines {
        // Name, type, encoding; then embedded, subset, with a table back to Unicode.
        ensure!(line.contains(" yes yes yes "), "{line}");
    }
    ensure!(files.run(&["pdfimages", "-list", &pdf])?.lines().count() <= 2, "there are pixels in it");
    Ok(())
}

#[test]
fn export_shapes_and_connectors_are_those_programs_own() -> Result<()> {
    let files = Files::new()?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("opened");
    let script = |name: &str| here.join(name).display().to_string();
    let slides: Value = serde_json::from_str(&files.run(&["python3", &script("slides.py"), &files.at("a.pptx")])?)?;
    let slide = &slides[0];
    ensure!(slide["unique"] == true, "two shapes share an id");
    files.all_in(&words(&slide["texts"]), "python-pptx")?;
    ensure!(slide["notes"].as_str().is_some_and(|notes| !notes.is_empty()), "no notes");

    let open = ["mmd", "excalidraw", "drawio"].map(|ending| files.at(&format!("a.{ending}")));
    let said = files.run(&["node", &script("open.mjs"), &open[0], &open[1], &open[2]])?;
    let said: Value = serde_json::from_str(&said)?;
    ensure!(said["ran"] == Value::Array(Vec::new()), "something was executed: {said}");
    let opened = &said["opened"];
    for (program, document) in [
        ("python-pptx", slide),
        ("Mermaid", &opened["mmd"]),
        ("Excalidraw", &opened["excalidraw"]),
        ("draw.io", &opened["drawio"]),
    ] {
        files.all_in(&words(&document["texts"]), program)?;
        let (all, attached) = (count(document, "connectors")?, count(document, "attached")?);
        ensure!(all > 10 && all == attached, "{program}: {attached} of {all} connectors hang on two boxes");
        ensure!(all == count(slide, "connectors")?, "{program} has {all} connectors");
    }
    for (program, document) in [("Excalidraw", &opened["excalidraw"]), ("draw.io", &opened["drawio"])] {
        ensure!(count(document, "boxes")? == count(slide, "boxes")?, "{program} has other boxes than python-pptx");
    }

    let graph: Value = serde_json::from_str(&files.run(&["dot", "-Tjson", &files.at("a.dot")])?)?;
    let objects = graph["objects"].as_array().context("no objects")?;
    let is_node = |object: &&Value| object["name"].as_str().is_some_and(|name| name.starts_with('n'));
    let nodes = objects.iter().filter(is_node).count() as u64;
    let edges = graph["edges"].as_array().map_or(0, Vec::len) as u64;
    ensure!(nodes == count(&opened["mmd"], "boxes")?, "Graphviz has {nodes} nodes, Mermaid {}", opened["mmd"]["boxes"]);
    ensure!(edges == count(slide, "connectors")?, "Graphviz has {edges} edges");
    files.run(&["dot", "-Tsvg", "-o", &files.at("dot.svg"), &files.at("a.dot")])?;
    // Its own SVG has every hyphen as a number, which is the same text.
    files.all_in(&files.read("dot.svg")?.replace("&#45;", "-"), "Graphviz")?;

    files.office("pdf", "a.pptx")?;
    files.all_in(&files.run(&["pdftotext", &files.at("office-pdf/a.pdf"), "-"])?, "LibreOffice")?;
    Ok(())
}

#[test]
fn export_anonymised_holds_no_name_and_no_address() -> Result<()> {
    let files = Files::new()?;
    let snapshot: Value = serde_json::from_str(&files.bridgewalk(&["snapshot", "--demo"])?)?;
    let mut secret: BTreeSet<String> = BTreeSet::new();
    collect(&snapshot, &mut secret);
    let common = ["bridge", "ingress", "docker_gwbridge", "host", "none"];
    secret.extend(files.names.iter().filter(|name| !common.contains(&name.as_str())).cloned());
    ensure!(secret.len() > 20, "{secret:?}");
    for ending in ["svg", "pdf", "pptx", "drawio", "excalidraw", "mmd", "dot"] {
        let file = files.at(&format!("anonymous.{ending}"));
        files.bridgewalk(&[
            "export",
            "--demo",
            "-o",
            &file,
            "--anonymise",
            "--detail",
            "everything",
            "--lang",
            "en",
        ])?;
        let text = match ending {
            "pdf" => files.run(&["pdftotext", &file, "-"])?,
            "pptx" => files.run(&["unzip", "-p", &file])?,
            _ => std::fs::read_to_string(&file)?,
        };
        let text_words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && !".:-_".contains(c)).collect();
        for secret in &secret {
            ensure!(!text_words.contains(secret.as_str()), "`{secret}` is in the {ending} file");
        }
    }
    Ok(())
}

/// Addresses and MAC addresses that tell one host from another.
fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let address = text.split('/').next().unwrap_or_default();
            let is_mac = address.len() == 17 && address.split(':').count() == 6;
            let parsed = address.parse::<std::net::IpAddr>();
            let is_own = parsed.is_ok_and(|address| {
                !address.is_loopback()
                    && !address.is_unspecified()
                    && !address.is_multicast()
                    && !address.to_string().starts_with("fe80:")
                    && address.to_string() != "255.255.255.255"
            });
            if is_own
                || (is_mac
                    && address != "00:00:00:00:00:00"
                    && !address.starts_with("33:33")
                    && address != "ff:ff:ff:ff:ff:ff")
            {
                found.insert(address.to_owned());
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        Value::Object(map) => map.values().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
