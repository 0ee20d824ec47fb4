//! What bollard alone makes of an engine's answers, and what is made of the same here: why there is a transport of our own
//! below it. Bollard alone is [`Client::docker`], which nobody bounds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    sync::Arc,
};

use bridgewalk_docker::{
    ANSWER_TIMEOUT, Client, EngineError,
    bollard::{models, query_parameters::EventsOptionsBuilder},
    endpoint::{Address, Endpoint, Origin},
};
use futures_util::StreamExt;

/// An engine that answers each path, without its version, always so.
fn engine(answers: &[(&str, String)]) -> (tempfile::TempDir, Endpoint) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let version = ("/version", r#"{"ApiVersion":"1.41"}"#.to_owned());
    let answers = answers.iter().chain([&version]).map(|(path, answer)| ((*path).to_owned(), answer.clone()));
    let answers: Arc<HashMap<String, String>> = Arc::new(answers.collect());
    let serve = move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::Builder::new().name("engine".to_owned()).spawn(move || answer(stream, &answers)).unwrap();
        }
    };
    std::thread::Builder::new().name("engine".to_owned()).spawn(serve).unwrap();
    (folder, Endpoint { address: Address::Unix(path), tls: None, origin: Origin::HostOption })
}

fn answer(stream: UnixStream, answers: &HashMap<String, String>) {
    let mut output = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(first)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let path = first.split([' ', '?']).nth(1).unwrap_or_default();
        let path = path.strip_prefix("/v1.41").unwrap_or(path);
        let (status, body) = match answers.get(path) {
            Some(body) => ("200 OK", body.as_str()),
            None => ("404 Not Found", "{}"),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        if output.write_all(head.as_bytes()).and_then(|()| output.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn one_field_that_is_refused_costs_bollard_the_list_and_us_the_field() {
    let list = r#"[{"Id":"a","State":"thinking"},{"Id":"b"}]"#.to_owned();
    let (_folder, endpoint) = engine(&[("/containers/json", list)]);
    run(async {
        let client = Client::connect(endpoint).await.unwrap();
        assert!(client.docker().list_containers(None).await.is_err());
        let body =
            client.ask(ANSWER_TIMEOUT, |docker| async move { docker.list_containers(None).await }).await.unwrap();
        let answer = body.items(9).unwrap();
        let ids: Vec<_> = answer.is.into_iter().filter_map(|item| item.id).collect();
        assert_eq!(ids, ["a", "b"]);
        let said = answer.odd.unwrap().to_string();
        assert!(said.contains("GET /v1.41/containers/json") && said.contains("State"), "{said}");
    });
}

#[test]
fn an_answer_of_any_length_is_read_by_bollard_and_refused_by_us() {
    let (_folder, endpoint) = engine(&[("/containers/json", format!("[{}]", " ".repeat(33 << 20)))]);
    run(async {
        let client = Client::connect(endpoint).await.unwrap();
        assert_eq!(client.docker().list_containers(None).await.unwrap(), []);
        let asked = client.ask(ANSWER_TIMEOUT, |docker| async move { docker.list_containers(None).await }).await;
        assert!(matches!(asked.map(|_| ()), Err(EngineError::TooLong { .. })));
    });
}

#[test]
fn an_event_of_any_length_is_waited_for_by_bollard_and_refused_by_us() {
    let event = format!("{{\"Type\":\"container\",\"Action\":\"{}\"}}\n", "x".repeat(3 << 20));
    let (_folder, endpoint) = engine(&[("/events", event)]);
    run(async {
        let client = Client::connect(endpoint).await.unwrap();
        let options = || EventsOptionsBuilder::new().build();
        let alone = Box::pin(client.docker().events(Some(options()))).next().await.unwrap();
        assert_eq!(alone.unwrap().action.unwrap().len(), 3 << 20);
        let mut events = client.events(options()).await.unwrap();
        let error = events.next().await.unwrap_err();
        assert!(matches!(error, EngineError::TooLong { .. }), "{error}");
    });
}

#[test]
fn events_are_metered_one_by_one() {
    let event = format!("{{\"Type\":\"container\",\"Action\":\"{}\"}}\n", "x".repeat(64 << 10));
    let (_folder, endpoint) = engine(&[("/events", event.repeat(100))]);
    run(async {
        let client = Client::connect(endpoint).await.unwrap();
        let mut events = client.events(EventsOptionsBuilder::new().build()).await.unwrap();
        for _ in 0..100 {
            events.next().await.unwrap();
        }
        assert!(events.next().await.is_err());
    });
}

#[test]
fn what_an_engine_refuses_is_its_own_words_and_what_is_asked_is_named() {
    let (_folder, endpoint) = engine(&[]);
    run(async {
        let client = Client::connect(endpoint).await.unwrap();
        assert_eq!(client.api_version(), "1.41");
        let asked = client.ask(ANSWER_TIMEOUT, |docker| async move { docker.info().await }).await;
        let Err(EngineError::Refused { request, status, .. }) = asked.map(|_| ()) else { panic!("not refused") };
        assert_eq!((request.as_str(), status), ("GET /v1.41/info", 404));
        let error = client.events(EventsOptionsBuilder::new().build()).await.map(|_| ()).unwrap_err();
        assert!(error.is_gone(), "{error}");
        let error = client.docker().start_container("x", None).await.unwrap_err();
        assert!(client.error(&error).await.is_gone(), "{error}");
    });
}

/// When these fail, bollard has what is read beside its types today.
#[test]
fn bollards_types_lack_what_is_read_beside_them() {
    let known = |value: serde_json::Value| value.as_object().unwrap().len();
    let info: models::SystemInfo =
        serde_json::from_str(r#"{"BridgeNfIptables":true,"BridgeNfIp6tables":true}"#).unwrap();
    assert_eq!(known(serde_json::to_value(info).unwrap()), 0);
    let task: models::Task =
        serde_json::from_str(r#"{"NetworksAttachments":[{"Addresses":["10.0.0.3/24"]}]}"#).unwrap();
    assert_eq!(known(serde_json::to_value(task).unwrap()), 0);
}
