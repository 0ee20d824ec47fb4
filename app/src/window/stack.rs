//! A namespace from the inside, as tables: what the picture shows, to be read, compared and copied.

use std::collections::HashMap;

use bridgewalk_model::{
    EntityId,
    kernel::{NextHop, SocketState},
    snapshot::{Host, Namespace},
};
use egui::{RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};

use super::{
    command::Command,
    context::Context,
    icon::{Icon, icon_button},
    theme::strong,
};

/// The tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Interfaces,
    Routes,
    Neighbours,
    Sockets,
    Names,
    Rules,
}

impl Tab {
    const ALL: [Self; 6] = [Self::Interfaces, Self::Routes, Self::Neighbours, Self::Sockets, Self::Names, Self::Rules];

    const fn key(self) -> &'static str {
        match self {
            Self::Interfaces => "stack-interfaces",
            Self::Routes => "stack-routes",
            Self::Neighbours => "stack-neighbours",
            Self::Sockets => "stack-sockets",
            Self::Names => "stack-names",
            Self::Rules => "stack-rules",
        }
    }
}

/// A table's contents: headings, then rows; a row may lead to a thing.
struct Table {
    headings: Vec<String>,
    rows: Vec<(Option<EntityId>, Vec<String>)>,
}

/// Which table is open.
#[derive(Default)]
pub(super) struct Stack {
    tab: Tab,
}

impl Stack {
    /// Shows `namespace`, by its id.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>, namespace: &EntityId) {
        let Some((host, namespace)) = ctx.seen.snapshot.namespace(namespace) else {
            ui.label(RichText::new(ctx.words.text("window-gone-hint")).color(ctx.colors.soft));
            return;
        };
        let table = self.table(ctx, host, namespace);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for tab in Tab::ALL {
                let is_open = self.tab == tab;
                let text = RichText::new(ctx.words.text(tab.key()));
                let text = if is_open {
                    text.font(strong(13.5)).color(ctx.colors.accent)
                } else {
                    text.color(ctx.colors.soft)
                };
                if ui.add(egui::Button::selectable(is_open, text)).clicked() {
                    self.tab = tab;
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if icon_button(ui, Icon::Copy, &ctx.words.text("stack-copy"), !table.rows.is_empty()).clicked() {
                    ctx.send(Command::Copy(as_text(&table)));
                }
                if let Some(command) = self.command(namespace)
                    && icon_button(ui, Icon::Terminal, &command, true).clicked()
                {
                    ctx.send(Command::Copy(command));
                }
            });
        });
        ui.add_space(2.0);
        if table.rows.is_empty() {
            let text = if namespace.limits.is_empty() { "stack-empty" } else { "stack-not-seen" };
            ui.label(RichText::new(ctx.words.text(text)).color(ctx.colors.soft));
            for limit in &namespace.limits {
                ui.label(RichText::new(ctx.words.limit(limit)).color(ctx.colors.soft).size(12.5));
            }
            return;
        }
        ScrollArea::horizontal().id_salt(self.tab.key()).show(ui, |ui| table_ui(ui, ctx, &table));
    }

    /// The command that shows the same table in a terminal on that host.
    fn command(&self, namespace: &Namespace) -> Option<String> {
        let inside = match self.tab {
            Tab::Interfaces => "ip addr",
            Tab::Routes => "ip route show table all",
            Tab::Neighbours => "ip neigh",
            Tab::Sockets => "ss -tulpn",
            Tab::Names => "cat /etc/resolv.conf /etc/hosts",
            Tab::Rules => "nft list ruleset",
        };
        if namespace.is_host {
            return Some(format!("sudo {inside}"));
        }
        let option = if self.tab == Tab::Names { "-m" } else { "-n" };
        namespace.pid.map(|pid| format!("sudo nsenter -t {pid} {option} {inside}"))
    }

    fn table(&self, ctx: &Context<'_>, host: &Host, namespace: &Namespace) -> Table {
        match self.tab {
            Tab::Interfaces => interfaces(ctx, host, namespace),
            Tab::Routes => routes(ctx, namespace),
            Tab::Neighbours => neighbours(ctx, namespace),
            Tab::Sockets => sockets(ctx, host, namespace),
            Tab::Names => names(ctx, host, namespace),
            Tab::Rules => rules(ctx, namespace),
        }
    }
}

fn headings(ctx: &Context<'_>, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| ctx.words.text(key)).collect()
}

fn names_of(namespace: &Namespace) -> HashMap<u32, &str> {
    namespace.interfaces.iter().map(|interface| (interface.link.if_index, interface.name.as_str())).collect()
}

