//! An engine on a socket of its own that answers from a table, and says the events it is told to.

#![allow(clippy::unwrap_used, dead_code, reason = "a test that cannot set up its engine has failed")]

use std::{
    collections::BTreeMap,
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
type Answers = Arc<Mutex<BTreeMap<String, Answer>>>;

/// What is said to a request.
#[derive(Clone)]
pub(crate) enum Answer {
    Json(Value),
    /// A body that need not be JSON, or not as `Value` has it.
    Bytes(Arc<Vec<u8>>),
    /// Nothing, for ever.
    Never,
}

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
            answers: Arc::new(Mutex::new(
                answers.into_iter().map(|(path, answer)| (path, Answer::Json(answer))).collect(),
            )),
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
        match answer {
            Some(answer) => self.answer_with(path, Answer::Json(answer)),
            None => drop(self.answers.lock().unwrap().remove(path)),
        }
    }

    /// Changes an answer to something else than JSON.
    pub(crate) fn answer_with(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Whether somebody listens to events.
    pub(crate) fn is_listened_to(&self) -> bool {
        !self.listeners_to_events.lock().unwrap().is_empty()
    }

    /// Says an event to whoever listens.
    pub(crate) fn event(&self, event: &Value) {
        self.events(&format!("{event}\n"));
    }

    /// Says several, a line each; false when nobody takes them any more.
    pub(crate) fn events(&self, lines: &str) -> bool {
        let mut listeners = self.listeners_to_events.lock().unwrap();
        listeners.retain_mut(|stream| write!(stream, "{:x}\r\n{lines}\r\n", lines.len()).is_ok());
        !listeners.is_empty()
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
            Some(Answer::Json(answer)) => ("200 OK", Arc::new(answer.to_string().into_bytes())),
            Some(Answer::Bytes(bytes)) => ("200 OK", bytes),
            Some(Answer::Never) => continue,
            None => {
                let body = json!({"message": format!("no such thing: {path}")}).to_string();
                ("404 Not Found", Arc::new(body.into_bytes()))
            }
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        if output.write_all(head.as_bytes()).and_then(|()| output.write_all(&body)).is_err() {
            return;
        }
    }
}
