//! Nothing points at places that a reader of the repository does not have, and no registry is named by its host.

use super::Finding;
use crate::tree::{File, Tree};

// Written in two halves, so that this file does not break its own rule.
const LIBRARY: &str = concat!("..", "/.library");
const SHARED: [&str; 2] = [concat!("..", "/shared"), concat!("/work", "/shared")];
const HOSTS: [&str; 5] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("pypi", ".org"),
    concat!("registry.", "npmjs.org"),
    concat!("proxy.", "golang.org"),
];
/// How a lock file spells the default registry, wherever the packages came from.
const DEFAULT_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(message) = complaint(file, line) {
                findings.push(Finding::new(&file.path, index + 1, message));
            }
        }
    }
    findings
}

fn complaint(file: &File, line: &str) -> Option<String> {
    if line.contains(LIBRARY) {
        return Some(format!("`{LIBRARY}` is outside the repository"));
    }
    let is_prose = file.path.ends_with(".md");
    // Comparisons may read the programs they compare with.
    if !is_prose
        && !file.path.starts_with("crates/cf-bench/")
        && SHARED.iter().any(|shared| line.contains(shared))
    {
        return Some("code must not point outside the repository".into());
    }
    if let Some(host) = HOSTS.iter().find(|host| line.contains(**host)) {
        return Some(format!("`{host}` is the host of a registry"));
    }
    if file.path == "Cargo.lock" && line.contains("registry+") && !line.contains(DEFAULT_REGISTRY) {
        return Some("a package is locked to a registry of its own".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)]))
            .into_iter()
            .map(|it| it.line)
            .collect()
    }

    #[test]
    fn a_path_out_of_the_repository_is_found_in_code_and_comments() {
        let text = format!(
            "//! See {}/design.md\nlet p = \"{}/x\";\nlet q = \"../src\";",
            SHARED[0], SHARED[1]
        );
        assert_eq!(lines("crates/a/src/lib.rs", &text), [1, 2]);
        assert_eq!(lines("crates/cf-bench/src/main.rs", &text), [0; 0]);
    }

    #[test]
    fn the_library_is_found_everywhere() {
        assert_eq!(lines("docs/page.md", &format!("x\n{LIBRARY}/y")), [2]);
    }

    #[test]
    fn hosts_of_registries_are_found() {
        let text = format!("see https://docs.rs/loom\nurl = \"https://{}/\"", HOSTS[0]);
        assert_eq!(lines(".cargo/config.toml", &text), [2]);
    }

    #[test]
    fn a_lock_file_names_the_default_registry_only() {
        let text = format!(
            "source = \"{DEFAULT_REGISTRY}\"\nsource = \"registry+https://example.com/index\""
        );
        assert_eq!(lines("Cargo.lock", &text), [2]);
    }
}
