use ureq::tls::{RootCerts, TlsConfig};

fn main() {
    let trusted = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build(); // SSL_CERT_FILE
    let agent = ureq::Agent::config_builder().tls_config(trusted)
        .http_status_as_error(false) // else the body of a 404 is left unread
        .build().new_agent();
    for url in std::io::stdin().lines().map_while(Result::ok) {
        if let Ok(mut response) = agent.get(&url).call() {
            let _ = response.body_mut().read_to_vec();
        }
    }
}
