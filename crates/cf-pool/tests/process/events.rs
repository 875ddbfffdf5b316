//! Events of the workers, told to the parent's subscriber; in child processes, because a subscriber is for ever.

use std::{
    fmt,
    sync::{Mutex, mpsc},
};

use cf_pool::{ProcessPoolExecutor, task};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    child::in_child,
    gate::{LONG, ends},
    value::{double, pid},
};

#[derive(Debug, Default)]
struct Told {
    level: Option<Level>,
    fields: Vec<(&'static str, String)>,
}

impl Told {
    fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.push((field.name(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name(), value.to_owned()));
    }
}

/// Passes on what workers say.
struct Listener(Mutex<mpsc::Sender<Told>>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "concurrent_futures::worker"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut told = Told {
            level: Some(*event.metadata().level()),
            ..Told::default()
        };
        event.record(&mut told);
        self.0.lock().unwrap().send(told).unwrap();
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn listen() -> mpsc::Receiver<Told> {
    let (sender, receiver) = mpsc::channel();
    let listener = Listener(Mutex::new(sender));
    tracing::dispatcher::set_global_default(tracing::Dispatch::new(listener)).unwrap();
    receiver
}

#[task]
fn tell(n: u32) {
    tracing::trace!("too quiet");
    tracing::warn!(n, who = "worker", "ink is low");
    tracing::error!(target: "printer", "on fire");
}

#[test]
fn events_of_a_worker_come_to_the_parents_subscriber() {
    in_child(
        "events::events_of_a_worker_come_to_the_parents_subscriber",
        || {
            ends(|| {
                let told = listen();
                let builder = ProcessPoolExecutor::builder().max_workers(1);
                let pool = builder.forward_tracing(Level::INFO).build().unwrap();
                let worker = pool.submit(pid::task()).result().unwrap();
                pool.submit(tell::task(7)).result().unwrap();
                let warning = told.recv_timeout(LONG).unwrap();
                assert_eq!(warning.level, Some(Level::WARN));
                assert_eq!(warning.field("message"), "ink is low");
                assert_eq!(warning.field("pid"), worker.to_string());
                assert!(warning.field("origin").ends_with("events"), "{warning:?}");
                let fields = warning.field("fields");
                assert!(
                    fields.contains("n=7") && fields.contains("worker"),
                    "{fields}"
                );
                let error = told.recv_timeout(LONG).unwrap();
                assert_eq!(
                    (error.level, error.field("origin")),
                    (Some(Level::ERROR), "printer")
                );
                pool.shutdown();
                assert!(told.try_recv().is_err());
            });
        },
    );
}

#[test]
fn without_being_asked_for_they_stay_there() {
    in_child("events::without_being_asked_for_they_stay_there", || {
        ends(|| {
            let told = listen();
            let pool = ProcessPoolExecutor::new(1).unwrap();
            pool.submit(tell::task(7)).result().unwrap();
            assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
            pool.shutdown();
            assert!(told.try_recv().is_err());
        });
    });
}

#[task]
fn tell_much(n_events: u32) {
    for n in 0..n_events {
        tracing::info!(n, "again");
    }
}

#[test]
fn many_events_all_come_and_hang_nothing() {
    in_child("events::many_events_all_come_and_hang_nothing", || {
        ends(|| {
            const N_EVENTS: u32 = 20_000;
            let told = listen();
            let builder = ProcessPoolExecutor::builder().max_workers(2);
            let pool = builder.forward_tracing(Level::INFO).build().unwrap();
            let calls = [(); 2].map(|()| pool.submit(tell_much::task(N_EVENTS)));
            for call in calls {
                call.result().unwrap();
            }
            pool.shutdown();
            assert_eq!(told.try_iter().count(), 2 * N_EVENTS as usize);
        });
    });
}
