//! Events of the workers, told to the parent's subscriber; in child processes, because a subscriber is for ever.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use cf_core::Error;
use cf_pool::{ProcessPoolExecutor, task};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    child::in_child,
    door::{Door, knock},
    gate::{LONG, ends},
    value::{Does, Unruly, double, pid},
    way::{Way, die},
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

#[task]
fn tell_long(n_chars: usize) {
    let text = "é".repeat(n_chars);
    tracing::warn!(text, "{text}");
}

#[test]
fn an_event_that_is_too_long_comes_cut() {
    in_child("events::an_event_that_is_too_long_comes_cut", || {
        ends(|| {
            let told = listen();
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            let pool = builder.forward_tracing(Level::INFO).build().unwrap();
            let worker = pool.submit(pid::task()).result().unwrap();
            pool.submit(tell_long::task(1 << 20)).result().unwrap();
            let long = told.recv_timeout(LONG).unwrap();
            for name in ["message", "fields"] {
                let text = long.field(name);
                assert!(text.contains("éé") && text.ends_with(" (cut)"), "{name}");
                assert!(text.len() < 1 << 18, "{name}: {}", text.len());
            }
            pool.submit(tell_long::task(7)).result().unwrap();
            let short = told.recv_timeout(LONG).unwrap();
            assert_eq!(short.field("message"), "ééééééé");
            assert_eq!(pool.submit(pid::task()).result().unwrap(), worker);
        });
    });
}

/// Does with every event whatever it does.
struct Odd(fn());

impl Subscriber for Odd {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("concurrent_futures")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        (self.0)();
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn subscribe(odd: fn()) {
    tracing::dispatcher::set_global_default(tracing::Dispatch::new(Odd(odd))).unwrap();
}

#[task]
fn tell_forever(address: &str) {
    knock(address, 0);
    for n in 0.. {
        tracing::info!(n, "and again");
    }
}

#[test]
fn a_flood_of_events_hides_no_time_limit_and_no_request_to_stop() {
    in_child(
        "events::a_flood_of_events_hides_no_time_limit_and_no_request_to_stop",
        || {
            ends(|| {
                // time: slower than the worker that tells them
                subscribe(|| thread::sleep(Duration::from_millis(1)));
                let short = Duration::from_millis(300);
                let builder = ProcessPoolExecutor::builder().max_workers(1);
                let builder = builder.cancel_grace(short).forward_tracing(Level::INFO);
                let pool = builder.build().unwrap();
                let door = Door::new();
                let call = pool.submit(tell_forever::task(door.address()).timeout(short));
                drop(door.guest());
                let error = call.result().unwrap_err();
                assert!(matches!(error, Error::TimedOut(_)), "{error:?}");
                let call = pool.submit(tell_forever::task(door.address()));
                drop(door.guest());
                assert!(call.request_cancel());
                let error = call.result().unwrap_err();
                assert!(matches!(error, Error::Cancelled), "{error:?}");
                assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
            });
        },
    );
}

#[task]
fn take(unruly: Unruly) {
    unruly.end();
}

#[test]
fn a_subscriber_that_panics_harms_no_call() {
    static N_PANICS: AtomicU32 = AtomicU32::new(0);
    in_child("events::a_subscriber_that_panics_harms_no_call", || {
        ends(|| {
            subscribe(|| {
                N_PANICS.fetch_add(1, Ordering::SeqCst);
                panic!("it cannot bear to hear it");
            });
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            let pool = builder.forward_tracing(Level::INFO).build().unwrap();
            for n in 0..10 {
                pool.submit(tell::task(n)).result().unwrap();
                assert_eq!(pool.submit(double::task(n)).result().unwrap(), n * 2);
            }
            pool.submit(die::task(Way::Kill)).result().unwrap_err();
            let refused = Unruly::when_encoded(Does::Refuse);
            pool.submit(take::task(refused)).result().unwrap_err();
            // What a callback does wrong is told as well.
            let call = pool.submit(double::task(4));
            call.add_done_callback(|_| panic!("in a callback"));
            assert_eq!(call.result().unwrap(), 8);
            assert_eq!(pool.submit(double::task(4)).result().unwrap(), 8);
            pool.shutdown();
            assert!(N_PANICS.load(Ordering::SeqCst) >= 20);
        });
    });
}

#[test]
fn a_subscriber_that_panics_harms_no_pool_whose_workers_cannot_start() {
    #[task]
    fn refuse() -> Result<(), String> {
        tracing::warn!("it will not do");
        Err("it does not want to".to_owned())
    }

    const NAME: &str = "events::a_subscriber_that_panics_harms_no_pool_whose_workers_cannot_start";
    in_child(NAME, || {
        ends(|| {
            subscribe(|| panic!("it cannot bear to hear it"));
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            let builder = builder.initializer(refuse::task());
            let pool = builder.forward_tracing(Level::INFO).build().unwrap();
            let error = pool.submit(double::task(4)).result().unwrap_err();
            assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
            pool.shutdown();
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            // Too short for any process.
            let pool = builder
                .start_timeout(Duration::from_nanos(1))
                .build()
                .unwrap();
            let error = pool.submit(double::task(4)).result().unwrap_err();
            assert!(matches!(error, Error::BrokenExecutor(_)), "{error:?}");
            pool.shutdown();
        });
    });
}
