//! What the page asks for and complains of: nothing.

use fantoccini::key::Key;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::{
    filters,
    page::{CONSOLE, EVENTS, Page, address},
    sheets::spread,
};

/// What the browser wrote down.
struct Heard {
    complaints: Vec<String>,
    /// Addresses.
    requests: Vec<String>,
}

/// While it is loaded, clicked at and filtered, it asks for no other file, and nothing is written to the console.
pub(crate) fn is_quiet(page: &Page<'_>) -> Result<(), Failed> {
    for id in spread(page, 3)? {
        page.click(&format!("td [popovertarget={id}]"))?;
        page.press(Key::Escape)?;
    }
    page.click(filters::SUMMARY)?;
    page.click(".filters label:last-child")?;
    let heard = Heard::from(page)?;
    assert_eq!(heard.complaints, [""; 0]);
    assert_eq!(heard.requests, [address()?.as_str()]);
    Ok(())
}

/// The trial above would hear what there is to hear.
pub(crate) fn is_heard(page: &Page<'_>) -> Result<(), Failed> {
    page.look::<()>(
        "console.warn('doubtful'); console.error('wrong');
         return new Promise((resolve) => {
             const image = new Image();
             image.onerror = () => resolve();
             image.src = 'missing.png';
         });",
    )?;
    let heard = Heard::from(page)?;
    for word in ["doubtful", "wrong", "missing.png"] {
        let is_heard = heard.complaints.iter().any(|it| it.contains(word));
        assert!(is_heard, "{word} not in {:?}", heard.complaints);
    }
    assert!(heard.requests.iter().any(|it| it.ends_with("/missing.png")));
    Ok(())
}

impl Heard {
    /// Since the page was asked for.
    fn from(page: &Page<'_>) -> Result<Self, Failed> {
        let complaints = page
            .log(CONSOLE)?
            .into_iter()
            .filter(|entry| !["INFO", "DEBUG"].contains(&entry.level.as_str()))
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .collect();
        let mut requests = Vec::new();
        for entry in page.log(EVENTS)? {
            let event: Value = serde_json::from_str(&entry.message)?;
            let event = &event["message"];
            if event["method"] == "Network.requestWillBeSent" {
                let url = event["params"]["request"]["url"].as_str();
                // Such an address has what it names in it.
                requests.extend(
                    url.filter(|url| !url.starts_with("data:"))
                        .map(str::to_owned),
                );
            }
        }
        Ok(Self {
            complaints,
            requests,
        })
    }
}
