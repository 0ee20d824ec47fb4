//! `--view`: which picture, of what is there.

use bridgewalk_diagram::{Filter, Scope, View};
use bridgewalk_model::{
    Snapshot,
    snapshot::{Container, Host},
};

use super::arguments::ViewName;

/// `view` with the scope that `name` asks for. A namespace is that of the first running container that is not hidden, a
/// project likewise.
pub(super) fn with_scope(name: ViewName, snapshot: &Snapshot, view: View) -> View {
    let shown = |container: &&Container| !view.hidden.contains(&container.id);
    let scope = match name {
        ViewName::Host | ViewName::Project | ViewName::Walk => Scope::Whole,
        ViewName::PortMapping => Scope::PortMapping,
        ViewName::Bridge => Scope::Bridges,
        ViewName::Nat => Scope::Nat,
        ViewName::Dns => Scope::Dns,
        ViewName::Overlay => Scope::Overlay,
        ViewName::Ingress => Scope::Ingress,
        ViewName::Plugins => Scope::Plugins,
        ViewName::Namespace => {
            let inside = |host: &Host| {
                let own = host.own_namespace().map(|namespace| &namespace.id);
                let of = |container: &Container| container.namespace.clone().filter(|id| Some(id) != own);
                host.containers.iter().filter(shown).filter(|it| it.state.is_alive()).find_map(of)
            };
            let found = snapshot.hosts.iter().find_map(inside);
            let own = || snapshot.hosts.first()?.own_namespace().map(|namespace| namespace.id.clone());
            found.or_else(own).map_or(Scope::Whole, Scope::Namespace)
        }
    };
    let project = (name == ViewName::Project)
        .then(|| {
            let containers = snapshot.hosts.iter().flat_map(|host| &host.containers).filter(shown);
            containers.filter_map(|container| container.compose.as_ref()).map(|compose| compose.project.clone()).next()
        })
        .flatten();
    View { scope, filter: Filter { project, ..view.filter.clone() }, ..view }
}
