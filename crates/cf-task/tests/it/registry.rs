//! Two tasks of one name, and callers of another build, are errors that name the places.

use cf_task::{
    Failure, Incoming, Message, Place, Task,
    registry::{self, LookupError},
    task,
};

#[task]
fn first(n: u32) -> u32 {
    n
}

#[task(name = "it::registry::explicit")]
fn explicit() {}

fn none(_: &mut Incoming<'_>, _: &mut Message) -> Result<(), Failure> {
    Ok(())
}

const ELSEWHERE: Place = Place {
    file: "src/elsewhere.rs",
    line: 12,
};

#[test]
fn a_second_task_of_one_name_is_an_error_that_names_both_places() {
    static SECOND: Task = Task::new("it::registry::first", "fn(u64) -> u64", ELSEWHERE, none);
    let error = registry::register(&SECOND).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "two tasks are named `it::registry::first`: `fn(u32) -> u32` at {} and `fn(u64) -> u64` at src/elsewhere.rs:12; \
             give one of them another name with #[task(name = \"…\")]",
            first::TASK.place()
        )
    );
    // The first one stays.
    assert!(std::ptr::eq(
        registry::find_by_name("it::registry::first", "fn(u32) -> u32").unwrap(),
        first::TASK
    ));
    assert!(registry::find(SECOND.key()).unwrap().is_none());
}

#[test]
fn a_second_task_of_one_name_and_signature_is_an_error_too() {
    static SECOND: Task = Task::new("it::registry::explicit", "fn()", ELSEWHERE, none);
    let error = registry::register(&SECOND).unwrap_err().to_string();
    assert!(
        error.contains("src/elsewhere.rs:12")
            && error.contains(&explicit::TASK.place().to_string()),
        "{error}"
    );
}

#[test]
fn a_task_may_be_registered_by_hand_again_and_again() {
    static BY_HAND: Task = Task::new("it::registry::by_hand", "fn()", ELSEWHERE, none);
    assert!(registry::find(BY_HAND.key()).unwrap().is_none());
    for _ in 0..3 {
        registry::register(&BY_HAND).unwrap();
        registry::register(first::TASK).unwrap();
    }
    assert!(std::ptr::eq(
        registry::find(BY_HAND.key()).unwrap().unwrap(),
        &BY_HAND
    ));
    assert!(std::ptr::eq(
        registry::find_by_name("it::registry::by_hand", "fn()").unwrap(),
        &BY_HAND
    ));
}

#[test]
fn a_caller_with_another_signature_is_told_both() {
    let error = registry::find_by_name("it::registry::first", "fn(u64) -> u32").unwrap_err();
    assert!(matches!(&error, LookupError::Mismatch { task, signature }
        if std::ptr::eq(*task, first::TASK) && signature == "fn(u64) -> u32"));
    assert_eq!(
        error.to_string(),
        format!(
            "task `it::registry::first` is `fn(u32) -> u32` here (at {}), and `fn(u64) -> u32` for the caller: \
             both sides must be built from the same source",
            first::TASK.place()
        )
    );
}

#[test]
fn a_name_that_nobody_has_is_told() {
    let error = registry::find_by_name("it::registry::no_such", "fn()").unwrap_err();
    assert!(matches!(&error, LookupError::Unknown(name) if name == "it::registry::no_such"));
    assert!(registry::find(1).unwrap().is_none());
}

#[test]
fn the_tasks_of_this_program_have_names_of_their_own() {
    registry::check().unwrap();
}

#[test]
fn threads_may_register_and_look_up_at_once() {
    static TASKS: [Task; 4] = [
        Task::new("it::registry::0", "fn()", ELSEWHERE, none),
        Task::new("it::registry::1", "fn()", ELSEWHERE, none),
        Task::new("it::registry::2", "fn()", ELSEWHERE, none),
        Task::new("it::registry::3", "fn()", ELSEWHERE, none),
    ];
    std::thread::scope(|scope| {
        for task in &TASKS {
            scope.spawn(move || {
                for other in &TASKS {
                    registry::register(other).unwrap();
                }
                assert!(std::ptr::eq(
                    registry::find(task.key()).unwrap().unwrap(),
                    task
                ));
            });
        }
    });
}