fn interfaces(ctx: &Context<'_>, host: &Host, namespace: &Namespace) -> Table {
    let row = |interface: &bridgewalk_model::snapshot::Interface| {
        let addresses: Vec<String> = interface.addresses.iter().map(ToString::to_string).collect();
        let graph = ctx.seen.snapshot.graph();
        let id = &interface.id;
        let other = graph.peer(id).or_else(|| graph.parent(id)).or_else(|| graph.master(id));
        let other = other.and_then(|other| {
            let end = host.interface(other)?;
            let owner = host.namespace(&end.namespace)?;
            let bridge = graph
                .master(&end.id)
                .and_then(|master| host.interface(master))
                .map(|bridge| format!(" → {}", bridge.name));
            let owner = if owner.is_host { &host.name } else { &owner.name };
            Some(format!("{} ({owner}){}", end.name, bridge.unwrap_or_default()))
        });
        let cells = vec![
            format!("{}: {}", interface.link.if_index, interface.name),
            ctx.words.link_kind(&interface.link.kind),
            ctx.words.oper_state(interface.link.oper_state),
            addresses.join("\n"),
            interface.link.mac_address.map_or_else(String::new, |mac| mac.to_string()),
            interface.link.mtu.to_string(),
            other.unwrap_or_default(),
        ];
        (Some(interface.id.clone()), cells)
    };
    Table {
        headings: headings(
            ctx,
            &[
                "stack-interface",
                "stack-kind",
                "stack-state",
                "stack-addresses",
                "stack-mac",
                "stack-mtu",
                "stack-other-end",
            ],
        ),
        rows: namespace.interfaces.iter().map(row).collect(),
    }
}

fn routes(ctx: &Context<'_>, namespace: &Namespace) -> Table {
    let names = names_of(namespace);
    let hop = |hop: &NextHop| {
        let name = names.get(&hop.if_index).copied().unwrap_or("?");
        hop.gateway.map_or_else(|| name.to_owned(), |gateway| format!("{gateway} ({name})"))
    };
    let row = |route: &bridgewalk_model::kernel::Route| {
        let table = match route.table {
            254 => "main".to_owned(),
            255 => "local".to_owned(),
            other => other.to_string(),
        };
        let hops: Vec<String> = route.next_hops.iter().map(hop).collect();
        let destination = match route.destination.prefix_len() {
            0 => format!("default ({})", route.destination),
            _ => route.destination.to_string(),
        };
        let source = route.preferred_source.map_or_else(String::new, |source| source.to_string());
        (None, vec![destination, hops.join("\n"), table, source, route.metric.to_string(), route.protocol.clone()])
    };
    // What decides first for most packets stands first: main before local.
    let mut sorted: Vec<_> = namespace.routes.iter().collect();
    sorted.sort_by_key(|route| route.table == 255);
    Table {
        headings: headings(
            ctx,
            &["stack-destination", "stack-via", "stack-table", "stack-source", "stack-metric", "stack-protocol"],
        ),
        rows: sorted.into_iter().map(row).collect(),
    }
}

fn neighbours(ctx: &Context<'_>, namespace: &Namespace) -> Table {
    let names = names_of(namespace);
    let row = |neighbour: &bridgewalk_model::kernel::Neighbour| {
        let cells = vec![
            neighbour.address.to_string(),
            neighbour.mac_address.map_or_else(String::new, |mac| mac.to_string()),
            names.get(&neighbour.if_index).copied().unwrap_or("?").to_owned(),
            ctx.words.neighbour_state(neighbour.state),
        ];
        (None, cells)
    };
    Table {
        headings: headings(ctx, &["stack-address", "stack-mac", "stack-interface", "stack-state"]),
        rows: namespace.neighbours.iter().map(row).collect(),
    }
}

fn sockets(ctx: &Context<'_>, host: &Host, namespace: &Namespace) -> Table {
    let row = |named: &bridgewalk_model::snapshot::NamedSocket| {
        let socket = &named.socket;
        let at = |it: bridgewalk_model::AddressPort| std::net::SocketAddr::new(it.address, it.port).to_string();
        let state = match socket.state {
            SocketState::Listen => ctx.words.text("stack-listens"),
            SocketState::Established => ctx.words.text("stack-connected"),
            SocketState::Other => ctx.words.text("stack-other"),
        };
        let process = match (&named.command, socket.pid) {
            (Some(command), Some(pid)) => format!("{command} ({pid})"),
            (_, Some(pid)) => pid.to_string(),
            _ => String::new(),
        };
        let container =
            named.container.as_ref().and_then(|id| host.container(id)).map(|container| container.name.to_string());
        let cells = vec![
            socket.transport.to_string(),
            state,
            at(socket.local),
            socket.remote.map_or_else(String::new, at),
            process,
            container.unwrap_or_default(),
        ];
        (named.container.clone(), cells)
    };
    Table {
        headings: headings(
            ctx,
            &["stack-protocol", "stack-state", "stack-local", "stack-remote", "stack-process", "diagram-container"],
        ),
        rows: namespace.sockets.iter().map(row).collect(),
    }
}

