//! Names, signatures and keys: the same in every build of the same source.

use std::{collections::HashMap, error::Error, io, path::Path};

use cf_task::{Incoming, Message, Place, Task, registry, task};

#[task]
fn add(a: u64, b: u64) -> u64 {
    a + b
}

#[task]
#[expect(clippy::too_many_arguments, reason = "so that there are many")]
fn everything(
    text: &str,
    bytes: &[u8],
    path: &Path,
    pair: (u8, Option<u16>),
    single: (u8,),
    table: HashMap<String, Vec<[u8; 4]>>,
    tail: <Vec<u8> as IntoIterator>::Item,
    unit: (),
) -> Result<Vec<Option<u8>>, Box<dyn Error + Send + Sync + 'static>> {
    let _ = (text, bytes, path, pair, single, table, unit);
    Ok(vec![Some(tail)])
}

#[task]
#[rustfmt::skip]
fn spaced ( a : Option < Vec<   u8
    > > ,
    b : & [ u8 ] ) -> io :: Result < ( ) > {
    drop((a, b)); Ok(())
}

#[test]
fn a_name_is_the_path_of_the_function() {
    assert_eq!(add::TASK.name(), "it::signature::add");
}

#[test]
fn a_signature_is_the_types_as_people_write_them() {
    assert_eq!(add::TASK.signature(), "fn(u64, u64) -> u64");
    assert_eq!(
        everything::TASK.signature(),
        "fn(&str, &[u8], &Path, (u8, Option<u16>), (u8,), HashMap<String, Vec<[u8; 4]>>, \
         <Vec<u8> as IntoIterator>::Item, ()) -> Result<Vec<Option<u8>>, Box<dyn Error + Send + Sync + 'static>>"
    );
}

#[test]
fn a_signature_does_not_know_how_it_was_spaced() {
    assert_eq!(
        spaced::TASK.signature(),
        "fn(Option<Vec<u8>>, &[u8]) -> io::Result<()>"
    );
}

/// FNV-1a of the name, a zero, the signature and a zero.
#[test]
fn a_key_is_the_same_for_ever() {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in "it::signature::add\0fn(u64, u64) -> u64\0".bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    assert_eq!(add::TASK.key(), hash);
}

fn none(_: &mut Incoming<'_>, _: &mut Message) -> Result<(), cf_task::Failure> {
    Ok(())
}

#[test]
fn name_and_signature_do_not_run_into_each_other() {
    let place = Place {
        file: "shop.rs",
        line: 3,
    };
    let keys = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc", ""),
        ("", "abc"),
        ("a", "b"),
        ("b", "a"),
    ]
    .map(|(name, signature)| Task::new(name, signature, place, none).key());
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
}

#[test]
fn a_place_is_the_file_and_the_line_of_the_attribute() {
    let Place { file, line } = add::TASK.place();
    assert!(file.ends_with("signature.rs"), "{file}");
    assert_eq!(line, 7);
    assert_eq!(add::TASK.place().to_string(), format!("{file}:7"));
}

#[test]
fn a_task_tells_what_it_is() {
    let text = format!("{:?}", add::TASK);
    assert!(
        text.contains("it::signature::add") && text.contains("fn(u64, u64) -> u64"),
        "{text}"
    );
}

#[test]
fn a_task_is_found_by_name_and_by_key() {
    let by_name = registry::find_by_name(add::TASK.name(), add::TASK.signature()).unwrap();
    let by_key = registry::find(add::TASK.key()).unwrap().unwrap();
    assert!(std::ptr::eq(by_name, add::TASK) && std::ptr::eq(by_key, add::TASK));
}
