//! Recordings: everything in them has happened.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use bridgewalk_model::{
    Fact, Observation, Snapshot,
    assembly::{State, assemble},
    recording::{Recording, RecordingError},
};

use super::{Demo, SourceError, Update};

/// Where a recording does not say when its first full observation was complete: what comes this close together after its
/// beginning.
const QUIET_MS: u64 = 200;

/// One or several recordings, each of one or several hosts.
#[derive(Debug)]
pub struct RecordedSource {
    /// Each host's observations, in their order.
    hosts: Vec<Vec<Observation>>,
    /// What is still to be handed on.
    updates: std::vec::IntoIter<Update>,
    last: Arc<Snapshot>,
    cut_off: Vec<PathBuf>,
}

impl RecordedSource {
    /// Reads the recordings at `paths`, in this order.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn read(paths: &[PathBuf]) -> Result<Self, SourceError> {
        let (mut hosts, mut cut_off) = (Vec::new(), Vec::new());
        for path in paths {
            let recording = open(path)?;
            if recording.is_truncated {
                cut_off.push(path.clone());
            }
            hosts.extend(recording.hosts);
        }
        Ok(Self::of(hosts, cut_off))
    }

    /// A bundled recording.
    ///
    /// # Errors
    /// It is damaged: a test sees to it that it is not.
    pub fn demo(demo: Demo) -> Result<Self, SourceError> {
        let read = |(name, bytes): &(&str, &[u8])| match Recording::read(*bytes) {
            Ok(recording) => Ok(recording.hosts),
            Err(error) => Err(SourceError::Recording { path: name.into(), error }),
        };
        let recordings: Vec<_> = demo.recordings().iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self::of(recordings.concat(), Vec::new()))
    }

    fn of(hosts: Vec<Vec<Observation>>, cut_off: Vec<PathBuf>) -> Self {
        let states: Vec<State> = hosts.iter().map(|observations| fold(observations)).collect();
        let last = Arc::new(assemble(&states.iter().collect::<Vec<_>>()));
        last.graph();
        let observed = Update::Observed {
            observations: hosts.iter().enumerate().map(|(host, all)| (host, all.as_slice().into())).collect(),
            snapshot: Arc::clone(&last),
        };
        Self { hosts, updates: vec![observed, Update::Complete].into_iter(), last, cut_off }
    }

    /// What is still to be handed on: one update with everything, and that it is complete.
    pub fn take(&mut self) -> Option<Update> {
        self.updates.next()
    }

    /// The snapshot at the recording's end.
    pub fn last(&self) -> Arc<Snapshot> {
        Arc::clone(&self.last)
    }

    /// Recordings whose end is missing, as when the recorder was killed.
    pub fn cut_off(&self) -> &[PathBuf] {
        &self.cut_off
    }

    /// Each host's observations.
    pub fn observations(&self) -> &[Vec<Observation>] {
        &self.hosts
    }

    /// Snapshots as time goes on: first that of the first full observation, then one for each moment at which something
    /// was observed.
    pub fn moments(&self) -> impl Iterator<Item = Snapshot> {
        let mut in_time: Vec<Moment<'_>> = Vec::new();
        for (host, all) in self.hosts.iter().enumerate() {
            let complete_at = all.iter().position(|observation| observation.fact == Fact::Complete);
            in_time.extend(all.iter().enumerate().map(|(at, observation)| Moment {
                host,
                beginning: complete_at.map(|complete_at| at <= complete_at),
                observation,
            }));
        }
        in_time.sort_by_key(|each| each.observation.at_ms);
        let mut moments: Vec<Vec<Moment<'_>>> = Vec::new();
        for each in in_time {
            let is_first = moments.len() <= 1;
            match moments.last_mut() {
                Some(moment) if each.belongs(moment, is_first) => moment.push(each),
                _ => moments.push(vec![each]),
            }
        }
        let mut states = vec![State::default(); self.hosts.len()];
        moments.into_iter().map(move |moment| {
            for Moment { host, observation, .. } in moment {
                if let Some(state) = states.get_mut(host) {
                    state.apply(observation);
                }
            }
            assemble(&states.iter().collect::<Vec<_>>())
        })
    }
}

/// An observation in its recording.
#[derive(Clone, Copy)]
struct Moment<'a> {
    host: usize,
    /// Whether it is of the first full observation; none where the recording does not say when that was complete.
    beginning: Option<bool>,
    observation: &'a Observation,
}

