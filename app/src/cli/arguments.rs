//! What may be asked on the command line, as clap has it. Arguments are parsed here and resolved elsewhere.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{picture::Format, views::ViewName, words::Language};

/// The whole command line. Without a subcommand the window opens.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "bridgewalk",
    bin_name = "bridgewalk",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What holds for every subcommand.
    #[command(flatten)]
    pub common: Common,
    /// Print the help.
    #[arg(short, long, action = clap::ArgAction::Help, global = true)]
    help: Option<bool>,
    /// Print the version.
    #[arg(short = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
}

/// What holds for every subcommand.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Common {
    /// Engines' addresses.
    #[arg(long, global = true, value_name = "URL", conflicts_with = "demo")]
    pub host: Vec<String>,
    /// The docker client's contexts.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "demo")]
    pub context: Vec<String>,
    /// Who reads the kernel of live hosts.
    #[arg(long, global = true, value_name = "WHO", conflicts_with = "demo")]
    pub agent: Option<Agent>,
    /// Recordings, instead of the live host or beside those that are named.
    #[arg(long, global = true, value_name = "FILE.bwrec", conflicts_with = "demo")]
    pub from: Vec<PathBuf>,
    /// A bundled recording: the one that has what is asked for.
    #[arg(long, global = true)]
    pub demo: bool,
    /// The language of all texts.
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub lang: Option<Language>,
    /// JSON instead of tables.
    #[arg(long, global = true)]
    pub json: bool,
    /// What the program does, on stderr.
    #[arg(long, global = true)]
    pub verbose: bool,
}

/// Who reads the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Agent {
    /// This process, and the window asks for more where that is not enough.
    #[default]
    Auto,
    /// This process.
    InProcess,
    /// A child of sudo.
    Sudo,
    /// A child of pkexec.
    Pkexec,
    /// A helper container that may see all that root sees.
    Container,
    /// A helper container that may read the host's rules and no more.
    ContainerBase,
    /// Nobody.
    None,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Command {
    /// Which of the host's interfaces is which container's.
    Veths,
    /// Container ports: exposed, published, and the rules that do it.
    Ports,
    /// Docker's networks.
    Networks,
    /// Network namespaces.
    Namespaces,
    /// What lies between two things, without any packet.
    Wires(Wires),
    /// Where Docker's intent and the kernel's state disagree.
    Findings,
    /// How a packet goes, or why it does not arrive.
    Walk(Walk),
    /// Who reaches whom, and what is open to the outside.
    Reach,
    /// What can be seen here, and what would help.
    Doctor,
    /// Everything, as JSON.
    Snapshot,
    /// Record what happens into a file.
    Record(Record),
    /// Print changes as they come.
    Watch,
    /// Write the diagram into a file.
    Export(Export),
    /// Print the man page.
    Man,
    /// Print a shell's completions.
    Completions(Completions),
}

/// `wires`.
#[derive(Clone, Debug, Args)]
pub(super) struct Wires {
    /// Where to begin: `host`, `outside`, a container, an interface of the host, a network, an address.
    #[arg(value_name = "A")]
    pub one: String,
    /// Where to end: the same.
    #[arg(value_name = "B")]
    pub other: String,
}

/// `walk`.
#[derive(Clone, Debug, Args)]
pub(super) struct Walk {
    /// Who sends: `host`, `outside`, a container, an address.
    #[arg(value_name = "FROM")]
    pub sender: String,
    /// To whom: a name or an address, with the port after a colon.
    #[arg(value_name = "TO[:PORT]")]
    pub receiver: String,
    /// The protocol.
    #[arg(long, value_name = "PROTOCOL", default_value = "tcp")]
    pub protocol: Protocol,
    /// The sender's port.
    #[arg(id = "source-port", long = "source-port", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub source_port: Option<u16>,
    /// Send it, and see whether the kernel does so.
    #[arg(long, conflicts_with_all = ["from", "demo"])]
    pub prove: bool,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Protocol {
    /// A connection's first packet.
    Tcp,
    /// A datagram.
    Udp,
    /// An echo request.
    Icmp,
}

impl From<Protocol> for bridgewalk_analysis::walk::Protocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Tcp => Self::Tcp,
            Protocol::Udp => Self::Udp,
            Protocol::Icmp => Self::Icmp,
        }
    }
}

/// `record`.
#[derive(Clone, Debug, Args)]
pub(super) struct Record {
    /// The recording's file.
    #[arg(short, long, value_name = "FILE.bwrec")]
    pub output: PathBuf,
    /// How long.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: Option<u64>,
    /// Without what people wrote into labels.
    #[arg(id = "without-labels", long = "without-labels")]
    pub without_labels: bool,
    /// With other names and addresses.
    #[arg(long, visible_alias = "anonymize")]
    pub anonymise: bool,
}

/// `export`.
#[derive(Clone, Debug, Args)]
pub(super) struct Export {
    /// The picture's file.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Its format, where its name's ending does not say.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Which view.
    #[arg(long, value_name = "VIEW", default_value = "host")]
    pub view: ViewName,
    /// The packet whose hops are numbered.
    #[arg(long, value_names = ["FROM", "TO[:PORT]"], num_args = 2, conflicts_with = "anonymise")]
    pub walk: Option<Vec<String>>,
    /// How much is shown.
    #[arg(long, value_name = "LEVEL", default_value = "plumbing")]
    pub detail: Detail,
    /// Its colours.
    #[arg(long, value_name = "THEME", default_value = "light")]
    pub theme: Theme,
    /// Its outer measure.
    #[arg(long, value_name = "SIZE")]
    pub size: Option<String>,
    /// Only these, and what they are wired to.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub select: Vec<String>,
    /// A PNG's pixels for each unit.
    #[arg(long, value_name = "N", value_parser = scale)]
    pub scale: Option<f32>,
    /// Without a background.
    #[arg(long)]
    pub transparent: bool,
    /// With other names and addresses.
    #[arg(long, visible_alias = "anonymize")]
    pub anonymise: bool,
}

/// A PNG's scale.
fn scale(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|scale| (0.1..=16.0).contains(scale)).ok_or_else(|| text.to_owned())
}

/// How much of the network a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Detail {
    /// Networks and containers.
    Concept,
    /// Bridges, veths, NAT.
    Plumbing,
    /// Addresses, MAC addresses, ifindexes, forwarding tables, rules.
    Everything,
}

/// A picture's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Strong contrast and strong lines.
    Projector,
    /// Black on white.
    Print,
}

/// `completions`.
#[derive(Clone, Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
