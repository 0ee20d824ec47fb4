//! Two snapshots of the same host, taken by different ways or at different times, made comparable.

use serde_json::Value;

/// Fields that differ between two looks at a host at rest: clocks, counters, ages, and what the looking itself opens.
const RESTLESS: [&str; 14] = [
    "at_ms",
    "counters",
    "counter",
    "sockets",
    "processes",
    "limits",
    "generation",
    "state_age",
    "neighbours",
    "fdb",
    "daemon_pid",
    "handle",
    "resolvers",
    "nsid",
];

/// Takes out of a snapshot's JSON what may differ without the host's network being another.
pub fn at_rest(snapshot: &mut Value) {
    match snapshot {
        Value::Object(fields) => {
            fields.retain(|name, _| !RESTLESS.contains(&name.as_str()));
            fields.values_mut().for_each(at_rest);
        }
        Value::Array(list) => list.iter_mut().for_each(at_rest),
        _ => {}
    }
}

/// Where two values first differ, as a path with both sides; none: they are equal.
pub fn first_difference(left: &Value, right: &Value) -> Option<String> {
    fn walk(path: &str, left: &Value, right: &Value) -> Option<String> {
        match (left, right) {
            (Value::Object(a), Value::Object(b)) => {
                let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
                keys.into_iter().find_map(|key| {
                    walk(
                        &format!("{path}.{key}"),
                        a.get(key).unwrap_or(&Value::Null),
                        b.get(key).unwrap_or(&Value::Null),
                    )
                })
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
                .iter()
                .zip(b)
                .enumerate()
                .find_map(|(index, (left, right))| walk(&format!("{path}[{index}]"), left, right)),
            _ if left == right => None,
            _ => Some(format!("{path}:\n  {}\n  {}", short(left), short(right))),
        }
    }
    walk("", left, right)
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(600).collect()
}
