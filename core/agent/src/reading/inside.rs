//! What processes see inside their containers: files of names, and their own numbers there.

use std::collections::HashSet;

use bridgewalk_model::{
    Limit, SourceKind,
    kernel::{NameFiles, Process},
};

use super::{name_files, remedy};
use crate::discovery::processes;

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    /// Of each container, through the first process of it that is known.
    pub(crate) name_files: Vec<NameFiles>,
    /// Containers into which this process may not look.
    pub(crate) limits: Vec<Limit>,
    /// Processes, as they were asked for, with their numbers in their own PID namespace.
    pub(crate) inner_pids: Vec<(Process, Option<u32>)>,
}

impl Inside {
    /// Looks through `processes`, which are in containers.
    pub(crate) fn read(processes: Vec<Process>) -> Self {
        let mut inside = Self::default();
        let mut asked: HashSet<&str> = HashSet::new();
        for process in &processes {
            let Some(container_id) = &process.container_id else { continue };
            if !asked.insert(container_id) {
                continue;
            }
            let (files, missing) = name_files::read(process.pid);
            inside.name_files.extend(files);
            inside.limits.extend(missing.into_iter().map(|reason| Limit {
                source: SourceKind::NameFiles,
                namespace: process.namespace,
                remedy: remedy(&reason),
                reason,
            }));
        }
        inside.limits.dedup();
        let numbered = |process: Process| {
            let inner_pid = processes::inner_pid(process.pid);
            (process, inner_pid)
        };
        inside.inner_pids = processes.into_iter().map(numbered).collect();
        inside
    }
}
