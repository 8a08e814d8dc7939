//! An app behind a real proxy: Caddy on web-1, nginx on web-2; and load on it from outside.

use std::process::{Child, Command, Stdio};

use super::project::Project;
use crate::lab::Lab;

/// The proxy of a test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Caddy,
    Nginx,
}

/// An app with one service behind a proxy.
pub struct Site {
    pub app: Project,
    pub kind: Kind,
    host: String,
}

impl Kind {
    pub const fn server(self) -> &'static str {
        match self {
            Self::Caddy => "web-1",
            Self::Nginx => "web-2",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Caddy => "caddy",
            Self::Nginx => "nginx",
        }
    }
}

impl Site {
    /// Starts it at 1.0 on the first of two ports of the server, before its proxy. `more` is what its
    /// `[apps.NAME]` says beside the usual.
    pub fn up(name: &str, kind: Kind, strategy: &str, port: u16, more: &str) -> Self {
        let file = format!("/etc/{}/apps/{name}.conf", kind.word());
        let next = port + 1;
        let proxy = format!(
            "strategy = \"{strategy}\"\n{more}\n[apps.{name}.proxy]\nkind = \"{}\"\nfile = \"{file}\"\n\
             service = \"web\"\nport = 8080\nports = [{port}, {next}]\ndrain = \"2s\"\n",
            kind.word()
        );
        let app = Project::up(name, &[kind.server()], &proxy);
        app.everywhere(&format!(
            "cd ~/{name} && sed -i '/image: registry:5000.shop:1.0/a\\    ports: [\"127.0.0.1:{port}:8080\"]' compose.yaml && \
             docker compose up -d --wait web 2>&1"
        ));
        let host = format!("{name}.lab");
        let first = match kind {
            Kind::Caddy => format!("to 127.0.0.1:{port}"),
            Kind::Nginx => format!("upstream {name} {{ server 127.0.0.1:{port}; }}"),
        };
        let site = match kind {
            Kind::Caddy => format!("http://{host} {{\n  reverse_proxy {{\n    import {file}\n  }}\n}}"),
            Kind::Nginx => format!(
                "include {file};\nserver {{ listen 80; server_name {host}; access_log /var/log/nginx/{name}.log; location / {{ proxy_pass http://{name}; }} }}"
            ),
        };
        let (place, reload) = match kind {
            Kind::Caddy => {
                (format!("/etc/caddy/sites/{name}.caddy"), "caddy reload --config /etc/caddy/Caddyfile")
            }
            Kind::Nginx => (format!("/etc/nginx/sites-enabled/{name}"), "sudo nginx -s reload"),
        };
        app.everywhere(&format!(
            "echo '{first}' >{file} && echo '{site}' | sudo tee {place} >/dev/null && {reload} 2>&1"
        ));
        Self { app, kind, host }
    }

    /// Where it is asked for from here.
    fn url(lab: &Lab, kind: Kind) -> String {
        lab.at(match kind {
            Kind::Caddy => "/http/web-1",
            Kind::Nginx => "/http/web-2",
        })
    }

    /// The version that is served through the proxy, from here.
    pub fn served(&self) -> String {
        let url = format!("{}/version", Self::url(&self.app.lab, self.kind));
        let output = Command::new("curl")
            .args(["-fsS", "-H", &format!("Host: {}", self.host), &url])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Two hundred requests a second for so long, counted by `wrk`.
    pub fn load(&self, path: &str, seconds: u32) -> Load {
        let script = self.app.scratch("paced.lua");
        // Twelve clients, each with a pause of 50 ms before a request, each request on a connection of its
        // own: a kept one that is idle when the proxy reads its configuration again is closed by it, which
        // `wrk` counts as a failed read though no request was under way.
        std::fs::write(&script, "function delay() return 50 end\n").unwrap();
        let url = format!("{}{path}", Self::url(&self.app.lab, self.kind));
        let child = Command::new("wrk")
            .args(["-t1", "-c12", &format!("-d{seconds}s"), "-s"])
            .arg(&script)
            .args(["-H", &format!("Host: {}", self.host), "-H", "Connection: close", &url])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Load(child)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let name = &self.app.name;
        let clean = match self.kind {
            Kind::Caddy => format!(
                "sudo rm -f /etc/caddy/sites/{name}.caddy /etc/caddy/apps/{name}.conf*; caddy reload --config /etc/caddy/Caddyfile"
            ),
            Kind::Nginx => format!(
                "sudo rm -f /etc/nginx/sites-enabled/{name} /etc/nginx/apps/{name}.conf* /var/log/nginx/{name}.log; sudo nginx -s reload"
            ),
        };
        let _ = self.app.lab.ssh(self.kind.server(), &clean);
    }
}

/// Load under way.
pub struct Load(Child);

impl Load {
    /// Ends it, whatever it met.
    pub fn end(mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Waits for its end: none of the requests was lost or answered with anything but success.
    pub fn lost_nothing(self) {
        let output = self.0.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{text}");
        let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        let rate: f64 = rate.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap();
        assert!(rate > 150.0, "there was hardly any load: {text}");
        assert!(!text.contains("Socket errors"), "{text}");
        assert!(!text.contains("Non-2xx"), "{text}");
    }
}
