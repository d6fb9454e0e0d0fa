//! A client made with rust_socketio that tells what happens to its connection,
//! as a line of JSON each, and obeys the lines of its standard input.
//!
//!     reelroom-client URL websocket|polling static|function
//!
//! "token T" sets the token, "connect" connects, "emit N" sends N bytes. With "static" it is the blocking client, whose reconnection sends the auth
//! that it began with. With "function" it is the asynchronous one, whose
//! on_reconnect is asked for the auth: the newest token, and the last cursor.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use rust_socketio::asynchronous::{Client as AsyncClient, ClientBuilder as AsyncBuilder, ReconnectSettings};
use rust_socketio::{ClientBuilder, Event, Payload, RawClient, TransportType};
use serde_json::{json, Value};

fn say(line: Value) {
    println!("{line}");
}

fn tell(event: &Event, payload: &Payload, cursor: &Mutex<String>) {
    let Payload::Text(values) = payload else { return };
    let last = values.last().and_then(Value::as_str).unwrap_or("");
    if !last.is_empty() {
        *cursor.lock().unwrap() = last.to_owned();
    }
    say(json!({"at": "event", "name": String::from(event.clone()), "payload": values.first(), "cursor": last}));
}

/// The code in the text that rust_socketio makes of a CONNECT_ERROR, else the text.
fn fail(payload: &Payload) {
    let text = match payload {
        Payload::Text(values) => values.iter().map(|v| v.as_str().map_or(v.to_string(), str::to_owned)).collect::<String>(),
        #[allow(deprecated)]
        Payload::String(text) => text.clone(),
        Payload::Binary(_) => return,
    };
    let refusal = text.find('{').and_then(|at| serde_json::from_str::<Value>(&text[at..]).ok());
    match refusal.as_ref().and_then(|r| r["data"]["code"].as_str()) {
        Some(code) => say(json!({"at": "refused", "code": code})),
        None => say(json!({"at": "error", "reason": text})),
    }
}

fn transport(name: &str) -> TransportType {
    match name {
        "polling" => TransportType::Polling,
        _ => TransportType::Websocket,
    }
}

/// Reads the commands up to "connect", and returns the token.
fn await_connect() -> String {
    let mut token = String::new();
    say(json!({"at": "ready"}));
    for line in std::io::stdin().lines().map_while(Result::ok) {
        match line.split_once(' ') {
            Some(("token", first)) => token = first.to_owned(),
            _ => break,
        }
    }
    token
}

/// Calls emit with a payload of N bytes for each "emit N".
fn obey(token: &Mutex<String>, emit: impl Fn(Value)) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        match line.split_once(' ') {
            Some(("token", fresh)) => *token.lock().unwrap() = fresh.to_owned(),
            Some(("emit", size)) => emit(json!("x".repeat(size.parse().unwrap()))),
            _ => panic!("unknown command: {line}"),
        }
    }
}

fn blocking(url: &str, name: &str, token: &str) {
    let cursor = Mutex::new(String::new());
    let client = ClientBuilder::new(url)
        .transport_type(transport(name))
        .auth(json!({"token": token}))
        .on(Event::Connect, |_: Payload, _: RawClient| say(json!({"at": "connect"})))
        .on(Event::Close, |_: Payload, _: RawClient| say(json!({"at": "disconnect"})))
        .on(Event::Error, |payload: Payload, _: RawClient| fail(&payload))
        .on_any(move |event, payload, _| tell(&event, &payload, &cursor))
        .connect()
        .expect("connect");
    obey(&Mutex::new(String::new()), |data| {
        if let Err(err) = client.emit("note", data) {
            say(json!({"at": "error", "reason": err.to_string()}));
        }
    });
}

async fn asynchronous(url: &str, name: &str, first: &str) -> (AsyncClient, Arc<Mutex<String>>) {
    let token = Arc::new(Mutex::new(first.to_owned()));
    let cursor = Arc::new(Mutex::new(String::new()));
    let (fresh, place) = (token.clone(), cursor.clone());
    let client = AsyncBuilder::new(url)
        .transport_type(transport(name))
        .auth(json!({"token": first}))
        .on_reconnect(move || {
            let auth = json!({"token": *fresh.lock().unwrap(), "after": *place.lock().unwrap()});
            async move {
                let mut settings = ReconnectSettings::new();
                settings.auth(auth);
                settings
            }
            .boxed()
        })
        .on(Event::Connect, |_: Payload, _: AsyncClient| async { say(json!({"at": "connect"})) }.boxed())
        .on(Event::Close, |_: Payload, _: AsyncClient| async { say(json!({"at": "disconnect"})) }.boxed())
        .on(Event::Error, |payload: Payload, _: AsyncClient| async move { fail(&payload) }.boxed())
        .on_any(move |event, payload, _| {
            tell(&event, &payload, &cursor);
            async {}.boxed()
        })
        .connect()
        .await
        .expect("connect");
    (client, token)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, name, how] = &args[..] else { panic!("usage: URL websocket|polling static|function") };
    let token = await_connect();
    if how == "static" {
        return blocking(url, name, &token);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let (client, newest) = runtime.block_on(asynchronous(url, name, &token));
    obey(&newest, |data| {
        if let Err(err) = runtime.block_on(client.emit("note", data)) {
            say(json!({"at": "error", "reason": err.to_string()}));
        }
    });
}