impl Moment<'_> {
    /// Whether it was made together with those before it.
    fn belongs(&self, before: &[Self], is_first: bool) -> bool {
        let Some(last) = before.last() else { return false };
        let pause_ms = self.observation.at_ms.saturating_sub(last.observation.at_ms);
        pause_ms == 0
            || match self.beginning {
                Some(true) => (is_first && pause_ms < QUIET_MS) || before.iter().any(|one| one.host == self.host),
                Some(false) => false,
                None => is_first && pause_ms < QUIET_MS,
            }
    }
}

pub(super) fn fold(observations: &[Observation]) -> State {
    let mut state = State::default();
    for observation in observations {
        state.apply(observation);
    }
    state
}

/// The recording at `path`.
pub(super) fn open(path: &Path) -> Result<Recording, SourceError> {
    let file = File::open(path).map_err(RecordingError::Io);
    file.and_then(Recording::read).map_err(|error| SourceError::Recording { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::HostFacts;

    use super::*;

    fn at(at_ms: u64) -> Observation {
        let facts = HostFacts { hostname: "alpha".to_owned(), ..HostFacts::default() };
        Observation { at_ms, fact: Fact::Host(facts) }
    }

    #[test]
    fn the_first_moment_is_the_first_full_observation() {
        let source = RecordedSource::of(vec![[0, 10, 150, 2_000, 2_000, 2_010].map(at).into()], Vec::new());
        let times: Vec<_> = source.moments().map(|snapshot| snapshot.at_ms).collect();
        assert_eq!(times, [150, 2_000, 2_010]);
    }

    #[test]
    fn the_first_moment_ends_where_the_recording_says_so() {
        let complete = Observation { at_ms: 4_000, fact: Fact::Complete };
        let mut all = [0, 10, 2_000].map(at).to_vec();
        all.extend([complete, at(4_010), at(4_020)]);
        let later = all.iter().map(|one| Observation { at_ms: one.at_ms + 60_000, ..one.clone() }).collect();
        let source = RecordedSource::of(vec![all, later], Vec::new());
        let times: Vec<_> = source.moments().map(|snapshot| snapshot.at_ms).collect();
        assert_eq!(times, [4_000, 4_010, 4_020, 64_000, 64_010, 64_020]);
    }

    #[test]
    fn the_bundled_recordings_open_and_miss_nothing_but_what_their_kernels_lack() {
        for demo in Demo::ALL {
            let mut source = RecordedSource::demo(demo).unwrap();
            assert!(matches!(source.take(), Some(Update::Observed { .. })));
            assert!(matches!(source.take(), Some(Update::Complete)));
            assert!(source.take().is_none());
            let last = source.last();
            assert_eq!(last.hosts.len(), demo.recordings().len());
            for limit in last.hosts.iter().flat_map(|host| &host.limits) {
                assert!(format!("{limit:?}").contains("Ipvs"), "{demo:?}: {limit:?}");
            }
        }
    }

    #[test]
    fn recordings_opened_together_and_saved_are_the_same_hosts_again() {
        let folder = tempfile::tempdir().unwrap();
        let (saved, again) = (folder.path().join("saved.bwrec"), folder.path().join("again.bwrec"));
        let svg = |snapshot: &Snapshot| {
            let words = crate::words::Words::default();
            let drawing = bridgewalk_diagram::draw(snapshot, &bridgewalk_diagram::View::default(), None, &words);
            bridgewalk_diagram::export::svg(&drawing.scene)
        };
        for demo in Demo::ALL {
            let opened = RecordedSource::demo(demo).unwrap();
            crate::source::save(&saved, opened.observations()).unwrap();
            let reopened = RecordedSource::read(std::slice::from_ref(&saved)).unwrap();
            assert!(opened.last().hosts.len() == reopened.last().hosts.len(), "{demo:?}");
            assert!(opened.observations() == reopened.observations() && opened.last() == reopened.last(), "{demo:?}");
            assert!(svg(&opened.last()) == svg(&reopened.last()), "{demo:?}");
            let moments = |source: &RecordedSource| source.moments().collect::<Vec<_>>();
            assert!(moments(&opened) == moments(&reopened), "{demo:?}");
            crate::source::save(&again, reopened.observations()).unwrap();
            assert!(std::fs::read(&saved).unwrap() == std::fs::read(&again).unwrap(), "{demo:?}");
        }
    }
}
