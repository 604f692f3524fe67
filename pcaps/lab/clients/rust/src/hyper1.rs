//! hyper 1, which leaves the pool to hyper-util; and its `conn` API, which has none.
use crate::lines::{ask, Ask};
use crate::{get, no_mode, Failure, Get, DEADLINE, SHORT};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_tls::HttpsConnector;
use hyper_util::client::legacy::{connect::HttpConnector, Client as Legacy};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

type Client = Legacy<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// What connects, over TLS where the URL says so, offering these protocols.
fn connector(alpn: &[&str]) -> Result<HttpsConnector<HttpConnector>, Failure> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let tls = native_tls::TlsConnector::builder().request_alpns(alpn).build()?;
    Ok(HttpsConnector::from((tcp, tls.into())))
}

fn plain() -> Result<Client, Failure> {
    Ok(Legacy::builder(TokioExecutor::new()).build(connector(&["http/1.1"])?))
}

fn one(client: Client) -> Get {
    get(move |url| {
        let client = client.clone();
        async move { Ok(drop(client.get(url.parse()?).await?.into_body().collect().await?)) }
    })
}

fn unread(client: Client) -> Get {
    get(move |url| {
        let client = client.clone();
        async move { Ok(drop(client.get(url.parse()?).await?)) }
    })
}

fn limited(client: Client) -> Get {
    get(move |url| {
        let client = client.clone();
        async move {
            let all = async { Ok(drop(client.get(url.parse()?).await?.into_body().collect().await?)) };
            tokio::time::timeout(DEADLINE, all).await.unwrap_or(Ok(())) // dropped where it is late
        }
    })
}

/// Follows no redirects.
pub fn asks() -> Result<Ask, Failure> {
    let client: Legacy<_, Full<Bytes>> = Legacy::builder(TokioExecutor::new()).build(connector(&["h2", "http/1.1"])?);
    Ok(ask(move |q| {
        let client = client.clone();
        async move {
            let mut r = Request::builder().method(q.method).uri(&q.url);
            if let Some((name, value)) = q.header {
                r = r.header(name, value);
            }
            if let Some(basic) = q.basic() {
                r = r.header("authorization", basic);
            }
            let r = client.request(r.body(Full::from(q.body))?).await?;
            let status = r.status().as_u16();
            if q.read {
                r.into_body().collect().await?;
            }
            Ok(status)
        }
    }))
}

/// A connection by hand: nothing reopens it, nothing shares it.
async fn connect(uri: &Uri) -> Result<http1::SendRequest<Empty<Bytes>>, Failure> {
    let authority = uri.authority().ok_or("no authority")?.as_str();
    let (sender, connection) = http1::handshake(TokioIo::new(TcpStream::connect(authority).await?)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn send(sender: &mut http1::SendRequest<Empty<Bytes>>, uri: &Uri) -> Result<(), Failure> {
    sender.ready().await?;
    let host = uri.authority().ok_or("no authority")?.as_str();
    let request = Request::get(uri.path()).header("host", host).body(Empty::new())?;
    Ok(drop(sender.send_request(request).await?.into_body().collect().await?))
}

pub fn client(mode: &str) -> Result<Get, Failure> {
    let mut new = Legacy::builder(TokioExecutor::new());
    let http1 = connector(&["http/1.1"])?;
    Ok(match mode {
        "each" => get(|url| async move { one(plain()?)(url).await }),
        "shared" | "parallel" | "idle" | "drained" => one(plain()?),
        "shared-h2" | "parallel-h2" => one(new.http2_only(true).build(connector(&["h2"])?)),
        "deadline" => limited(plain()?),
        "unread" => unread(plain()?),
        "off" => one(new.pool_max_idle_per_host(0).build(http1)),
        "parallel-idle2" => one(new.pool_max_idle_per_host(2).build(http1)),
        "idle-timeout" => one(new.pool_idle_timeout(SHORT).pool_timer(TokioTimer::new()).build(http1)),
        "idle-notimer" => one(new.pool_idle_timeout(SHORT).build(http1)),
        "conn-each" => get(|url| async move {
            let uri: Uri = url.parse()?;
            send(&mut connect(&uri).await?, &uri).await
        }),
        "conn" => {
            let kept = Arc::new(Mutex::new(None));
            get(move |url| {
                let kept = kept.clone();
                async move {
                    let (uri, mut kept): (Uri, _) = (url.parse()?, kept.lock().await);
                    if kept.is_none() {
                        *kept = Some(connect(&uri).await?);
                    }
                    send(kept.as_mut().ok_or("no connection")?, &uri).await
                }
            })
        }
        _ => return Err(no_mode(mode)),
    })
}
