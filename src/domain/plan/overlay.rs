//! A Compose file that lies over another and changes images and ports of its services, no more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::act::Published;
use crate::domain::image::ImageRef;

/// The file, on one line: JSON, which is YAML too, but for a port. There `!override` takes the place of the
/// list instead of adding to it (Compose 2.24.4 and later).
pub fn overlay(images: &BTreeMap<String, ImageRef>, ports: &BTreeMap<String, Published>) -> String {
    let services: BTreeSet<&String> = images.keys().chain(ports.keys()).collect();
    let service = |name: &String| {
        let image = images.get(name).map(|image| format!("\"image\":{}", json!(image)));
        let port = ports.get(name).map(|port| format!("\"ports\": !override {}", json!([port.to_string()])));
        let keys: Vec<String> = image.into_iter().chain(port).collect();
        format!("{}:{{{}}}", json!(name), keys.join(", "))
    };
    let services: Vec<String> = services.into_iter().map(service).collect();
    format!("{{\"services\":{{{}}}}}", services.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_alone_are_json_and_a_port_takes_the_place_of_the_list() {
        let images = BTreeMap::from([("web".to_owned(), "shop:1.0".parse().unwrap())]);
        let plain = overlay(&images, &BTreeMap::new());
        let read: serde_json::Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(read, json!({ "services": { "web": { "image": "shop:1.0" } } }));
        let port = Published { host: 8081, container: 8080 };
        assert_eq!(
            overlay(&images, &BTreeMap::from([("web".to_owned(), port)])),
            r#"{"services":{"web":{"image":"shop:1.0", "ports": !override ["127.0.0.1:8081:8080"]}}}"#
        );
    }
}
