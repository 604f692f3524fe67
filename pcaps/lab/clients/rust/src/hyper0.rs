//! hyper 0.14, which has a client with a pool of its own.
use crate::lines::{ask, Ask};
use crate::{get, no_mode, Failure, Get};
use hyper14::client::HttpConnector;
use hyper_tls5::HttpsConnector;

type Client = hyper14::Client<HttpsConnector<HttpConnector>>;

/// What connects, over TLS where the URL says so, offering these protocols.
fn connector(alpn: &[&str]) -> Result<HttpsConnector<HttpConnector>, Failure> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let tls = native_tls::TlsConnector::builder().request_alpns(alpn).build()?;
    Ok(HttpsConnector::from((tcp, tls.into())))
}

fn one(client: Client) -> Get {
    get(move |url| {
        let client = client.clone();
        async move { Ok(drop(hyper14::body::to_bytes(client.get(url.parse()?).await?.into_body()).await?)) }
    })
}

fn unread(client: Client) -> Get {
    get(move |url| {
        let client = client.clone();
        async move { Ok(drop(client.get(url.parse()?).await?)) }
    })
}

/// Follows no redirects.
pub fn asks() -> Result<Ask, Failure> {
    let client: Client = hyper14::Client::builder().build(connector(&["h2", "http/1.1"])?);
    Ok(ask(move |q| {
        let client = client.clone();
        async move {
            let mut r = hyper14::Request::builder().method(q.method).uri(&q.url);
            if let Some((name, value)) = q.header {
                r = r.header(name, value);
            }
            if let Some(basic) = q.basic() {
                r = r.header("authorization", basic);
            }
            let r = client.request(r.body(hyper14::Body::from(q.body))?).await?;
            let status = r.status().as_u16();
            if q.read {
                hyper14::body::to_bytes(r.into_body()).await?;
            }
            Ok(status)
        }
    }))
}

pub fn client(mode: &str) -> Result<Get, Failure> {
    let mut new = hyper14::Client::builder();
    Ok(match mode {
        "shared" | "parallel" | "idle" | "drained" => one(new.build(connector(&["http/1.1"])?)),
        "shared-h2" | "parallel-h2" => one(new.http2_only(true).build(connector(&["h2"])?)),
        "unread" => unread(new.build(connector(&["http/1.1"])?)),
        "off" => one(new.pool_max_idle_per_host(0).build(connector(&["http/1.1"])?)),
        _ => return Err(no_mode(mode)),
    })
}
