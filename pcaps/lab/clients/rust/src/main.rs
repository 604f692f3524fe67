//! reqwest and hyper on tokio: ten requests at the times the mode asks for; see
//! ../../node/drive.js.
//!
//!     lab reqwest|hyper MODE URL
use hyper::client::HttpConnector;
use hyper_tls::HttpsConnector;
use std::time::Duration;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How one request is made.
#[derive(Clone)]
enum Client {
    Function,                 // reqwest::get
    Each,                     // a Client for each request
    Reqwest(reqwest::Client), // one Client
    Unread(reqwest::Client),
    Hyper(hyper::Client<HttpsConnector<HttpConnector>>),
    HyperUnread(hyper::Client<HttpsConnector<HttpConnector>>),
}

/// What connects for hyper, over TLS where the URL says so, offering these protocols.
fn connector(alpn: &[&str]) -> Result<HttpsConnector<HttpConnector>, Failure> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let tls = native_tls::TlsConnector::builder().request_alpns(alpn).build()?;
    Ok(HttpsConnector::from((tcp, tls.into())))
}

impl Client {
    fn of(library: &str, mode: &str) -> Result<Client, Failure> {
        let reqwest = reqwest::Client::builder();
        let mut hyper = hyper::Client::builder();
        Ok(match (library, mode) {
            ("reqwest", "default") => Client::Function,
            ("reqwest", "each") => Client::Each,
            ("reqwest", "shared" | "parallel" | "idle") => Client::Reqwest(reqwest.build()?),
            ("reqwest", "unread") => Client::Unread(reqwest.build()?),
            ("reqwest", "off") => Client::Reqwest(reqwest.pool_max_idle_per_host(0).build()?),
            ("reqwest", "parallel-idle2") => Client::Reqwest(reqwest.pool_max_idle_per_host(2).build()?),
            ("reqwest", "idle-timeout") => Client::Reqwest(reqwest.pool_idle_timeout(Duration::from_millis(200)).build()?),
            ("hyper", "default" | "shared" | "parallel" | "idle") => Client::Hyper(hyper.build(connector(&["http/1.1"])?)),
            ("hyper", "shared-h2" | "parallel-h2") => Client::Hyper(hyper.http2_only(true).build(connector(&["h2"])?)),
            ("hyper", "unread") => Client::HyperUnread(hyper.build(connector(&["http/1.1"])?)),
            ("hyper", "off") => Client::Hyper(hyper.pool_max_idle_per_host(0).build(connector(&["http/1.1"])?)),
            _ => return Err(format!("no mode {library} {mode}").into()),
        })
    }

    async fn get(&self, url: String) -> Result<(), Failure> {
        match self {
            Client::Function => drop(reqwest::get(url).await?.bytes().await?),
            Client::Each => drop(reqwest::Client::new().get(url).send().await?.bytes().await?),
            Client::Reqwest(c) => drop(c.get(url).send().await?.bytes().await?),
            Client::Unread(c) => drop(c.get(url).send().await?),
            Client::Hyper(c) => drop(hyper::body::to_bytes(c.get(url.parse()?).await?.into_body()).await?),
            Client::HyperUnread(c) => drop(c.get(url.parse()?).await?),
        }
        Ok(())
    }
}

async fn drive(client: Client, when: &str, base: &str) -> Result<(), Failure> {
    let url = |i: u64| format!("{base}/{}/{i}", if when == "unread" { "big" } else { "item" });
    if when == "parallel" {
        for first in [1, 6] {
            let at_once: Vec<_> = (first..first + 5)
                .map(|i| {
                    let (client, url) = (client.clone(), url(i));
                    tokio::spawn(async move { client.get(url).await })
                })
                .collect();
            for one in at_once {
                one.await??;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        return Ok(());
    }
    for i in 1..=10 {
        client.get(url(i)).await?;
        let pause = match when {
            "idle" if i == 5 => 600,
            "unread" => 60,
            _ => 10,
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let [_, library, mode, base] = args.as_slice() else {
        return Err("usage: lab reqwest|hyper MODE URL".into());
    };
    let when = mode.split('-').next().unwrap_or_default();
    drive(Client::of(library, mode)?, when, base).await
}
