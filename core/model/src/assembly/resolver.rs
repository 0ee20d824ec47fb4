//! `resolv.conf` and `hosts`, parsed (resolv.conf(5), hosts(5)).

use super::Draft;
use crate::{
    Text,
    kernel::NameFiles,
    snapshot::{NamespaceKind, Resolver},
};

/// More lines of a file than this are not shown.
const MAX_LINES: usize = 512;

/// Gives each namespace what its processes resolve with.
pub(super) fn fill(draft: &mut Draft<'_>) {
    let mut found: Vec<(usize, Resolver)> = Vec::new();
    for files in &draft.state.name_files {
        let process = draft.processes.get(&files.pid);
        let by_pid = || draft.state.containers.values().find(|container| container.pid == Some(files.pid));
        let container_id = process
            .and_then(|process| process.container_id.as_deref())
            .filter(|id| draft.state.containers.contains_key(*id))
            .or_else(|| by_pid().map(|container| container.container_id.as_str()));
        let home = container_id.and_then(|id| draft.homes.get(id)).copied().or_else(|| {
            let inode = process?.namespace?;
            draft.by_inode.get(&inode).copied()
        });
        if let Some(home) = home {
            found.push((home, parse(files, container_id.map(|id| draft.container_id(id)))));
        }
    }
    for (home, resolver) in found {
        let Some(namespace) = draft.namespaces.get_mut(home) else { continue };
        // Of the host's own processes and of those that share a container's root, one is enough.
        let is_known = namespace.resolvers.iter().any(|known| known.container == resolver.container);
        if !is_known || (resolver.container.is_none() && namespace.kind != NamespaceKind::Host) {
            namespace.resolvers.push(resolver);
        }
    }
    for namespace in &mut draft.namespaces {
        namespace.resolvers.sort_by(|a, b| (&a.container, a.pid).cmp(&(&b.container, b.pid)));
    }
}

fn parse(files: &NameFiles, container: Option<crate::EntityId>) -> Resolver {
    let mut resolver = Resolver {
        container,
        pid: files.pid,
        nameservers: Vec::new(),
        search: Vec::new(),
        options: Vec::new(),
        hosts: Vec::new(),
        is_embedded_dns: false,
    };
    for line in files.resolv_conf.as_deref().unwrap_or_default().lines().take(MAX_LINES) {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => resolver.nameservers.extend(words.next().map(Text::new)),
            // The last of them counts.
            Some("search" | "domain") => resolver.search = words.map(Text::new).collect(),
            Some("options") => resolver.options.extend(words.map(Text::new)),
            _ => {}
        }
    }
    for line in files.hosts.as_deref().unwrap_or_default().lines().take(MAX_LINES) {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        if let Some(address) = words.next() {
            resolver.hosts.push((Text::new(address), words.map(Text::new).collect()));
        }
    }
    resolver.is_embedded_dns = matches!(resolver.nameservers.as_slice(), [only] if only.as_str() == "127.0.0.11");
    resolver
}
