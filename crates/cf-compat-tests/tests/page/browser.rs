//! The browser and the driver in front of it: found, started, ended.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, error::CmdError};
use hyper_util::client::legacy::connect::HttpConnector;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::{
    runtime::{self, Runtime},
    time,
};

use crate::{
    Fact,
    page::{CONSOLE, EVENTS, Page, View},
    programs::Programs,
    sys,
};

/// What a browser is called.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// What its driver is called.
const DRIVERS: [&str; 1] = ["chromedriver"];

/// One window, no first-run pages, and no traffic of the browser's own.
const FLAGS: [&str; 13] = [
    "--headless",
    // For it needs rights that a container does not give.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-port=0",
];

/// The programs on this machine.
pub(crate) struct Installed {
    browser: PathBuf,
    driver: PathBuf,
}

impl Installed {
    /// Looks for them. If one is missing, gives what to do.
    pub(crate) fn find() -> Result<Self, String> {
        Ok(Self {
            browser: program("CHROME", &BROWSERS)?,
            driver: program("CHROMEDRIVER", &DRIVERS)?,
        })
    }
}

/// The program that the variable names, or the first of these names in `PATH`.
fn program(variable: &str, names: &[&str]) -> Result<PathBuf, String> {
    // A path that leads nowhere is found out, and a failure, when the program is started.
    if let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let file = |name: &&str| {
        env::split_paths(&path)
            .map(|dir| dir.join(name).with_extension(env::consts::EXE_EXTENSION))
            .find(|file| file.is_file())
    };
    names.iter().find_map(file).ok_or_else(|| {
        format!(
            "no {} in PATH; `apt-get install chromium chromium-driver`, or CHROME=/path and CHROMEDRIVER=/path, enables it",
            names.join(", ")
        )
    })
}

/// How long the browser may take to do what it is asked to.
const ANSWER: Duration = Duration::from_secs(60);

/// A running browser.
pub(crate) struct Browser {
    runtime: Runtime,
    pub(crate) client: Client,
    programs: Arc<Programs>,
    /// Whether it once did not answer: then it is not asked again.
    is_silent: AtomicBool,
}

impl Browser {
    pub(crate) fn start(installed: &Installed) -> Result<Self, String> {
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let interrupted = {
            let _inside = runtime.enter();
            sys::interrupted().map_err(|error| error.to_string())?
        };
        let programs = Arc::new(Programs::new().map_err(|error| error.to_string())?);
        let ended = Arc::clone(&programs);
        runtime.spawn(async move {
            let code = interrupted.await;
            if let Err(left) = ended.end() {
                eprintln!("{left}");
            }
            process::exit(code)
        });
        match connect(&runtime, &programs, installed) {
            Ok(client) => Ok(Self {
                runtime,
                client,
                programs,
                is_silent: AtomicBool::new(false),
            }),
            Err(why) => Err(match programs.end() {
                Ok(()) => why,
                Err(left) => why + "\n" + &left,
            }),
        }
    }

    /// Shows the page anew, and looks for the fact there.
    pub(crate) fn show(&self, view: View, fact: Fact) -> Result<(), Failed> {
        fact(&Page::open(self, view)?)
    }

    /// Waits for an answer of the browser.
    pub(crate) fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, CmdError>>,
    ) -> Result<T, Failed> {
        if self.is_silent.load(Ordering::Relaxed) {
            return Err("the browser did not answer before".into());
        }
        let answer = async { time::timeout(ANSWER, answer).await };
        match self.runtime.block_on(answer) {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                self.is_silent.store(true, Ordering::Relaxed);
                Err(format!("the browser did not answer within {ANSWER:?}").into())
            }
        }
    }

    pub(crate) fn end(self) -> Result<(), String> {
        self.programs.end()
    }
}

fn connect(
    runtime: &Runtime,
    programs: &Programs,
    installed: &Installed,
) -> Result<Client, String> {
    let address = programs.start("DevTools listening on ws://", |home| {
        let mut profile = OsStr::new("--user-data-dir=").to_owned();
        profile.push(home.join("profile"));
        let mut browser = at_home(&installed.browser, home);
        browser.args(FLAGS).arg(profile).arg("about:blank");
        browser
    })?;
    let (address, _) = address.split_once('/').unwrap_or((&address, ""));
    let port = programs.start("started successfully on port ", |home| {
        let mut driver = at_home(&installed.driver, home);
        driver.arg("--port=0");
        driver
    })?;
    let driver = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
    let Value::Object(capabilities) = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"debuggerAddress": address},
        "goog:loggingPrefs": {CONSOLE: "ALL", EVENTS: "ALL"},
    }) else {
        unreachable!("it is written as an object");
    };
    let mut client = ClientBuilder::new(HttpConnector::new());
    let client = client.capabilities(capabilities).connect(&driver);
    runtime
        .block_on(async { time::timeout(ANSWER, client).await })
        .map_err(|_| format!("no session with the browser within {ANSWER:?}"))?
        .map_err(|error| error.to_string())
}

/// A program that keeps its files in the directory, and nothing where the user has theirs.
fn at_home(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("TMPDIR", home).env("HOME", home);
    for moved in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        command.env_remove(moved);
    }
    command
}
