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

    /// Starts one at 1.0 behind Caddy, which asks its containers by their names: the server knows three.
    pub fn by_names(name: &str) -> Self {
        let file = format!("/etc/caddy/apps/{name}.conf");
        let proxy = format!(
            "[apps.{name}.proxy]\nkind = \"caddy\"\nfile = \"{file}\"\nservice = \"web\"\nport = 8080\ndrain = \"1s\"\n"
        );
        let app = Project::up(name, &["web-1"], &proxy);
        app.replace("gate.steady = \"3s\"", "gate.steady = \"1s\"");
        let host = format!("{name}.lab");
        app.everywhere(&format!(
            "cd ~/{name} && docker compose down -t 1 2>&1 && cat >compose.yaml <<'END'\n\
             services:\n  web:\n    image: registry:5000/shop:1.0\n\
             networks:\n  default:\n    ipam:\n      config: [{{subnet: 172.30.77.0/24}}]\nEND\n\
             sed '/ {name}-web-/d' /etc/hosts >hosts && for n in 1 2 3; do echo 172.30.77.$((n+1)) {name}-web-$n; done >>hosts && \
             sudo sh -c 'cat hosts >/etc/hosts' && docker compose up -d --wait 2>&1 && echo 'to {name}-web-1:8080' >{file} && \
             echo 'http://{host} {{\n  reverse_proxy {{\n    import {file}\n  }}\n}}' | sudo tee /etc/caddy/sites/{name}.caddy >/dev/null && \
             caddy reload --config /etc/caddy/Caddyfile 2>&1"
        ));
        Self { app, kind: Kind::Caddy, host }
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

    /// The file that says where its proxy sends requests, on its server.
    pub fn file(&self) -> String {
        format!("/etc/{}/apps/{}.conf", self.kind.word(), self.app.name)
    }

    /// Its address at the proxy.
    pub fn address(&self) -> String {
        format!("http://{}/", self.host)
    }

    /// Two hundred requests a second for so long, counted by `wrk`.
    pub fn load(&self, path: &str, seconds: u32) -> Load {
        self.begin(path, seconds, "")
    }

    /// The same, with a count of what was answered: status and `Retry-After`.
    pub fn tally(&self, path: &str, seconds: u32) -> Load {
        let count = "local threads = {}\n\
            function setup(thread) table.insert(threads, thread) end\n\
            seen = {}\n\
            function response(status, headers, body)\n\
              local key = status .. ' ' .. (headers['Retry-After'] or '-')\n\
              seen[key] = (seen[key] or 0) + 1\n\
              told = ''\n\
              for k, n in pairs(seen) do told = told .. 'tally ' .. k .. ' ' .. n .. '\\n' end\n\
            end\n\
            function done(summary, latency, requests)\n\
              for _, thread in ipairs(threads) do io.write(thread:get('told') or '') end\n\
            end\n";
        self.begin(path, seconds, count)
    }

    fn begin(&self, path: &str, seconds: u32, more: &str) -> Load {
        let script = self.app.scratch("paced.lua");
        // Twelve clients, each with a pause of 50 ms before a request, each request on a connection of its
        // own: a kept one that is idle when the proxy reads its configuration again is closed by it, which
        // `wrk` counts as a failed read though no request was under way.
        std::fs::write(&script, format!("function delay() return 50 end\n{more}")).unwrap();
        let url = format!("{}{path}", Self::url(&self.app.lab, self.kind));
        let child = Command::new("wrk")
            // A request that is answered late is not lost; after two seconds `wrk` would count it so.
            .args(["-t1", "-c12", "--timeout", "10s", &format!("-d{seconds}s"), "-s"])
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
        // Names of containers that a proxy outside of their network was given.
        let names = format!(
            "if grep -q ' {name}-web-' /etc/hosts; then sed '/ {name}-web-/d' /etc/hosts >hosts; \
             sudo sh -c 'cat hosts >/etc/hosts'; rm -f hosts; fi"
        );
        let _ = self.app.lab.ssh(self.kind.server(), &format!("{clean}; {names}"));
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

    /// Waits for its end: what was answered, and how often, where no request was lost.
    pub fn answers(self) -> Vec<(String, u32)> {
        let output = self.0.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{text}");
        assert!(!text.contains("Socket errors"), "{text}");
        let tallies = text.lines().filter_map(|line| line.strip_prefix("tally ")?.rsplit_once(' '));
        let mut all: Vec<_> = tallies.map(|(key, n)| (key.to_owned(), n.parse().unwrap())).collect();
        all.sort();
        all
    }

    /// Waits for its end: none of the requests was lost or answered with anything but success.
    pub fn lost_nothing(self) {
        let output = self.0.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{text}");
        let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        let rate: f64 = rate.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap();
        // It is some 220 a second where answers come at once; while containers are made on the same two cores
        // they come later, and each client waits for its own before it asks again.
        assert!(rate > 100.0, "there was hardly any load: {text}");
        assert!(!text.contains("Socket errors"), "{text}");
        assert!(!text.contains("Non-2xx"), "{text}");
    }
}
