//! The kinds of future: the rows of the matrix.

/// A kind of future, and the state that it is in; the fifteen of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of a thread pool, still queued.
    CfThreadQueued,
    /// Of a thread pool, being run.
    CfThreadRunning,
    /// Of a thread pool, finished.
    CfThreadDone,
    /// Of a process pool, being run.
    CfProcessRunning,
    /// Of a process pool, finished.
    CfProcessDone,
    /// Given by `run_coroutine_threadsafe`, pending.
    CfFromRct,
    /// Given by `future`, pending.
    AioPending,
    /// Given by `future`, its value set.
    AioDone,
    /// Given by `run_in_executor`, pending.
    AioFromRie,
    /// Given by `wrap_future`, pending.
    AioFromWrap,
    /// Given by `create_task`, pending.
    TaskPending,
    /// Given by `create_task`, finished.
    TaskDone,
    /// An `async` block, not polled yet.
    Coroutine,
    /// Given by `to_thread`: a coroutine in Python, an awaitable future here, which has begun.
    ToThread,
    /// A type of the user's that is `IntoFuture` and nothing else.
    Awaitable,
}

/// The Rust type of a kind: what compiles is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `cf_core::Future<u32>`
    Blocking,
    /// `AioFuture<u32>`
    Future,
    /// `Task<u32>`
    Task,
    /// `impl Future<Output = u32>`
    Coroutine,
    /// `impl IntoFuture<Output = u32>`
    Awaitable,
}

impl Kind {
    /// All of them, in the order of the measurement.
    pub const ALL: [Self; 15] = [
        Self::CfThreadQueued,
        Self::CfThreadRunning,
        Self::CfThreadDone,
        Self::CfProcessRunning,
        Self::CfProcessDone,
        Self::CfFromRct,
        Self::AioPending,
        Self::AioDone,
        Self::AioFromRie,
        Self::AioFromWrap,
        Self::TaskPending,
        Self::TaskDone,
        Self::Coroutine,
        Self::ToThread,
        Self::Awaitable,
    ];

    /// Its name in the measurement.
    pub fn id(self) -> &'static str {
        match self {
            Self::CfThreadQueued => "cf_thread_queued",
            Self::CfThreadRunning => "cf_thread_running",
            Self::CfThreadDone => "cf_thread_done",
            Self::CfProcessRunning => "cf_process_running",
            Self::CfProcessDone => "cf_process_done",
            Self::CfFromRct => "cf_from_rct",
            Self::AioPending => "aio_pending",
            Self::AioDone => "aio_done",
            Self::AioFromRie => "aio_from_rie",
            Self::AioFromWrap => "aio_from_wrap",
            Self::TaskPending => "task_pending",
            Self::TaskDone => "task_done",
            Self::Coroutine => "coroutine",
            Self::ToThread => "to_thread",
            Self::Awaitable => "awaitable",
        }
    }

    /// How it is made here.
    pub fn made(self) -> &'static str {
        match self {
            Self::CfThreadQueued => "thread_pool.submit(f), still queued",
            Self::CfThreadRunning => "thread_pool.submit(f), being run",
            Self::CfThreadDone => "thread_pool.submit(f), finished",
            Self::CfProcessRunning => "process_pool.submit(f::task()), being run",
            Self::CfProcessDone => "process_pool.submit(f::task()), finished",
            Self::CfFromRct => "run_coroutine_threadsafe(async { … }, &handle), pending",
            Self::AioPending => "let (promise, x) = aio_bridge::future(), pending",
            Self::AioDone => "let (promise, x) = aio_bridge::future(), its value set",
            Self::AioFromRie => "run_in_executor(&thread_pool, f), pending",
            Self::AioFromWrap => "wrap_future(thread_pool.submit(f)), pending",
            Self::TaskPending => "create_task(async { … }), pending",
            Self::TaskDone => "create_task(async { … }), finished",
            Self::Coroutine => "async { … }, not polled yet",
            Self::ToThread => "to_thread(f): it starts at the call and gives a future",
            Self::Awaitable => "a type that is IntoFuture and nothing else",
        }
    }

    /// Its type here.
    pub fn form(self) -> Form {
        match self {
            Self::CfThreadQueued
            | Self::CfThreadRunning
            | Self::CfThreadDone
            | Self::CfProcessRunning
            | Self::CfProcessDone
            | Self::CfFromRct => Form::Blocking,
            Self::AioPending
            | Self::AioDone
            | Self::AioFromRie
            | Self::AioFromWrap
            | Self::ToThread => Form::Future,
            Self::TaskPending | Self::TaskDone => Form::Task,
            Self::Coroutine => Form::Coroutine,
            Self::Awaitable => Form::Awaitable,
        }
    }

    /// Whether it is finished before anything is done to it.
    pub fn is_done(self) -> bool {
        matches!(
            self,
            Self::CfThreadDone | Self::CfProcessDone | Self::AioDone | Self::TaskDone
        )
    }
}

impl Form {
    /// The type as it is written.
    pub fn written(self) -> &'static str {
        match self {
            Self::Blocking => "cf_core::Future<u32>",
            Self::Future => "AioFuture<u32>",
            Self::Task => "Task<u32>",
            Self::Coroutine => "impl Future<Output = u32>",
            Self::Awaitable => "impl IntoFuture<Output = u32>",
        }
    }
}
