//! What programs read: `{"schema_version": 1, "veths": [ … ], "limits": [ … ]}`, documented in `docs/json-schema.md`.

use std::collections::HashSet;

use bridgewalk_model::{Answer, Limit, LimitReason, NamespaceInode, Remedy, Snapshot, SourceKind, Text};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// The version of the documents' schema. Raised when a field changes its meaning or goes; new fields do not raise it.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// A list of rows with its name, and what was not seen.
#[derive(Clone, Debug)]
pub(super) struct Document<'a, Row> {
    /// The name of the list.
    pub name: &'static str,
    /// The list.
    pub rows: &'a [Row],
    /// Whether everything that it rests on was read, so that what is not in it is not there; none: the list says it itself.
    pub is_whole: Option<bool>,
    /// What was not seen.
    pub limits: Vec<LimitRow>,
}

impl<Row: Serialize> Serialize for Document<'_, Row> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        map.serialize_entry(self.name, self.rows)?;
        if let Some(is_whole) = self.is_whole {
            map.serialize_entry("complete", &is_whole)?;
        }
        map.serialize_entry("limits", &self.limits)?;
        map.end()
    }
}

/// One thing that is not seen, with the host it is not seen on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct LimitRow {
    /// The host.
    pub host: Text,
    /// The source that is limited.
    pub source: SourceKind,
    /// The namespace; none: the whole host.
    pub namespace: Option<NamespaceInode>,
    /// Why.
    pub reason: LimitReason,
    /// What would help.
    pub remedy: Remedy,
    /// Since when what the engine, or the agent, said is as last seen: milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
}

impl LimitRow {
    /// The same for the window's and the table's words.
    pub(super) fn limit(&self) -> Limit {
        Limit { source: self.source, namespace: self.namespace, reason: self.reason.clone(), remedy: self.remedy }
    }
}

/// What is not seen of the sources that `answer` rests on.
pub(super) fn limits(snapshot: &Snapshot, answer: Answer) -> Vec<LimitRow> {
    let mut rows: Vec<LimitRow> = Vec::new();
    let mut seen = HashSet::new();
    for host in &snapshot.hosts {
        let within = host.namespaces.iter().flat_map(|namespace| &namespace.limits);
        let everywhere = answer.limits(host).chain(within.filter(|limit| answer.rests_on(limit.source)));
        for limit in everywhere.filter(|limit| seen.insert((&host.id, *limit))) {
            rows.push(LimitRow {
                host: super::host_label(host),
                source: limit.source,
                namespace: limit.namespace,
                reason: limit.reason.clone(),
                remedy: limit.remedy,
                since_ms: match limit.source {
                    SourceKind::Engine => host.engine_lost_ms,
                    SourceKind::Agent => host.agent_lost_ms,
                    _ => None,
                },
            });
        }
    }
    rows
}
