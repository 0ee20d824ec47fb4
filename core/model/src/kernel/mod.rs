//! What the kernel says of a network namespace.

mod address;
mod bridge;
mod docker_proxy;
mod ipvs;
mod link;
mod name_files;
mod neighbour;
mod process;
mod route;
mod socket;
mod sysctl;

pub use address::{Address, AddressScope};
pub use bridge::{BridgeVlan, FdbEntry};
pub use docker_proxy::DockerProxy;
pub use ipvs::{Ipvs, RealServer, VirtualServer};
pub use link::{BridgePort, Link, LinkCounters, LinkKind, OperState};
pub use name_files::NameFiles;
pub use neighbour::{Neighbour, NeighbourState};
pub use process::Process;
pub use route::{NextHop, Route, RouteKind, RoutingRule};
pub use socket::{Socket, SocketState, Transport};
pub use sysctl::Sysctl;
