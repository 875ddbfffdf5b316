//! What tasks print, and what they can read: in child processes, whose output and input the test holds.

use std::io::{Read, Write};

use cf_pool::{ProcessPoolExecutor, task};

use crate::{
    child::{end_line, finish, is_child, spawn},
    door::{Door, knock},
    gate::ends,
    value::double,
    way::{Way, died},
};

const N_LINES: u32 = 300;

#[task]
fn print_in_pieces(worker: u32, address: &str) {
    // Both workers print at the same time.
    knock(address, worker);
    for n in 0..N_LINES {
        for piece in ["out:", &worker.to_string(), ":", &n.to_string(), ":end\n"] {
            let mut out = std::io::stdout();
            out.write_all(piece.as_bytes()).unwrap();
            out.flush().unwrap();
        }
        for piece in ["err:", &worker.to_string(), ":", &n.to_string(), ":end\n"] {
            std::io::stderr().write_all(piece.as_bytes()).unwrap();
        }
    }
    print!("out:{worker}:last");
    eprint!("err:{worker}:last");
}

#[test]
fn lines_of_several_workers_come_whole_and_in_order() {
    const NAME: &str = "output::lines_of_several_workers_come_whole_and_in_order";
    if is_child() {
        end_line();
        return ends(|| {
            let pool = ProcessPoolExecutor::new(2).unwrap();
            let door = Door::new();
            let calls = [0, 1].map(|n| pool.submit(print_in_pieces::task(n, door.address())));
            drop(door.guests(2));
            for call in calls {
                call.result().unwrap();
            }
        });
    }
    let output = finish(spawn(NAME, |_| {}), "");
    for (stream, bytes) in [("out", output.stdout), ("err", output.stderr)] {
        let text = String::from_utf8(bytes).unwrap();
        for worker in 0..2 {
            let prefix = format!("{stream}:{worker}:");
            let told: Vec<_> = text
                .lines()
                .filter_map(|line| line.strip_prefix(&prefix))
                .collect();
            let mut expected: Vec<_> = (0..N_LINES).map(|n| format!("{n}:end")).collect();
            expected.push("last".to_owned());
            assert_eq!(told, expected, "{text}");
        }
    }
}

#[task]
fn say_and_die(words: &str, way: Way) {
    eprintln!("{words}");
    println!("{words}");
    way.go();
}

#[test]
fn what_was_printed_before_a_death_comes_before_its_error() {
    const NAME: &str = "output::what_was_printed_before_a_death_comes_before_its_error";
    if is_child() {
        end_line();
        return ends(|| {
            let pool = ProcessPoolExecutor::new(1).unwrap();
            for way in Way::ALL {
                let dies = pool.submit(say_and_die::task(&format!("said:{way:?}"), way));
                died(dies.result());
                eprintln!("said:it died");
                println!("said:it died");
            }
        });
    }
    let output = finish(spawn(NAME, |_| {}), "");
    let expected: Vec<_> = Way::ALL
        .iter()
        .flat_map(|way| [format!("said:{way:?}"), "said:it died".to_owned()])
        .collect();
    for bytes in [output.stdout, output.stderr] {
        let text = String::from_utf8(bytes).unwrap();
        let told: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("said:"))
            .collect();
        assert_eq!(told, expected, "{text}");
    }
}

#[task]
fn print_much(n_bytes: usize) {
    let line = "much:".repeat(20) + "\n";
    let mut out = std::io::stdout().lock();
    for _ in 0..n_bytes / line.len() {
        out.write_all(line.as_bytes()).unwrap();
    }
    // And a line that never seems to end.
    out.write_all(&vec![b'x'; 1 << 20]).unwrap();
}

#[test]
fn a_task_that_prints_much_ends() {
    const NAME: &str = "output::a_task_that_prints_much_ends";
    if is_child() {
        end_line();
        return ends(|| {
            let pool = ProcessPoolExecutor::new(1).unwrap();
            pool.submit(print_much::task(4 << 20)).result().unwrap();
            pool.submit(double::task(4)).result().unwrap();
        });
    }
    let output = finish(spawn(NAME, |_| {}), "");
    let text = String::from_utf8(output.stdout).unwrap();
    let n_lines = text
        .lines()
        .filter(|line| *line == "much:".repeat(20))
        .count();
    assert_eq!(n_lines, (4 << 20) / 101);
    assert_eq!(text.bytes().filter(|byte| *byte == b'x').count() >> 20, 1);
}

#[task]
fn read_input() -> String {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).unwrap();
    input
}

#[test]
fn a_worker_reads_nothing_of_the_parents_input() {
    const NAME: &str = "output::a_worker_reads_nothing_of_the_parents_input";
    if is_child() {
        end_line();
        return ends(|| {
            let pool = ProcessPoolExecutor::new(1).unwrap();
            let read = pool.submit(read_input::task()).result();
            assert_eq!(read.unwrap(), "");
            assert_eq!(read_input(), "for the parent");
            let read = pool.submit(read_input::task()).result();
            assert_eq!(read.unwrap(), "");
        });
    }
    finish(spawn(NAME, |_| {}), "for the parent");
}
