//! The views: which picture, of what is there. The command line names them (`export --view`), the window offers them.

use bridgewalk_diagram::{Filter, Scope, View};
use bridgewalk_model::{
    EntityId, Snapshot, Text,
    snapshot::{Container, Host},
};
use clap::ValueEnum;

use crate::source::Demo;

/// What a picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum ViewName {
    /// Everything.
    #[default]
    Host,
    /// One Compose project.
    Project,
    /// Published ports.
    PortMapping,
    /// Bridges, ports, cables, addresses.
    Bridge,
    /// The way out.
    Nat,
    /// Names, name servers, address pools.
    Dns,
    /// Overlays and their tunnels.
    Overlay,
    /// The Swarm's ingress.
    Ingress,
    /// Inside one namespace.
    Namespace,
    /// A packet's numbered hops.
    Walk,
    /// macvlan, ipvlan, remote drivers.
    Plugins,
}

impl ViewName {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 11] = [
        Self::Host,
        Self::PortMapping,
        Self::Bridge,
        Self::Nat,
        Self::Dns,
        Self::Overlay,
        Self::Ingress,
        Self::Plugins,
        Self::Namespace,
        Self::Project,
        Self::Walk,
    ];

    /// Its name in the Fluent files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Host => "view-host",
            Self::Project => "view-project",
            Self::PortMapping => "view-port-mapping",
            Self::Bridge => "view-bridge",
            Self::Nat => "view-nat",
            Self::Dns => "view-dns",
            Self::Overlay => "view-overlay",
            Self::Ingress => "view-ingress",
            Self::Namespace => "view-namespace",
            Self::Walk => "view-walk",
            Self::Plugins => "view-plugins",
        }
    }

    /// The bundled recording that has most to show of it.
    pub const fn demo(self) -> Demo {
        match self {
            Self::Overlay => Demo::Overlay,
            Self::Ingress => Demo::Ingress,
            _ => Demo::Host,
        }
    }

    /// The scope that is it, whatever there is; none: it is the whole, or one thing of what is there.
    pub const fn chart(self) -> Option<Scope> {
        Some(match self {
            Self::PortMapping => Scope::PortMapping,
            Self::Bridge => Scope::Bridges,
            Self::Nat => Scope::Nat,
            Self::Dns => Scope::Dns,
            Self::Overlay => Scope::Overlay,
            Self::Ingress => Scope::Ingress,
            Self::Plugins => Scope::Plugins,
            Self::Host | Self::Project | Self::Namespace | Self::Walk => return None,
        })
    }

    /// The view whose scope this is.
    pub fn of(scope: &Scope) -> Self {
        match scope {
            Scope::Whole => Self::Host,
            Scope::Namespace(_) => Self::Namespace,
            scope => Self::ALL.into_iter().find(|view| view.chart().as_ref() == Some(scope)).unwrap_or_default(),
        }
    }

    /// `view` with what this one shows. A namespace is that of the first running container that is not hidden, a
    /// project likewise.
    pub fn within(self, snapshot: &Snapshot, view: View) -> View {
        let scope = match self {
            Self::Namespace => first_namespace(snapshot, &view).map_or(Scope::Whole, Scope::Namespace),
            _ => self.chart().unwrap_or(Scope::Whole),
        };
        let project = if self == Self::Project { first_project(snapshot, &view) } else { None };
        View { scope, filter: Filter { project, ..view.filter.clone() }, ..view }
    }
}

/// The namespace of the first running container that is shown, else the host's own.
pub fn first_namespace(snapshot: &Snapshot, view: &View) -> Option<EntityId> {
    let inside = |host: &Host| {
        let own = host.own_namespace().map(|namespace| &namespace.id);
        let of = |container: &Container| container.namespace.clone().filter(|id| Some(id) != own);
        let shown = |container: &&Container| !view.hidden.contains(&container.id) && container.state.is_alive();
        host.containers.iter().filter(shown).find_map(of)
    };
    let own = |host: &Host| host.own_namespace().map(|namespace| namespace.id.clone());
    snapshot.hosts.iter().find_map(inside).or_else(|| snapshot.hosts.iter().find_map(own))
}

/// The Compose project of the first container that is shown and in one.
pub fn first_project(snapshot: &Snapshot, view: &View) -> Option<Text> {
    let containers = snapshot.hosts.iter().flat_map(|host| &host.containers);
    let mut shown = containers.filter(|container| !view.hidden.contains(&container.id));
    shown.find_map(|container| container.compose.as_ref()).map(|compose| compose.project.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Language, Words};

    #[test]
    fn every_view_has_a_name_in_every_language() {
        for view in ViewName::ALL {
            for language in Language::ALL {
                assert!(Words::new(language).has(view.key()), "{} in {}", view.key(), language.code());
            }
        }
    }

    #[test]
    fn a_chart_is_known_by_its_scope() {
        for view in ViewName::ALL {
            if let Some(scope) = view.chart() {
                assert_eq!(ViewName::of(&scope), view);
            }
        }
    }
}
