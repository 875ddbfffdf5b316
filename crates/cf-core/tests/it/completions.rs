//! `Completions`: many awaited futures that report to one task.

use std::thread;

use cf_core::{
    Promise,
    bridge::{Awaited, Completions, SharedAwaited},
};

use crate::{
    alarm::{Alarm, block_on, faulty, on_drop, poll_once, poll_with},
    awaited::{pending, running},
    callback::reports_of,
    gate::ends,
    threads::{keep_from_four, promises},
};

/// That many promises, and the awaitable faces of their futures.
fn awaited(n: usize) -> (Vec<Promise<usize>>, Vec<Awaited<usize>>) {
    let (promises, futures) = promises(n);
    (promises, futures.into_iter().map(Awaited::new).collect())
}

fn watch_all(completions: &Completions, futures: &[Awaited<usize>]) {
    for (index, future) in futures.iter().enumerate() {
        assert!(completions.watch(future, u32::try_from(index).unwrap()));
    }
}

#[test]
fn reports_come_in_the_order_of_the_ends() {
    let (promises, futures) = awaited(4);
    let mut completions = Completions::new();
    watch_all(&completions, &futures);
    let mut promises: Vec<_> = promises.into_iter().map(Some).collect();
    for place in [2, 0, 3, 1] {
        promises[place].take().unwrap().set_result(place).unwrap();
    }
    assert_eq!(completions.take(), (vec![2, 0, 3, 1], false));
}

#[test]
fn each_reports_once() {
    let (promise, awaited) = running();
    let mut completions = Completions::new();
    assert!(completions.watch(&awaited, 3));
    assert!(awaited.give_up());
    promise.set_result(7).unwrap();
    assert_eq!(completions.take(), (vec![3], false));
    assert_eq!(completions.take(), (vec![], false));
}

#[test]
fn what_has_ended_or_was_given_up_does_not_report() {
    let (promise, ended) = pending();
    promise.set_result(7).unwrap();
    let (_promise, given_up) = running();
    assert!(given_up.give_up());
    let mut completions = Completions::new();
    assert!(!completions.watch(&ended, 0) && !completions.watch(&given_up, 1));
    assert_eq!(completions.take(), (vec![], false));
}