fn names(ctx: &Context<'_>, host: &Host, namespace: &Namespace) -> Table {
    let mut rows = Vec::new();
    for resolver in &namespace.resolvers {
        let whose = resolver
            .container
            .as_ref()
            .and_then(|id| host.container(id))
            .map_or_else(|| resolver.pid.to_string(), |it| it.name.to_string());
        let mut push = |file: &str, line: String, note: String| {
            rows.push((resolver.container.clone(), vec![whose.clone(), file.to_owned(), line, note]));
        };
        for server in &resolver.nameservers {
            let note = if resolver.is_embedded_dns { ctx.words.text("diagram-embedded-dns") } else { String::new() };
            push("resolv.conf", format!("nameserver {server}"), note);
        }
        let joined = |texts: &[bridgewalk_model::Text]| {
            texts.iter().map(bridgewalk_model::Text::as_str).collect::<Vec<_>>().join(" ")
        };
        if !resolver.search.is_empty() {
            push("resolv.conf", format!("search {}", joined(&resolver.search)), String::new());
        }
        if !resolver.options.is_empty() {
            push("resolv.conf", format!("options {}", joined(&resolver.options)), String::new());
        }
        for (address, names) in &resolver.hosts {
            push("hosts", format!("{address}  {}", joined(names)), String::new());
        }
    }
    Table { headings: headings(ctx, &["stack-whose", "stack-file", "stack-line", "stack-note"]), rows }
}

fn rules(ctx: &Context<'_>, namespace: &Namespace) -> Table {
    let mut rows = Vec::new();
    for ruleset in namespace.firewall.iter() {
        for table in &ruleset.tables {
            for chain in &table.chains {
                let place = format!("{} {}", table.family, table.name);
                if let Some(base) = &chain.base {
                    let policy = ctx.words.format(
                        "stack-policy",
                        &[
                            ("policy", format!("{:?}", base.policy).to_lowercase().into()),
                            ("hook", format!("{:?}", base.hook).to_lowercase().into()),
                            ("priority", base.priority.into()),
                        ],
                    );
                    rows.push((None, vec![place.clone(), chain.name.clone(), String::new(), policy]));
                }
                for rule in &chain.rules {
                    rows.push((
                        None,
                        vec![place.clone(), chain.name.clone(), rule.position.to_string(), rule.text.clone()],
                    ));
                }
            }
        }
    }
    Table { headings: headings(ctx, &["stack-table", "stack-chain", "stack-position", "stack-rule"]), rows }
}

fn table_ui(ui: &mut Ui, ctx: &Context<'_>, table: &Table) {
    let mut builder = TableBuilder::new(ui).striped(false).auto_shrink([false, false]);
    for column in 0..table.headings.len() {
        let is_last = column + 1 == table.headings.len();
        let width = width(table, column);
        builder = builder.column(if is_last { Column::remainder().at_least(width) } else { Column::exact(width) });
    }
    let heights = table.rows.iter().map(|(_, cells)| {
        let lines = cells.iter().map(|cell| cell.lines().count()).max().unwrap_or(1).max(1);
        8.0 + 17.0 * lines as f32
    });
    let heights: Vec<f32> = heights.collect();
    builder
        .header(24.0, |mut header| {
            for heading in &table.headings {
                header.col(|ui| {
                    ui.label(RichText::new(heading).font(strong(12.5)).color(ctx.colors.soft));
                });
            }
        })
        .body(|body| {
            body.heterogeneous_rows(heights.into_iter(), |mut row| {
                let Some((entity, cells)) = table.rows.get(row.index()) else { return };
                row.set_selected(entity.is_some() && entity.as_ref() == ctx.selection);
                for cell in cells {
                    row.col(|ui| {
                        let text = RichText::new(cell).monospace().size(12.5);
                        let response = ui.add(egui::Label::new(text).selectable(true).extend());
                        if response.clicked()
                            && let Some(entity) = entity
                        {
                            ctx.send(Command::Select(Some(entity.clone())));
                        }
                    });
                }
            });
        });
}

/// The room that a column's longest cell takes, within bounds.
fn width(table: &Table, column: usize) -> f32 {
    // All characters of a monospaced face are equally wide; headings are proportional and narrower.
    const CHARACTER_POINTS: f32 = 7.6;
    let cells = table.rows.iter().filter_map(|(_, cells)| cells.get(column)).flat_map(|cell| cell.lines());
    let longest = cells.chain(table.headings.get(column).map(String::as_str)).map(|line| line.chars().count()).max();
    (longest.unwrap_or(0).clamp(4, 90) as f32 * CHARACTER_POINTS + 12.0).ceil()
}

/// The table as people paste it into a message: columns between tabs.
fn as_text(table: &Table) -> String {
    let mut text = table.headings.join("\t");
    for (_, cells) in &table.rows {
        text.push('\n');
        text.push_str(&cells.iter().map(|cell| cell.replace('\n', " ")).collect::<Vec<_>>().join("\t"));
    }
    text
}
