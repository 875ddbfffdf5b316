//! Who waits for whom among running tasks, to find the wait that closes a circle.
//!
//! Only tasks that really block without a time limit are in here, so a program that never blocks never comes here. A task is
//! stuck if the future it needs comes from a stuck task: any one of them where it needs all, all of them where it needs
//! one. The largest set of tasks for which that holds is found by striking out those that can go on.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use crate::{
    error::{Deadlock, Error},
    frame,
    node::{self, Node},
};

/// What a wait needs to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    All,
    AnyOne,
}

struct Blocked {
    name: String,
    need: Need,
    targets: Vec<Arc<dyn Node>>,
}

type Graph = HashMap<usize, Blocked>;

static GRAPH: LazyLock<Mutex<Graph>> = LazyLock::new(Mutex::default);

fn graph() -> MutexGuard<'static, Graph> {
    GRAPH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The edges of one blocked thread; they go when it is dropped.
pub(crate) struct Edges(Vec<usize>);

impl Edges {
    /// Notes that the tasks on this thread wait for `targets`.
    pub(crate) fn add(need: Need, targets: &[Arc<dyn Node>]) -> Result<Self, Error> {
        let tasks = frame::running_tasks();
        let Some(innermost) = tasks.last() else {
            return Ok(Self(Vec::new()));
        };
        let closer = node::id(&**innermost);
        let edges = Self(tasks.iter().map(|task| node::id(&**task)).collect());
        let mut graph = graph();
        for pair in tasks.windows(2) {
            // A task on top of a waiting one is what that one waits for.
            let blocked = Blocked {
                name: pair[0].name(),
                need: Need::All,
                targets: vec![Arc::clone(&pair[1])],
            };
            graph.insert(node::id(&*pair[0]), blocked);
        }
        graph.insert(
            closer,
            Blocked {
                name: innermost.name(),
                need,
                targets: targets.to_vec(),
            },
        );
        let stuck = stuck_tasks(&graph);
        if !stuck.contains_key(&closer) {
            return Ok(edges);
        }
        let deadlock = Deadlock::new(circle(&graph, &stuck, closer));
        drop(graph);
        Err(Error::Deadlock(deadlock))
    }
}

impl Drop for Edges {
    fn drop(&mut self) {
        if self.0.is_empty() {
            return;
        }
        let mut graph = graph();
        let gone: Vec<_> = self
            .0
            .iter()
            .filter_map(|task| graph.remove(task))
            .collect();
        drop(graph);
        drop(gone);
    }
}

/// For every stuck task, the tasks that hold it up. Each wait is looked at once, however long the chains are.
fn stuck_tasks(graph: &Graph) -> HashMap<usize, Vec<usize>> {
    // For each task, for each thing it waits for, which blocked tasks that comes from.
    let mut stuck: HashMap<usize, Vec<Vec<usize>>> = graph
        .iter()
        .map(|(&task, blocked)| {
            let held_up_by = |target| {
                let mut origins = origins(target);
                origins.retain(|origin| graph.contains_key(origin));
                origins
            };
            (task, blocked.targets.iter().map(held_up_by).collect())
        })
        .collect();
    // How many of its targets cannot come, and for each target how many of its origins are stuck.
    let mut counts: HashMap<usize, (usize, Vec<usize>)> = HashMap::new();
    let mut dependents: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
    for (&task, targets) in &stuck {
        let n_origins: Vec<usize> = targets.iter().map(Vec::len).collect();
        let n_stuck = n_origins.iter().filter(|n| **n > 0).count();
        counts.insert(task, (n_stuck, n_origins));
        for (index, origins) in targets.iter().enumerate() {
            for &origin in origins {
                dependents.entry(origin).or_default().push((task, index));
            }
        }
    }
    let can_go_on = |task: usize, n_stuck: usize| match graph[&task].need {
        Need::All => n_stuck == 0,
        Need::AnyOne => n_stuck < graph[&task].targets.len(),
    };
    let mut free: Vec<usize> = counts
        .iter()
        .filter(|(task, (n_stuck, _))| can_go_on(**task, *n_stuck))
        .map(|(&task, _)| task)
        .collect();
    while let Some(task) = free.pop() {
        if stuck.remove(&task).is_none() {
            continue;
        }
        for &(dependent, index) in dependents.get(&task).into_iter().flatten() {
            let Some((n_stuck, n_origins)) = counts.get_mut(&dependent) else {
                continue;
            };
            n_origins[index] -= 1;
            if n_origins[index] == 0 {
                *n_stuck -= 1;
                if can_go_on(dependent, *n_stuck) {
                    free.push(dependent);
                }
            }
        }
    }
    let holds_up: HashSet<usize> = stuck.keys().copied().collect();
    stuck
        .into_iter()
        .map(|(task, targets)| {
            let origins = targets.into_iter().flatten();
            (
                task,
                origins.filter(|origin| holds_up.contains(origin)).collect(),
            )
        })
        .collect()
}

/// The tasks and promises that a future's value comes from in the end.
fn origins(node: &Arc<dyn Node>) -> Vec<usize> {
    let mut origins = Vec::new();
    let mut open = vec![Arc::clone(node)];
    while let Some(node) = open.pop() {
        let sources = node.sources();
        if sources.is_empty() {
            origins.push(node::id(&*node));
        } else {
            open.extend(sources);
        }
    }
    origins
}

/// The names on the way from the task that closed the circle until the way repeats.
fn circle(graph: &Graph, stuck: &HashMap<usize, Vec<usize>>, closer: usize) -> Vec<String> {
    let mut way = Vec::new();
    let mut open = vec![closer];
    while let Some(task) = open.pop() {
        if !way.contains(&task) {
            way.push(task);
            open.extend(&stuck[&task]);
        }
    }
    way.into_iter()
        .map(|task| graph[&task].name.clone())
        .collect()
}