#[test]
fn a_waker_is_woken_once_and_only_when_enough_have_reported() {
    let (promises, futures) = awaited(3);
    let mut completions = Completions::new();
    watch_all(&completions, &futures);
    let alarm = Alarm::new();
    assert!(alarm.poll(|it| completions.poll(2, false, it)).is_pending());
    let n_wakes = promises.into_iter().map(|promise| {
        promise.set_result(7).unwrap();
        alarm.n_wakes()
    });
    assert_eq!(n_wakes.collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!(alarm.n_wakers(), 0);
    assert!(alarm.poll(|it| completions.poll(3, false, it)).is_ready());
    assert!(alarm.poll(|it| completions.poll(4, false, it)).is_pending());
}

#[test]
fn reports_that_were_taken_do_not_count_again() {
    let (promises, futures) = awaited(2);
    let mut completions = Completions::new();
    watch_all(&completions, &futures);
    for (place, promise) in promises.into_iter().enumerate() {
        promise.set_result(place).unwrap();
        assert!(poll_once(|it| completions.poll(1, false, it)).is_ready());
        assert_eq!(completions.take().0, [u32::try_from(place).unwrap()]);
        assert!(poll_once(|it| completions.poll(1, false, it)).is_pending());
    }
}

#[test]
fn a_failure_wakes_where_it_suffices() {
    for failure_suffices in [true, false] {
        let (mut promises, futures) = awaited(3);
        let mut completions = Completions::new();
        watch_all(&completions, &futures);
        let alarm = Alarm::new();
        let poll = alarm.poll(|it| completions.poll(3, failure_suffices, it));
        assert!(poll.is_pending());
        promises.pop().unwrap().set_result(7).unwrap();
        assert_eq!(alarm.n_wakes(), 0);
        drop(promises.pop());
        assert_eq!(alarm.n_wakes(), usize::from(failure_suffices));
        let poll = alarm.poll(|it| completions.poll(3, failure_suffices, it));
        assert_eq!(poll.is_ready(), failure_suffices);
        assert_eq!(completions.take(), (vec![2, 1], true));
    }
}

#[test]
fn a_failure_that_was_taken_does_not_suffice_again() {
    let (mut promises, futures) = awaited(2);
    let mut completions = Completions::new();
    watch_all(&completions, &futures);
    drop(promises.pop());
    assert_eq!(completions.take(), (vec![1], true));
    assert!(poll_once(|it| completions.poll(1, true, it)).is_pending());
}

#[test]
fn a_cancelled_or_given_up_one_reports_and_is_no_failure() {
    let (_promise, cancelled) = pending();
    let (late, given_up) = running();
    let mut completions = Completions::new();
    assert!(completions.watch(&cancelled, 0) && completions.watch(&given_up, 1));
    let alarm = Alarm::new();
    assert!(alarm.poll(|it| completions.poll(2, true, it)).is_pending());
    assert!(cancelled.give_up());
    assert_eq!(alarm.n_wakes(), 0);
    assert!(given_up.give_up());
    assert_eq!(alarm.n_wakes(), 1);
    assert_eq!(completions.take(), (vec![0, 1], false));
    drop(late);
    assert!(!Completions::has_failed(&cancelled) && !Completions::has_failed(&given_up));
}

#[test]
fn has_failed_tells_a_failure_from_all_else() {
    let (promise, failed) = pending();
    assert!(!Completions::has_failed(&failed));
    promise.set_exception("no luck").unwrap();
    assert!(Completions::has_failed(&failed));
    let (promise, done) = pending();
    promise.set_result(7).unwrap();
    assert!(!Completions::has_failed(&done));
}

#[test]
fn an_unwatched_one_reports_no_more() {
    let (promises, futures) = awaited(3);
    let mut completions = Completions::new();
    watch_all(&completions, &futures);
    completions.unwatch(&futures[1]);
    for promise in promises {
        promise.set_result(7).unwrap();
    }
    assert_eq!(completions.take().0, [0, 2]);
}

#[test]
fn unwatching_for_one_leaves_the_others() {
    let (promise, mut awaited) = pending();
    let (mut stays, goes) = (Completions::new(), Completions::new());
    let alarm = Alarm::new();
    assert!(stays.watch(&awaited, 1) && goes.watch(&awaited, 2));
    assert!(alarm.poll(|context| awaited.poll(context)).is_pending());
    goes.unwatch(&awaited);
    promise.set_result(7).unwrap();
    assert_eq!((stays.take().0, alarm.n_wakes()), (vec![1], 1));
}

#[test]
fn watched_twice_it_reports_once_under_the_newer_index() {
    let (promise, awaited) = pending();
    let mut completions = Completions::new();
    assert!(completions.watch(&awaited, 1) && completions.watch(&awaited, 2));
    promise.set_result(7).unwrap();
    assert_eq!(completions.take().0, [2]);
}

#[test]
fn a_newer_waker_takes_the_place_of_the_older_one() {
    let (promise, awaited) = pending();
    let mut completions = Completions::new();
    assert!(completions.watch(&awaited, 0));
    let (older, newer) = (Alarm::new(), Alarm::new());
    assert!(older.poll(|it| completions.poll(1, false, it)).is_pending());
    assert!(newer.poll(|it| completions.poll(1, false, it)).is_pending());
    assert_eq!((older.n_wakers(), newer.n_wakers()), (0, 1));
    promise.set_result(7).unwrap();
    assert_eq!((older.n_wakes(), newer.n_wakes()), (0, 1));
}

#[test]
fn a_poll_that_is_ready_takes_no_waker_and_leaves_none() {
    let mut completions = Completions::new();
    let (older, newer) = (Alarm::new(), Alarm::new());
    assert!(older.poll(|it| completions.poll(1, false, it)).is_pending());
    assert!(newer.poll(|it| completions.poll(0, false, it)).is_ready());
    assert_eq!((older.n_wakers(), newer.n_wakers()), (0, 0));
}

#[test]
fn dropped_they_leave_no_waker() {
    let (promise, awaited) = pending();
    let mut completions = Completions::new();
    assert!(completions.watch(&awaited, 0));
    let alarm = Alarm::new();
    assert!(alarm.poll(|it| completions.poll(1, false, it)).is_pending());
    drop(completions);
    assert_eq!(alarm.n_wakers(), 0);
    promise.set_result(7).unwrap();
    assert_eq!(alarm.n_wakes(), 0);
}

#[test]
fn a_waker_that_panics_harms_nobody() {
    let (promise, mut awaited) = pending();
    let (mut bad, mut good) = (Completions::new(), Completions::new());
    let (reading, alarm) = (Alarm::new(), Alarm::new());
    assert!(bad.watch(&awaited, 0) && good.watch(&awaited, 0));
    assert!(poll_with(&faulty(), |it| bad.poll(1, false, it)).is_pending());
    assert!(alarm.poll(|it| good.poll(1, false, it)).is_pending());
    assert!(reading.poll(|context| awaited.poll(context)).is_pending());
    let reports = reports_of(|| promise.set_result(7).unwrap());
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert_eq!((alarm.n_wakes(), reading.n_wakes()), (1, 1));
    assert_eq!(bad.take().0, [0]);
}

#[test]
fn a_waker_whose_drop_ends_a_watched_future_does_not_hang() {
    for enough in [0, 1] {
        ends(move || {
            let (promise, awaited) = pending();
            let mut completions = Completions::new();
            assert!(completions.watch(&awaited, 4));
            let waker = on_drop(move || promise.set_result(7).unwrap());
            let poll = |completions: &mut Completions, enough, waker| {
                poll_with(waker, |it| completions.poll(enough, false, it))
            };
            let first = poll(&mut completions, enough, &waker);
            assert_eq!(first.is_ready(), enough == 0);
            drop(waker);
            assert!(poll_once(|it| completions.poll(2, false, it)).is_pending());
            assert_eq!(completions.take().0, [4]);
        });
    }
}

#[test]
fn both_kinds_of_awaited_report_to_one() {
    let (promise, one) = pending();
    let (second, future) = Promise::new();
    let shared = SharedAwaited::new(future.shared());
    let mut completions = Completions::new();
    assert!(completions.watch(&one, 0) && completions.watch(&shared, 1));
    second.set_result(8).unwrap();
    promise.set_result(7).unwrap();
    assert_eq!(completions.take().0, [1, 0]);
}

#[test]
fn a_given_up_shared_one_reports_though_its_work_goes_on() {
    let (promise, future) = Promise::<u32>::new();
    assert!(promise.set_running_or_notify_cancel());
    let shared = SharedAwaited::new(future.shared());
    let mut completions = Completions::new();
    assert!(completions.watch(&shared, 1));
    assert!(shared.give_up());
    assert_eq!(completions.take(), (vec![1], false));
    promise.set_result(7).unwrap();
    assert_eq!(completions.take(), (vec![], false));
}

#[test]
fn ten_thousand_report_each_once_from_four_threads() {
    ends(|| {
        let (promises, futures) = awaited(10_000);
        let mut completions = Completions::new();
        watch_all(&completions, &futures);
        let (start, finishers) = keep_from_four(promises);
        start.wait();
        let mut reported = Vec::new();
        let mut has_failure = false;
        while reported.len() < futures.len() {
            block_on(|context| completions.poll(1, false, context));
            let (new, failed) = completions.take();
            assert!(!new.is_empty());
            has_failure |= failed;
            reported.extend(new);
        }
        reported.sort_unstable();
        assert!(reported.into_iter().eq(0..10_000) && has_failure);
        assert!(futures.iter().all(Awaited::is_done));
        finishers.into_iter().for_each(|it| it.join().unwrap());
    });
}

#[test]
fn ten_thousand_wake_a_task_that_waits_for_all_once() {
    ends(|| {
        let (promises, futures) = awaited(10_000);
        let mut completions = Completions::new();
        watch_all(&completions, &futures);
        let alarm = Alarm::new();
        let poll = alarm.poll(|it| completions.poll(futures.len(), false, it));
        assert!(poll.is_pending());
        let (start, finishers) = keep_from_four(promises);
        start.wait();
        finishers.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!(alarm.n_wakes(), 1);
        assert_eq!(completions.take().0.len(), 10_000);
    });
}

#[test]
fn ten_thousand_given_up_while_they_end_report_each_once() {
    ends(|| {
        let (promises, futures) = awaited(10_000);
        let mut completions = Completions::new();
        watch_all(&completions, &futures);
        for promise in &promises {
            assert!(promise.set_running_or_notify_cancel());
        }
        let cancellers: Vec<_> = futures.iter().map(Awaited::canceller).collect();
        let (start, finishers) = keep_from_four(promises);
        let giver = thread::spawn(move || {
            start.wait();
            cancellers.iter().filter(|it| it.give_up()).count()
        });
        block_on(|context| completions.poll(futures.len(), false, context));
        finishers.into_iter().for_each(|it| it.join().unwrap());
        let n_given_up = giver.join().unwrap();
        let mut reported = completions.take().0;
        reported.sort_unstable();
        assert!(reported.into_iter().eq(0..10_000));
        let n_cancelled = futures.iter().filter(|it| it.is_cancelled()).count();
        assert_eq!(n_cancelled, n_given_up);
    });
}
