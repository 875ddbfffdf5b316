//! `docs/compat-matrix.html`: the matrix to click through, one file that needs nothing else.
//!
//! There is no script in it: a cell is a button that opens a popover, and the filters are radio buttons for the style sheet.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::grid::{Cell, Effect, Grid, Here, Kind, NEWEST, Operation, Outcome};
use super::totals;

/// What can be shown alone: the class of the cells, and its label.
const FILTERS: [(&str, &str); 7] = [
    ("all", "all cells"),
    ("py-hangs", "∞ hangs in Python"),
    ("py-warns", "⚠ only warns in Python"),
    ("py-raises", "! raises in Python"),
    ("rs-refused", "✗ does not compile here"),
    ("rs-works", "✓ works here"),
    ("rs-fails", "! gives an error here"),
];

pub(super) fn page(grid: &Grid) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "The incompatibility matrix of futures" }
                // So that a browser asks for no file beside this one.
                link rel="icon" href="data:,";
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                (head(grid))
                div.wide role="region" aria-label="The matrix" tabindex="0" { (table(grid)) }
                @for (place, operation) in grid.operations.iter().enumerate() {
                    @for (column, kind) in grid.kinds.iter().enumerate() {
                        (sheet(&id(place, column), operation, kind, &grid.cells[place][column]))
                    }
                }
            }
        }
    };
    // Lines, so that a change of one cell is a change of one line.
    page.into_string()
        .replace("<div class=\"sheet\"", "\n<div class=\"sheet\"")
        .replace("<tr", "\n<tr")
        .replace("<td", "\n<td")
        + "\n"
}

fn head(grid: &Grid) -> Markup {
    html! {
        header {
            h1 { "What becomes of a future" }
            p {
                "Python has two kinds of future that look alike and do not mix. Each row is an operation, each column a kind of future; a cell shows on "
                "the left what Python " (NEWEST) " does and on the right what happens in Rust with concurrent_futures, both executed. "
                b { "Choose a cell" } " for the outcomes and for how to cross."
            }
            p.legend {
                "✓ works · T, F gives true, false · ! raises or gives an error · ⚠ only warns · ∞ hangs · ✗ does not compile"
                @if totals::Cells::of(grid).n_broken > 0 { " · ‼ broken" }
            }
            details {
                summary { "Show some only" }
                fieldset.filters {
                    legend { "Show" }
                    @for (class, label) in FILTERS {
                        label {
                            input type="radio" name="show" id={ "show-" (class) } checked[class == "all"];
                            (label)
                        }
                    }
                }
            }
            details {
                summary { "The " (grid.kinds.len()) " kinds of future" }
                dl {
                    @for kind in &grid.kinds {
                        dt { (kind.id) }
                        dd { (kind.in_python) ". Here " code { (kind.type_here) } ": " (kind.made_here) "." }
                    }
                }
            }
            details {
                summary { "Totals" }
                p { (totals::Cells::of(grid).line()) "." }
            }
        }
    }
}

fn table(grid: &Grid) -> Markup {
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "operation on " code { "x" } }
                    @for kind in &grid.kinds {
                        th scope="col" title=(kind.in_python) { span { (kind.id) } }
                    }
                }
            }
            @for (group, first, n) in grid.groups() {
                tbody {
                    tr.group {
                        th colspan=(grid.kinds.len() + 1) scope="rowgroup" { span { (group) } }
                    }
                    @for place in first..first + n {
                        tr {
                            th scope="row" { code { (grid.operations[place].in_python) } }
                            @for (column, cell) in grid.cells[place].iter().enumerate() {
                                td { (button(&id(place, column), &grid.operations[place], &grid.kinds[column], cell)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn button(id: &str, operation: &Operation, kind: &Kind, cell: &Cell) -> Markup {
    let (python, here) = (cell.newest().effect(), cell.here.effect());
    html! {
        button class={ (python_class(cell.newest())) " " (here_class(&cell.here)) }
            popovertarget=(id)
            aria-label={ (operation.id) " of " (kind.id) ": " (python.word()) " in Python, " (here.word()) " here" }
            { (python.sign()) span { (here.sign()) } }
    }
}

fn id(place: usize, column: usize) -> String {
    format!("c{place}-{column}")
}

fn python_class(outcome: &Outcome) -> &'static str {
    match outcome.effect() {
        Effect::Hangs => "py-hangs",
        Effect::Warns => "py-warns",
        Effect::Fails => "py-raises",
        _ => "py-works",
    }
}

fn here_class(here: &Here) -> &'static str {
    match here.effect() {
        Effect::Broken => "rs-broken",
        Effect::DoesNotCompile => "rs-refused",
        Effect::Fails => "rs-fails",
        _ => "rs-works",
    }
}

fn sheet(id: &str, operation: &Operation, kind: &Kind, cell: &Cell) -> Markup {
    html! {
        div.sheet popover id=(id) {
            button.close popovertarget=(id) popovertargetaction="hide" aria-label="close" { "×" }
            h2 { code { (operation.in_python) } }
            p { code { "x" } " is " b { (kind.id) } ": " (kind.in_python) }
            dl {
                @for (versions, outcome) in &cell.python {
                    dt { "Python " (versions) }
                    dd {
                        (outcome.effect().sign()) " " code { (outcome.text) }
                        @for note in &outcome.notes { p { "on the side: " code { (note) } } }
                    }
                }
                dt { "here" }
                dd { (here(operation, kind, cell)) }
                dt { "to cross, or what differs" }
                dd.fix {
                    @for line in cell.fix.lines() { p { (spans(line)) } }
                }
                @if !cell.rows.is_empty() {
                    dt { "rows of the reference" }
                    dd { (cell.rows.join(", ")) }
                }
            }
        }
    }
}

fn here(operation: &Operation, kind: &Kind, cell: &Cell) -> Markup {
    html! {
        code { (operation.here) }
        " with " code { "x: " (kind.type_here) } ", from " (kind.made_here)
        p {
            (cell.here.effect().sign()) " "
            @match &cell.here {
                Here::Ran(outcome) => code { (outcome) },
                Here::DoesNotCompile { case, error, bridge } => {
                    code { (error) }
                    @if !bridge.is_empty() { " The message names " code { (bridge) } "." }
                    " Pinned in " code { "cells/" (case) ".stderr" } "."
                }
                Here::Broken(how) => { b { "BROKEN: " } code { (how) } }
            }
        }
    }
}

/// Text with code spans.
fn spans(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
