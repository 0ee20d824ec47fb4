//! `findings`: where Docker's intent and the kernel's state disagree, and what is worth knowing.

use bridgewalk_analysis::findings;
use bridgewalk_model::{Answer, Snapshot, Text};
use serde::Serialize;

use super::{
    listing::{Listing, Row},
    table::{Cell, cell},
};
use crate::words;

/// A finding with the host that it is about.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    /// The host.
    pub host: Text,
    /// The name of what it is about.
    pub about: String,
    /// The finding.
    #[serde(flatten)]
    pub finding: bridgewalk_analysis::Finding,
}

impl Row for Finding {
    const NAME: &'static str = "findings";
    const COLUMNS: &'static [&'static str] = &["column-host", "column-severity", "column-subject", "column-finding"];
    const ANSWER: Answer = Answer::Findings;

    fn rows(snapshot: &Snapshot) -> Vec<Self> {
        let host_of = |finding: &bridgewalk_analysis::Finding| {
            let subject = &finding.subject;
            snapshot.hosts.iter().find(|host| host.id == *subject || subject.is_within(&host.id))
        };
        findings(snapshot)
            .into_iter()
            .map(|finding| Self {
                host: host_of(&finding).map(super::host_label).unwrap_or_default(),
                about: words::name(snapshot, &finding.subject),
                finding,
            })
            .collect()
    }

    fn cells(&self, listing: &Listing<'_>) -> Vec<Cell> {
        vec![
            cell(&self.host),
            cell(&listing.words.severity(self.finding.severity)),
            cell(&self.about),
            cell(&listing.words.finding(listing.snapshot, &self.finding)),
        ]
    }
}
