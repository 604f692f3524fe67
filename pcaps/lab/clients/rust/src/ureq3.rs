//! ureq 3, which blocks: each request has a thread of tokio's.
use crate::lines::{ask, Ask};
use crate::{get, no_mode, Failure, Get, DEADLINE, SHORT};
use std::sync::Arc;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::Agent;

/// A configuration with ureq's defaults that trusts the lab.
fn config() -> ConfigBuilder<AgentScope> {
    let new = Agent::config_builder();
    let Ok(pem) = std::env::var("SSL_CERT_FILE").map(std::fs::read) else { return new };
    let Some(root) = pem.ok().and_then(|pem| Certificate::from_pem(&pem).ok()) else { return new };
    new.tls_config(TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(vec![root]))).build())
}

fn blocking(f: impl Fn(String) -> Result<(), ureq::Error> + Send + Sync + 'static) -> Get {
    let f = Arc::new(f);
    get(move |url| {
        let f = f.clone();
        async move { Ok(tokio::task::spawn_blocking(move || f(url)).await??) }
    })
}

fn one(agent: Agent) -> Get {
    blocking(move |url| agent.get(url).call()?.body_mut().read_to_vec().map(drop))
}

fn limited(agent: Agent) -> Get {
    blocking(move |url| match agent.get(url).call() {
        Ok(mut r) => r.body_mut().read_to_vec().map(drop),
        Err(ureq::Error::Timeout(_)) => Ok(()),
        Err(e) => Err(e),
    })
}

pub fn asks() -> Result<Ask, Failure> {
    let agent = config().http_status_as_error(false).build().new_agent(); // else the body of a 404 is left unread
    Ok(ask(move |q| {
        let agent = agent.clone();
        async move {
            tokio::task::spawn_blocking(move || {
                let mut r = ureq::http::Request::builder().method(q.method).uri(&q.url);
                if let Some((name, value)) = q.header {
                    r = r.header(name, value);
                }
                if let Some(basic) = q.basic() {
                    r = r.header("authorization", basic);
                }
                let mut r = if q.body.is_empty() { agent.run(r.body(())?)? } else { agent.run(r.body(q.body)?)? };
                if q.read {
                    r.body_mut().read_to_vec()?;
                }
                Ok(r.status().as_u16())
            })
            .await?
        }
    }))
}

pub fn client(mode: &str) -> Result<Get, Failure> {
    Ok(match mode {
        "default" => blocking(|url| ureq::get(url).call()?.body_mut().read_to_vec().map(drop)),
        "each" => blocking(|url| config().build().new_agent().get(url).call()?.body_mut().read_to_vec().map(drop)),
        "shared" | "parallel" | "idle" | "drained" => one(config().build().new_agent()),
        "deadline" => limited(config().timeout_global(Some(DEADLINE)).build().new_agent()),
        "unread" => {
            let agent = config().build().new_agent();
            blocking(move |url| agent.get(url).call().map(drop))
        }
        "parallel-idle5" => one(config().max_idle_connections_per_host(5).build().new_agent()),
        "idle-timeout" => one(config().max_idle_age(SHORT).build().new_agent()),
        _ => return Err(no_mode(mode)),
    })
}
