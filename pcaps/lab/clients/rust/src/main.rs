//! Rust's clients on tokio: ten requests at the times the mode asks for; see
//! ../../node/drive.js.
//!
//!     lab reqwest|reqwest12|reqwest11|hyper|hyper14|ureq MODE URL
//!     lab reqwest|reqwest12|reqwest11|hyper|hyper14|ureq lines
mod hyper0;
mod hyper1;
mod lines;
mod reqwest;
mod ureq3;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;
type Done = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// How one request is made.
pub type Get = Arc<dyn Fn(String) -> Done + Send + Sync>;

/// Makes a Get of an asynchronous function.
pub fn get<F, R>(f: F) -> Get
where
    F: Fn(String) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), Failure>> + Send + 'static,
{
    Arc::new(move |url| Box::pin(f(url)))
}

/// What a response may take where a mode says so.
pub const DEADLINE: Duration = Duration::from_millis(300);

/// What an idle connection is kept where a mode says so, against a pause of 600 ms.
pub const SHORT: Duration = Duration::from_millis(200);

pub fn no_mode(mode: &str) -> Failure {
    format!("no mode {mode}").into()
}

async fn drive(get: Get, when: &str, base: &str) -> Result<(), Failure> {
    let body = match when {
        "unread" => "huge",
        "drained" => "big",
        _ => "item",
    };
    let url = |i: u64| format!("{base}/{body}/{i}");
    if when == "parallel" {
        for first in [1, 6] {
            let at_once: Vec<_> = (first..first + 5).map(|i| tokio::spawn(get(url(i)))).collect();
            for one in at_once {
                one.await??;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        return Ok(());
    }
    for i in 1..=10 {
        get(url(i)).await?;
        let pause = match when {
            "idle" if i == 5 => 600,
            "idle95" if i == 5 => 95_000, // beyond the default of reqwest and hyper-util, 90 s
            "unread" | "drained" => 60,
            _ => 10,
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    if let [_, library, mode] = args.as_slice() {
        if mode == "lines" {
            return lines::fetch(match library.as_str() {
                "reqwest" => reqwest::v13::asks()?,
                "reqwest12" => reqwest::v12::asks()?,
                "reqwest11" => reqwest::v11::asks()?,
                "hyper" => hyper1::asks()?,
                "hyper14" => hyper0::asks()?,
                "ureq" => ureq3::asks()?,
                _ => return Err(no_mode(mode)),
            })
            .await;
        }
    }
    let [_, library, mode, base] = args.as_slice() else {
        return Err("usage: lab LIBRARY MODE URL".into());
    };
    let get = match library.as_str() {
        "reqwest" => reqwest::v13::client(mode)?,
        "reqwest12" => reqwest::v12::client(mode)?,
        "reqwest11" => reqwest::v11::client(mode)?,
        "hyper" => hyper1::client(mode)?,
        "hyper14" => hyper0::client(mode)?,
        "ureq" => ureq3::client(mode)?,
        _ => return Err(format!("no library {library}").into()),
    };
    drive(get, mode.split('-').next().unwrap_or_default(), base).await
}
