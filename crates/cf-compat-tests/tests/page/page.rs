//! The page in a tab: what a reader does with it, and what can be seen of it.

use std::{fs, path::Path, time::Duration};

use fantoccini::{
    actions::{
        Actions, InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions,
        PointerAction, TouchActions,
    },
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use http::Method;
use libtest_mimic::Failed;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::browser::Browser;

/// What the page is shown on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) width: u32,
    height: u32,
    is_phone: bool,
    scheme: &'static str,
}

pub(crate) const DESK: View = View {
    width: 1280,
    height: 800,
    is_phone: false,
    scheme: "light",
};

pub(crate) const NIGHT: View = View {
    scheme: "dark",
    ..DESK
};

pub(crate) const PHONE: View = View {
    width: 390,
    height: 844,
    is_phone: true,
    scheme: "light",
};

/// How long a finger is drawn over the screen.
const SWIPE: Duration = Duration::from_millis(100);

/// The log of the page's complaints.
pub(crate) const CONSOLE: &str = "browser";
/// The log of what the browser does for the page, requests among it.
pub(crate) const EVENTS: &str = "performance";

/// Functions that all scripts may call.
const LOOK: &str = include_str!("look.js");

/// The tab, which shows the page.
pub(crate) struct Page<'b> {
    browser: &'b Browser,
    pub(crate) view: View,
}

impl<'b> Page<'b> {
    /// Loads the page. Nothing stays of what was shown before, and the logs begin here.
    pub(crate) fn open(browser: &'b Browser, view: View) -> Result<Self, Failed> {
        let page = Self { browser, view };
        page.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({
                "width": view.width,
                "height": view.height,
                "deviceScaleFactor": 1,
                "mobile": view.is_phone,
            }),
        )?;
        page.devtools(
            "Emulation.setTouchEmulationEnabled",
            &json!({"enabled": view.is_phone}),
        )?;
        page.devtools(
            "Emulation.setEmulatedMedia",
            &json!({"features": [{"name": "prefers-color-scheme", "value": view.scheme}]}),
        )?;
        for log in [CONSOLE, EVENTS] {
            page.log(log)?;
        }
        browser.wait(browser.client.goto(address()?.as_str()))?;
        page.evaluate(LOOK)?;
        // The driver has been seen to take the end of another page's loading for that of this one.
        page.look::<()>("return loaded()")?;
        Ok(page)
    }

    /// What a script gives; a promise is waited for.
    pub(crate) fn look<T: DeserializeOwned>(&self, script: &str) -> Result<T, Failed> {
        let seen = self.evaluate(&format!("told((async () => {{ {script} }})())"))?;
        match seen["result"]["value"].as_str() {
            Some(told) => Ok(serde_json::from_str(told)?),
            None => Err(format!("{script}: {}", seen["exceptionDetails"]).into()),
        }
    }

    fn evaluate(&self, script: &str) -> Result<Value, Failed> {
        self.devtools(
            "Runtime.evaluate",
            &json!({"expression": script, "awaitPromise": true, "returnByValue": true}),
        )
    }

    /// Scrolls to an element and clicks at it with the mouse.
    pub(crate) fn click(&self, selector: &str) -> Result<(), Failed> {
        let (x, y) = self.middle(selector)?;
        let mouse = MouseActions::new("mouse".to_owned());
        self.perform(mouse.then(to(x, y)).then(DOWN).then(UP))
    }

    /// Scrolls to an element and touches it with a finger.
    pub(crate) fn tap(&self, selector: &str) -> Result<(), Failed> {
        let (x, y) = self.middle(selector)?;
        let finger = TouchActions::new("finger".to_owned());
        self.perform(finger.then(to(x, y)).then(DOWN).then(UP))
    }

    /// Scrolls to an element, touches it and draws the finger so far to the left.
    pub(crate) fn swipe(&self, selector: &str, distance: f64) -> Result<(), Failed> {
        let (x, y) = self.middle(selector)?;
        let drawn = PointerAction::MoveTo {
            duration: Some(SWIPE),
            x: x - distance,
            y,
        };
        let finger = TouchActions::new("finger".to_owned());
        self.perform(finger.then(to(x, y)).then(DOWN).then(drawn).then(UP))
    }

    /// The middle of an element. Fails if another one is in the way there.
    fn middle(&self, selector: &str) -> Result<(f64, f64), Failed> {
        self.look(&format!("return middle({})", Value::from(selector)))
    }

    pub(crate) fn press(&self, key: Key) -> Result<(), Failed> {
        self.press_with(&[], key)
    }

    /// Presses a key while others are held down.
    pub(crate) fn press_with(&self, held: &[Key], key: Key) -> Result<(), Failed> {
        let all = held.iter().chain([&key]).map(|key| char::from(*key));
        let down = all.clone().map(|value| KeyAction::Down { value });
        let up = all.rev().map(|value| KeyAction::Up { value });
        let keys = KeyActions::new("keys".to_owned());
        self.perform(down.chain(up).fold(keys, KeyActions::then))
    }

    fn perform(&self, actions: impl Into<Actions>) -> Result<(), Failed> {
        self.browser
            .wait(self.browser.client.perform_actions(actions))
    }

    /// A command of the browser's own protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Result<Value, Failed> {
        self.ask(Own {
            path: "goog/cdp/execute",
            body: json!({"cmd": command, "params": parameters}),
        })
    }

    /// What the browser has written into a log since it was last asked.
    pub(crate) fn log(&self, name: &str) -> Result<Vec<Entry>, Failed> {
        let entries = self.ask(Own {
            path: "se/log",
            body: json!({"type": name}),
        })?;
        Ok(serde_json::from_value(entries)?)
    }

    fn ask(&self, command: Own) -> Result<Value, Failed> {
        self.browser.wait(self.browser.client.issue_cmd(command))
    }
}

const DOWN: PointerAction = PointerAction::Down {
    button: MOUSE_BUTTON_LEFT,
};

const UP: PointerAction = PointerAction::Up {
    button: MOUSE_BUTTON_LEFT,
};

/// The pointer goes there at once.
fn to(x: f64, y: f64) -> PointerAction {
    PointerAction::MoveTo {
        duration: Some(Duration::ZERO),
        x,
        y,
    }
}

/// The file that is looked at.
pub(crate) fn address() -> Result<Url, Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = fs::canonicalize(root.join("../../docs/compat-matrix.html"))?;
    Url::from_file_path(&file).map_err(|()| format!("no address: {}", file.display()).into())
}

/// One line of a log.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) level: String,
    pub(crate) message: String,
}

/// What chromedriver understands beyond the standard.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
