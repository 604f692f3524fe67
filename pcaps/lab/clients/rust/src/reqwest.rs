//! reqwest, which has kept its interface from 0.11 on.
macro_rules! reqwest {
    ($module:ident, $reqwest:ident) => {
        pub mod $module {
            use crate::lines::{ask, Ask};
            use crate::{get, no_mode, Failure, Get, DEADLINE, SHORT};
            use $reqwest as reqwest;

            fn one(client: reqwest::Client) -> Get {
                get(move |url| {
                    let client = client.clone();
                    async move { Ok(drop(client.get(url).send().await?.bytes().await?)) }
                })
            }

            fn unread(client: reqwest::Client) -> Get {
                get(move |url| {
                    let client = client.clone();
                    async move { Ok(drop(client.get(url).send().await?)) }
                })
            }

            fn limited(client: reqwest::Client) -> Get {
                get(move |url| {
                    let client = client.clone();
                    async move {
                        match client.get(url).timeout(DEADLINE).send().await {
                            Ok(r) => Ok(drop(r.bytes().await?)),
                            Err(e) if e.is_timeout() => Ok(()),
                            Err(e) => Err(e.into()),
                        }
                    }
                })
            }

            pub fn asks() -> Result<Ask, Failure> {
                let _ = rustls::crypto::ring::default_provider().install_default();
                let client = reqwest::Client::builder().build()?;
                Ok(ask(move |q| {
                    let client = client.clone();
                    async move {
                        let mut r = client.request(q.method.parse()?, q.url);
                        if let Some((name, value)) = q.header {
                            r = r.header(name, value);
                        }
                        if let Some((user, password)) = q.user {
                            r = r.basic_auth(user, Some(password));
                        }
                        if !q.body.is_empty() {
                            r = r.body(q.body);
                        }
                        let r = r.send().await?;
                        let status = r.status().as_u16();
                        if q.read {
                            r.bytes().await?;
                        }
                        Ok(status)
                    }
                }))
            }

            pub fn client(mode: &str) -> Result<Get, Failure> {
                // 0.13 takes its cryptography from whoever installs one.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let new = reqwest::Client::builder();
                Ok(match mode {
                    "default" => get(|url| async move { Ok(drop(reqwest::get(url).await?.bytes().await?)) }),
                    "each" => get(|url| async move { Ok(drop(reqwest::Client::new().get(url).send().await?.bytes().await?)) }),
                    "shared" | "parallel" | "idle" | "idle95" | "drained" => one(new.build()?),
                    "deadline" => limited(new.build()?),
                    "unread" => unread(new.build()?),
                    "off" => one(new.pool_max_idle_per_host(0).build()?),
                    "parallel-idle2" => one(new.pool_max_idle_per_host(2).build()?),
                    "idle-timeout" => one(new.pool_idle_timeout(SHORT).build()?),
                    _ => return Err(no_mode(mode)),
                })
            }
        }
    };
}

reqwest!(v11, reqwest11);
reqwest!(v12, reqwest12);
reqwest!(v13, reqwest13);
