//! Fetches URLs as they come on standard input, those that come together together, as
//! TCPWARM_SCENARIO asks for: what `tcpwarm challenge` wants of a client.
use crate::Failure;
use std::env::var;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// A request that a scenario asks for.
#[derive(Clone)]
pub struct Question {
    pub url: String,
    pub method: &'static str,
    pub header: Option<(&'static str, &'static str)>,
    pub body: &'static str,
    pub read: bool,                     // whether the response's body is
    pub user: Option<(String, String)>, // and the password
}

impl Question {
    /// The value of the field Authorization.
    pub fn basic(&self) -> Option<String> {
        use base64::Engine;
        let (user, password) = self.user.as_ref()?;
        Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))))
    }
}

type Status = Pin<Box<dyn Future<Output = Result<u16, Failure>> + Send>>;

/// How one request is made; it returns the response's status.
pub type Ask = Arc<dyn Fn(Question) -> Status + Send + Sync>;

/// Makes an Ask of an asynchronous function.
pub fn ask<F, R>(f: F) -> Ask
where
    F: Fn(Question) -> R + Send + Sync + 'static,
    R: Future<Output = Result<u16, Failure>> + Send + 'static,
{
    Arc::new(move |q| Box::pin(f(q)))
}

fn question(url: &str) -> Question {
    let scenario = var("TCPWARM_SCENARIO").unwrap_or_default();
    let (method, header, body) = match scenario.as_str() {
        "head" => ("HEAD", None, ""),
        "not-modified" => ("GET", Some(("if-none-match", "\"1\"")), ""),
        "expect-continue" => ("POST", Some(("expect", "100-continue")), "a body"),
        _ => ("GET", None, ""),
    };
    Question { url: url.into(), method, header, body, read: !scenario.starts_with("unread"), user: None }
}

async fn one(ask: Ask, url: String) -> Result<(), Failure> {
    let mut q = question(&url);
    if ask(q.clone()).await? == 401 {
        q.user = Some((var("TCPWARM_USER")?, var("TCPWARM_PASSWORD")?));
        ask(q).await?;
    }
    Ok(())
}

pub async fn fetch(ask: Ask) -> Result<(), Failure> {
    let (mut input, mut some) = (tokio::io::stdin(), [0; 65536]);
    loop {
        let n = input.read(&mut some).await?;
        if n == 0 {
            return Ok(());
        }
        let urls = std::str::from_utf8(&some[..n])?.lines();
        let at_once: Vec<_> = urls.map(|url| tokio::spawn(one(ask.clone(), url.into()))).collect();
        for one in at_once {
            if let Err(e) = one.await? {
                eprintln!("{e:?}");
            }
        }
    }
}
