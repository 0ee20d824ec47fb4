//! The bundled recordings, made on real engines (`bridgewalk-bed demo`, and `demo_ingress.sh` where the kernel has IPVS).

/// One of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Demo {
    /// One host, with one of each thing that Docker's networks can do.
    #[default]
    Host,
    /// The same host and a second node of its swarm: an overlay from one to the other.
    Overlay,
    /// A swarm's ingress, balanced by IPVS; and an ipvlan.
    Ingress,
}

const HARBOUR: (&str, &[u8]) = ("demo.bwrec", include_bytes!("../../../assets/recordings/demo.bwrec"));
const ISLAND: (&str, &[u8]) = ("demo-overlay.bwrec", include_bytes!("../../../assets/recordings/demo-overlay.bwrec"));
const REEF: (&str, &[u8]) = ("demo-ingress.bwrec", include_bytes!("../../../assets/recordings/demo-ingress.bwrec"));

impl Demo {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Host, Self::Overlay, Self::Ingress];

    /// Its name in the Fluent files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Host => "demo-host",
            Self::Overlay => "demo-overlay",
            Self::Ingress => "demo-ingress",
        }
    }

    /// Its recordings, a host each: file name and bytes.
    pub(super) const fn recordings(self) -> &'static [(&'static str, &'static [u8])] {
        match self {
            Self::Host => &[HARBOUR],
            Self::Overlay => &[HARBOUR, ISLAND],
            Self::Ingress => &[REEF],
        }
    }
}
