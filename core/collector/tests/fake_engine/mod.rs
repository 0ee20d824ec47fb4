//! An engine on a socket of its own that answers from a table, and says the events it is told to.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its engine has failed")]

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde_json::{Map, Value, json};

/// Answers by path, without version and query.
type Answers = Arc<Mutex<Map<String, Value>>>;

pub(crate) struct FakeEngine {
    folder: tempfile::TempDir,
    answers: Answers,
    connections: Arc<Mutex<Vec<UnixStream>>>,
    listeners_to_events: Arc<Mutex<Vec<UnixStream>>>,
    stopped: Arc<AtomicBool>,
}

impl FakeEngine {
    pub(crate) fn start(answers: Map<String, Value>) -> Self {
        let mut engine = Self {
            folder: tempfile::tempdir().unwrap(),
            answers: Arc::new(Mutex::new(answers)),
            connections: Arc::default(),
            listeners_to_events: Arc::default(),
            stopped: Arc::default(),
        };
        engine.start_again();
        engine
    }

    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    pub(crate) fn start_again(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        self.stopped = Arc::default();
        let (answers, connections) = (Arc::clone(&self.answers), Arc::clone(&self.connections));
        let (events, stopped) = (Arc::clone(&self.listeners_to_events), Arc::clone(&self.stopped));
        let accept = move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                connections.lock().unwrap().push(stream.try_clone().unwrap());
                let (answers, events) = (Arc::clone(&answers), Arc::clone(&events));
                let serve = move || serve(stream, &answers, &events);
                thread::Builder::new().name("fake-engine".to_owned()).spawn(serve).unwrap();
            }
        };
        thread::Builder::new().name("fake-engine".to_owned()).spawn(accept).unwrap();
    }

    /// As a daemon that was killed: connections break, and the socket is gone.
    pub(crate) fn stop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(self.socket());
        for stream in self.connections.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        self.listeners_to_events.lock().unwrap().clear();
        std::fs::rename(self.socket(), self.folder.path().join("old.sock")).unwrap();
    }

    /// Changes an answer; none: there is no such thing.
    pub(crate) fn answer(&self, path: &str, answer: Option<Value>) {
        let mut answers = self.answers.lock().unwrap();
        match answer {
            Some(answer) => answers.insert(path.to_owned(), answer),
            None => answers.remove(path),
        };
    }

    /// Says an event to whoever listens.
    pub(crate) fn event(&self, event: &Value) {
        let line = format!("{event}\n");
        for stream in self.listeners_to_events.lock().unwrap().iter_mut() {
            let _ = write!(stream, "{:x}\r\n{line}\r\n", line.len());
        }
    }
}

fn serve(stream: UnixStream, answers: &Answers, events: &Mutex<Vec<UnixStream>>) {
    let mut output = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(first)) = lines.next() {
        for line in lines.by_ref() {
            match line {
                Ok(line) if line.is_empty() => break,
                Ok(_) => {}
                Err(_) => return,
            }
        }
        let path = first.split(' ').nth(1).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let path = match path.strip_prefix("/v1.").and_then(|rest| rest.split_once('/')) {
            Some((_, rest)) => format!("/{rest}"),
            None => path.to_owned(),
        };
        if path == "/events" {
            let _ = write!(output, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            events.lock().unwrap().push(output.try_clone().unwrap());
            continue;
        }
        let answer = answers.lock().unwrap().get(&path).cloned();
        let (status, body) = match answer {
            Some(answer) => ("200 OK", answer),
            None => ("404 Not Found", json!({"message": format!("no such thing: {path}")})),
        };
        let body = body.to_string();
        if write!(output, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).is_err() {
            return;
        }
    }
}
