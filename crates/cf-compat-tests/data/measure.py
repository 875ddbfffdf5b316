#!/usr/bin/env python3
"""Measure how each kind of future / awaitable behaves in each API.

Self-contained, standard library only.  Every cell of the matrix is executed in
its own interpreter (so a hang or a poisoned event loop cannot spoil a
neighbour) and is killed after a short time; what happened is reduced to one
short string:

    ok: VALUE            it worked, and gave VALUE
    returns True|False   it worked, and gave a bare boolean
    raises: T(msg)       it raised T
    hangs                it had not come back when the cell was killed
    warns: W             it "worked" but only left a warning behind
    n/a: WHY             the cell makes no sense

Anything logged or warned on the side is appended in square brackets.

usage:
    measure.py                 run everything, JSON then markdown on stdout
    measure.py --here          write matrix-X.Y.json beside this script instead
    measure.py --json F --md F write these two files instead
    measure.py --only KIND[,K] --ops OP[,OP]   a part of the matrix
    measure.py --cell KIND OP  run one cell in this process (internal)
"""
import argparse
import asyncio
import concurrent.futures as cf
import concurrent.futures.process            # noqa: F401  (BrokenProcessPool etc.)
import contextlib
import gc
import inspect
import json
import logging
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings

DELAY = 0.4          # how long a "pending" thing needs before it is done
CELL_TIMEOUT = 4.0   # when a cell is declared hung
VALUE = 42

# --------------------------------------------------------------------------
# what runs in workers (must be importable by a spawned process)
# --------------------------------------------------------------------------

def blocking_value(delay=DELAY):
    time.sleep(delay)
    return VALUE


async def coro_value(delay=DELAY):
    await asyncio.sleep(delay)
    return VALUE


class AwaitableObject:
    """Not a coroutine, not a future; only has __await__."""
    def __await__(self):
        return coro_value().__await__()


# --------------------------------------------------------------------------
# kinds
# --------------------------------------------------------------------------

KINDS = {
    "cf_thread_queued":   "concurrent.futures.Future, thread pool, still queued (PENDING)",
    "cf_thread_running":  "concurrent.futures.Future, thread pool, being executed (RUNNING)",
    "cf_thread_done":     "concurrent.futures.Future, thread pool, finished",
    "cf_process_running": "concurrent.futures.Future, process pool, being executed",
    "cf_process_done":    "concurrent.futures.Future, process pool, finished",
    "cf_from_rct":        "concurrent.futures.Future returned by asyncio.run_coroutine_threadsafe, pending",
    "aio_pending":        "asyncio.Future (loop.create_future()), pending",
    "aio_done":           "asyncio.Future, result set",
    "aio_from_rie":       "asyncio.Future returned by loop.run_in_executor, pending",
    "aio_from_wrap":      "asyncio.Future returned by asyncio.wrap_future, pending",
    "task_pending":       "asyncio.Task, pending",
    "task_done":          "asyncio.Task, finished",
    "coroutine":          "coroutine object, not started",
    "to_thread":          "coroutine object made by asyncio.to_thread",
    "awaitable":          "object with __await__ only",
}
CF = {k for k in KINDS if k.startswith("cf_")}

_keep = []   # executors etc. must outlive the cell


def thread_pool(n=1):
    p = cf.ThreadPoolExecutor(n, thread_name_prefix="pool")
    _keep.append(p)
    return p


def process_pool():
    import multiprocessing
    # fork where there is one: the cell must not pay for a spawn
    methods = multiprocessing.get_all_start_methods()
    ctx = multiprocessing.get_context("fork" if "fork" in methods else methods[0])
    p = cf.ProcessPoolExecutor(1, mp_context=ctx)
    _keep.append(p)
    return p


def make_cf(kind):
    if kind == "cf_thread_queued":
        p = thread_pool(1)
        p.submit(time.sleep, DELAY)
        return p.submit(blocking_value, 0.0)
    if kind == "cf_thread_running":
        f = thread_pool(1).submit(blocking_value)
    elif kind == "cf_thread_done":
        f = thread_pool(1).submit(blocking_value, 0.0)
        f.result()
        time.sleep(0.02)
        return f
    elif kind == "cf_process_running":
        p = process_pool()
        p.submit(int).result()      # warm
        f = p.submit(blocking_value)
    elif kind == "cf_process_done":
        f = process_pool().submit(blocking_value, 0.0)
        f.result()
        time.sleep(0.02)
        return f
    while not f.running():
        time.sleep(0.001)
    return f


async def make_async(kind):
    """Build one in a running loop."""
    loop = asyncio.get_running_loop()
    if kind == "cf_from_rct":
        return asyncio.run_coroutine_threadsafe(coro_value(), loop)
    if kind in CF:
        return make_cf(kind)
    if kind == "aio_pending":
        f = loop.create_future()
        loop.call_later(DELAY, lambda: f.done() or f.set_result(VALUE))
        return f
    if kind == "aio_done":
        f = loop.create_future()
        f.set_result(VALUE)
        return f
    if kind == "aio_from_rie":
        return loop.run_in_executor(thread_pool(1), blocking_value)
    if kind == "aio_from_wrap":
        return asyncio.wrap_future(make_cf("cf_thread_running"))
    if kind == "task_pending":
        t = asyncio.create_task(coro_value())
        await asyncio.sleep(0)
        return t
    if kind == "task_done":
        t = asyncio.create_task(coro_value(0))
        await t
        return t
    if kind == "coroutine":
        return coro_value()
    if kind == "to_thread":
        return asyncio.to_thread(blocking_value)
    if kind == "awaitable":
        return AwaitableObject()
    raise KeyError(kind)


def make_sync(kind):
    """Build one with no loop running; returns (x, loop or None)."""
    if kind in CF and kind != "cf_from_rct":
        return make_cf(kind), None
    if kind in ("coroutine", "awaitable"):
        return (coro_value() if kind == "coroutine" else AwaitableObject()), None
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    x = loop.run_until_complete(make_async(kind))
    return x, loop


# --------------------------------------------------------------------------
# describing what came out
# --------------------------------------------------------------------------

def clean(s):
    s = re.sub(r" at 0x[0-9a-fA-F]+", "", s)
    s = re.sub(r"0x[0-9a-fA-F]+", "0x..", s)
    s = re.sub(r"name='Task-\d+'", "name='Task-N'", s)
    s = re.sub(r"(/[\w.+-]+)+/([\w.-]+\.py)", r"\2", s)
    s = re.sub(r"\.py:\d+", ".py:N", s)
    return " ".join(s.split())


def describe_exc(e):
    t = type(e)
    name = t.__name__ if t.__module__ in ("builtins",) else f"{t.__module__}.{t.__name__}"
    name = name.replace("asyncio.exceptions.", "asyncio.").replace("concurrent.futures._base.", "cf.")
    msg = clean(str(e))
    return f"raises: {name}({msg})" if msg else f"raises: {name}"


def describe(v):
    if isinstance(v, bool):
        return f"returns {v}"
    if isinstance(v, str):
        return f"ok: {clean(v)}"
    return f"ok: {clean(repr(v))}"


def kindname(v):
    t = type(v)
    return f"{t.__module__}.{t.__name__}".replace("_asyncio", "asyncio").replace(
        "concurrent.futures._base", "cf").replace("builtins.", "").replace("asyncio.tasks._", "asyncio._")


# --------------------------------------------------------------------------
# operations.  An operation is (group, label, runs in, function)
#   runs in: "async" -> await fn(x, loop) inside a running loop
#            "sync"  -> fn(x, loop) with no loop running
# --------------------------------------------------------------------------

OPS = {}


def op(key, group, label, where="async", minver=None):
    def deco(fn):
        OPS[key] = dict(group=group, label=label, where=where, fn=fn, minver=minver)
        return fn
    return deco


CHK, AIO, AW, CFN, MTH, BR = ("type checks", "asyncio: awaiting and scheduling",
                              "asyncio: collections", "concurrent.futures functions",
                              "methods", "bridge")

# ---- type checks

@op("isinstance_cf", CHK, "isinstance(x, concurrent.futures.Future)")
async def _(x, loop):
    return isinstance(x, cf.Future)


@op("isinstance_aio", CHK, "isinstance(x, asyncio.Future)")
async def _(x, loop):
    return isinstance(x, asyncio.Future)


@op("isinstance_task", CHK, "isinstance(x, asyncio.Task)")
async def _(x, loop):
    return isinstance(x, asyncio.Task)


@op("isfuture", CHK, "asyncio.isfuture(x)")
async def _(x, loop):
    return asyncio.isfuture(x)


@op("iscoroutine", CHK, "asyncio.iscoroutine(x)")
async def _(x, loop):
    return asyncio.iscoroutine(x)


@op("isawaitable", CHK, "inspect.isawaitable(x)")
async def _(x, loop):
    return inspect.isawaitable(x)


# ---- asyncio, one at a time

@op("await", AIO, "await x")
async def _(x, loop):
    return await x


@op("await_twice", AIO, "await x; await x")
async def _(x, loop):
    return (await x, await x)


@op("ensure_future", AIO, "await asyncio.ensure_future(x)")
async def _(x, loop):
    f = asyncio.ensure_future(x)
    how = "same object" if f is x else f"new {kindname(f)}"
    return f"{await f} ({how})"


@op("create_task", AIO, "await asyncio.create_task(x)")
async def _(x, loop):
    return await asyncio.create_task(x)


@op("taskgroup", AIO, "TaskGroup.create_task(x)")
async def _(x, loop):
    try:
        async with asyncio.TaskGroup() as tg:
            t = tg.create_task(x)
    except BaseExceptionGroup as eg:
        if len(eg.exceptions) == 1:
            raise RuntimeError(f"{type(eg).__name__} of one: {describe_exc(eg.exceptions[0])}")
        raise
    return t.result()


@op("wait_for", AIO, "await asyncio.wait_for(x, 2)")
async def _(x, loop):
    return await asyncio.wait_for(x, 2)


@op("wait_for_0", AIO, "await asyncio.wait_for(x, 0)")
async def _(x, loop):
    return await asyncio.wait_for(x, 0)


@op("wait_for_short", AIO, "await asyncio.wait_for(x, 0.1) and what became of x")
async def _(x, loop):
    try:
        r = describe(await asyncio.wait_for(x, 0.1))
    except BaseException as e:
        r = describe_exc(e)
    fate = ""
    if hasattr(x, "cancelled"):
        await asyncio.sleep(0.05)
        fate = f"; then done={x.done()} cancelled={x.cancelled()}"
    return f"«{r}»{fate}"


@op("shield", AIO, "await asyncio.shield(x)")
async def _(x, loop):
    return await asyncio.shield(x)


@op("shield_cancel", AIO, "asyncio.shield(x).cancel() and what became of x")
async def _(x, loop):
    o = asyncio.shield(x)
    c = o.cancel()
    await asyncio.sleep(0.05)
    fate = ""
    if hasattr(x, "cancelled"):
        fate = f"; x.done={x.done()} x.cancelled={x.cancelled()}"
    return f"outer.cancel()={c}{fate}"


@op("run_until_complete", AIO, "loop.run_until_complete(x)", "sync")
def _(x, loop):
    loop = loop or asyncio.new_event_loop()
    return loop.run_until_complete(x)


@op("asyncio_run", AIO, "asyncio.run(x)", "sync")
def _(x, loop):
    return asyncio.run(x)


@op("asyncio_runner", AIO, "asyncio.Runner().run(x)", "sync")
def _(x, loop):
    with asyncio.Runner() as r:
        return r.run(x)


# ---- asyncio, collections

def sets(done, pending):
    return f"done={len(done)} pending={len(pending)}"


@op("wait_not_awaited", AW, "asyncio.wait([x]) without await")
async def _(x, loop):
    c = asyncio.wait([x])
    name = kindname(c)
    del c
    gc.collect()
    return f"a {name}"


@op("wait", AW, "await asyncio.wait([x]), nothing else in the loop")
async def _(x, loop):
    return sets(*await asyncio.wait([x]))


@op("wait_busy", AW, "await asyncio.wait([x]) while the loop has a timer every 50 ms")
async def _(x, loop):
    def tick():
        loop.call_later(0.05, tick)
    tick()
    return sets(*await asyncio.wait([x]))


@op("wait_timeout", AW, "await asyncio.wait([x], timeout=0.1)")
async def _(x, loop):
    return sets(*await asyncio.wait([x], timeout=0.1))


@op("wait_debug", AW, "await asyncio.wait([x]) with loop.set_debug(True)")
async def _(x, loop):
    loop.set_debug(True)
    return sets(*await asyncio.wait([x]))


@op("wait_bare", AW, "await asyncio.wait(x), not a list")
async def _(x, loop):
    return sets(*await asyncio.wait(x))


@op("as_completed", AW, "for c in asyncio.as_completed([x]): await c")
async def _(x, loop):
    r = []
    for c in asyncio.as_completed([x]):
        r.append(f"{await c} from a {kindname(c)}")
    return "; ".join(r)


@op("as_completed_when", AW, "where asyncio.as_completed([x]) reports a bad argument")
async def _(x, loop):
    try:
        it = asyncio.as_completed([x])
    except BaseException as e:
        return f"at the call: {type(e).__name__}"
    try:
        c = next(it)
    except BaseException as e:
        return f"at the first next(): {type(e).__name__}"
    await c
    return f"accepted by a {kindname(it)}"


@op("as_completed_noloop", AW, "for c in asyncio.as_completed([x]), no loop running", "sync")
def _(x, loop):
    if loop is None:
        asyncio.set_event_loop(asyncio.new_event_loop())
    r = []
    for c in asyncio.as_completed([x]):
        r.append(kindname(c))
        c.close()
    return "; ".join(r)


@op("as_completed_result", AW, "for c in asyncio.as_completed([x]): c.result()")
async def _(x, loop):
    return [c.result() for c in asyncio.as_completed([x])]


@op("async_as_completed", AW, "async for c in asyncio.as_completed([x])", minver=(3, 13))
async def _(x, loop):
    r = []
    async for c in asyncio.as_completed([x]):
        same = "x itself" if c is x else f"new {kindname(c)}"
        r.append(f"{await c} from {same}")
    return "; ".join(r)


@op("gather", AW, "await asyncio.gather(x)")
async def _(x, loop):
    return await asyncio.gather(x)


@op("gather_dup", AW, "await asyncio.gather(x, x)")
async def _(x, loop):
    return await asyncio.gather(x, x)


@op("gather_retexc", AW, "await asyncio.gather(x, return_exceptions=True)")
async def _(x, loop):
    return await asyncio.gather(x, return_exceptions=True)


# ---- bridge

@op("wrap_future", BR, "await asyncio.wrap_future(x)")
async def _(x, loop):
    f = asyncio.wrap_future(x)
    how = "same object" if f is x else f"new {kindname(f)}"
    return f"{await f} ({how})"


@op("rct", BR, "asyncio.run_coroutine_threadsafe(x, loop).result() in a thread")
async def _(x, loop):
    def other():
        return asyncio.run_coroutine_threadsafe(x, loop).result(2)
    return await loop.run_in_executor(thread_pool(1), other)


@op("rct_same_thread", BR, "asyncio.run_coroutine_threadsafe(x, loop).result() in the loop's own thread")
async def _(x, loop):
    return asyncio.run_coroutine_threadsafe(x, loop).result()


@op("rie_result", BR, "await loop.run_in_executor(None, x.result)")
async def _(x, loop):
    return await loop.run_in_executor(None, x.result)


@op("rie_callable", BR, "await loop.run_in_executor(None, x)")
async def _(x, loop):
    return await loop.run_in_executor(None, x)


@op("rie_returns", BR, "await loop.run_in_executor(None, lambda: x)")
async def _(x, loop):
    r = await loop.run_in_executor(None, lambda: x)
    return "x itself, not its value" if r is x else r


@op("to_thread_returns", BR, "await asyncio.to_thread(lambda: x)")
async def _(x, loop):
    r = await asyncio.to_thread(lambda: x)
    return "x itself, not its value" if r is x else r


# ---- concurrent.futures functions

@op("cf_wait", CFN, "concurrent.futures.wait([x]) in the loop's thread")
async def _(x, loop):
    return sets(*cf.wait([x]))


@op("cf_wait_timeout", CFN, "concurrent.futures.wait([x], timeout=0.1)")
async def _(x, loop):
    return sets(*cf.wait([x], timeout=0.1))


@op("cf_wait_thread", CFN, "await asyncio.to_thread(concurrent.futures.wait, [x])")
async def _(x, loop):
    return sets(*await asyncio.to_thread(cf.wait, [x]))


@op("cf_as_completed", CFN, "for f in concurrent.futures.as_completed([x]): f.result()")
async def _(x, loop):
    return [f.result() for f in cf.as_completed([x])]


@op("cf_as_completed_call", CFN, "concurrent.futures.as_completed([x]) without iterating")
async def _(x, loop):
    return f"a {kindname(cf.as_completed([x]))}"


@op("cf_as_completed_timeout", CFN, "list(concurrent.futures.as_completed([x], timeout=0.1))")
async def _(x, loop):
    return f"{len(list(cf.as_completed([x], timeout=0.1)))} yielded"


# ---- methods

@op("result", MTH, "x.result()")
async def _(x, loop):
    return x.result()


@op("result_timeout", MTH, "x.result(timeout=0.1)")
async def _(x, loop):
    return x.result(timeout=0.1)


@op("exception", MTH, "x.exception()")
async def _(x, loop):
    return x.exception()


@op("exception_timeout", MTH, "x.exception(timeout=0.1)")
async def _(x, loop):
    return x.exception(timeout=0.1)


@op("cancel", MTH, "x.cancel()")
async def _(x, loop):
    r = x.cancel()
    now = x.cancelled()
    await asyncio.sleep(0.05)
    return f"{r} (cancelled() at once {now}, soon {x.cancelled()})"


@op("cancel_twice", MTH, "x.cancel(), x.cancel()")
async def _(x, loop):
    return f"{x.cancel()}, {x.cancel()}"


@op("done", MTH, "x.done()")
async def _(x, loop):
    return x.done()


@op("cancelled", MTH, "x.cancelled()")
async def _(x, loop):
    return x.cancelled()


@op("running", MTH, "x.running()")
async def _(x, loop):
    return x.running()


@op("add_done_callback", MTH, "x.add_done_callback(fn)")
async def _(x, loop):
    hits = []
    me = threading.current_thread()

    def cb(f):
        t = threading.current_thread()
        hits.append("loop thread" if t is me else type(t).__name__ + " " + re.sub(r"[-_]\d+", "", t.name))
    x.add_done_callback(cb)
    if hits:
        return f"called at once, in the {hits[0]}"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if hits:
        return f"called on the next loop pass, in the {hits[0]}"
    deadline = loop.time() + 1.5
    while not hits and loop.time() < deadline:
        await asyncio.sleep(0.02)
    return f"called on completion, in {hits[0]}" if hits else "never called"


@op("remove_done_callback", MTH, "x.remove_done_callback(fn)")
async def _(x, loop):
    def cb(f):
        pass
    x.add_done_callback(cb)
    return x.remove_done_callback(cb)


@op("set_result", MTH, "x.set_result(1)")
async def _(x, loop):
    x.set_result(1)
    return f"x.result() is now {x.result()}"


@op("get_loop", MTH, "x.get_loop()")
async def _(x, loop):
    return "the loop" if x.get_loop() is loop else "another"


# --------------------------------------------------------------------------
# one cell
# --------------------------------------------------------------------------

NOTES = []


def unique(notes):
    seen = []
    for _, n in notes:
        # about this script, not about the cell: a fork in a threaded process,
        # the loops it leaves open
        if "fork()" not in n and "unclosed event loop" not in n and n not in seen:
            seen.append(n)
    return seen


def run_cell(kind, key):
    o = OPS[key]
    if o["minver"] and sys.version_info < o["minver"]:
        return "n/a: needs Python %d.%d" % o["minver"], []
    notes = NOTES

    def showwarning(message, category, *a, **k):
        notes.append(("warn", f"{category.__name__}: {clean(str(message))}"))
    warnings.simplefilter("always")
    warnings.showwarning = showwarning

    class H(logging.Handler):
        def emit(self, rec):
            m = rec.getMessage().splitlines()[0]
            if rec.exc_info and rec.exc_info[1] is not None:
                m += f" <- {type(rec.exc_info[1]).__name__}: {rec.exc_info[1]}"
            notes.append(("log", f"{rec.name}: {clean(m)}"))
    for name in ("concurrent.futures", "asyncio"):
        lg = logging.getLogger(name)
        lg.addHandler(H())
        lg.setLevel(logging.WARNING)
        lg.propagate = False

    async def amain():
        loop = asyncio.get_running_loop()
        x = await make_async(kind)
        notes.clear()
        t0 = time.monotonic()
        try:
            r = await o["fn"](x, loop)
            out = describe(r)
        except BaseException as e:
            out = describe_exc(e)
        # these have no await in them: however long they took, the loop stood still
        if kind in CF and key in BLOCKING_OPS and time.monotonic() - t0 > 0.09:
            out += " (the loop was blocked meanwhile)"
        if inspect.iscoroutine(x):
            with contextlib.suppress(BaseException):
                x.close()
        del x
        return out

    if o["where"] == "async":
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        out = loop.run_until_complete(amain())
    else:
        x, loop = make_sync(kind)
        notes.clear()
        try:
            out = describe(o["fn"](x, loop))
        except BaseException as e:
            out = describe_exc(e)
        if inspect.iscoroutine(x):
            with contextlib.suppress(BaseException):
                x.close()
        del x
    gc.collect()
    return out, unique(notes)


BLOCKING_OPS = {"result", "result_timeout", "exception", "exception_timeout", "cf_wait",
                "cf_wait_timeout", "cf_as_completed", "cf_as_completed_timeout"}


def emit(out, notes):
    sys.stdout.write(json.dumps({"outcome": out, "notes": notes}) + "\n")
    sys.stdout.flush()
    os._exit(0)


def cell_main(kind, key):
    # an own watchdog, so that a hung cell can still tell what it has logged; a
    # thread that only sleeps does not wake the event loop up
    threading.Thread(target=lambda: (time.sleep(CELL_TIMEOUT), emit("hangs", unique(NOTES))),
                     daemon=True).start()
    out, notes = run_cell(kind, key)
    if notes and out.startswith("ok: a coroutine") and key == "wait_not_awaited":
        out = "warns: " + notes[0]
        notes = notes[1:]
    emit(out, notes)


# --------------------------------------------------------------------------
# the driver
# --------------------------------------------------------------------------

def one(kind, key):
    o = OPS[key]
    if o["minver"] and sys.version_info < o["minver"]:
        return {"outcome": "n/a: needs Python %d.%d" % o["minver"], "notes": []}
    # files, not pipes: forked pool workers inherit them and would hold a pipe open
    with tempfile.TemporaryFile("w+") as so, tempfile.TemporaryFile("w+") as se:
        p = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--cell", kind, key],
                             stdout=so, stderr=se, start_new_session=True)
        try:
            p.wait(timeout=CELL_TIMEOUT + 3)
            hung = False
        except subprocess.TimeoutExpired:
            hung = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(p.pid, signal.SIGKILL)     # the cell's workers too
        p.wait()
        if hung:
            return {"outcome": "hangs", "notes": []}
        so.seek(0)
        se.seek(0)
        stdout, stderr = so.read(), se.read()
    line = stdout.strip().splitlines()[-1] if stdout.strip() else ""
    try:
        return json.loads(line)
    except ValueError:
        return {"outcome": f"crash: rc={p.returncode} {clean(stderr)[-200:]}", "notes": []}


def cell_text(c):
    # the JSON has the whole text
    t = re.sub(r"got <((?:asyncio\.)?\w+).*>\)", r"got <\1 …>)", c["outcome"])
    if c["notes"]:
        t += " [" + "; ".join(n if len(n) < 160 else n[:157] + "…" for n in c["notes"]) + "]"
    return t


def to_md(res):
    esc = lambda s: s.replace("|", "\\|").replace("\n", " ")
    L = [f"# Future compatibility matrix, measured on Python {res['python']}", "",
         f"{res['implementation']} {res['python']} on {res['platform']}; a pending thing completes after "
         f"{DELAY} s with {VALUE}; a cell is declared hung after {CELL_TIMEOUT} s.", "",
         "Kinds:", ""]
    for k, d in res["kinds"].items():
        L.append(f"* `{k}`: {d}")
    groups = {}
    for key, o in res["ops"].items():
        groups.setdefault(o["group"], []).append(key)
    for g, keys in groups.items():
        L += ["", f"## {g}", ""]
        # four operations a table, so that it can be read
        for i in range(0, len(keys), 4):
            part = keys[i:i + 4]
            L.append("| kind | " + " | ".join(f"`{esc(res['ops'][k]['label'])}`" for k in part) + " |")
            L.append("|---|" + "---|" * len(part))
            for kind in res["cells"]:
                L.append(f"| `{kind}` | " + " | ".join(esc(cell_text(res["cells"][kind][k])) for k in part) + " |")
            L.append("")
    return "\n".join(L) + "\n"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--cell", nargs=2)
    ap.add_argument("--json")
    ap.add_argument("--md")
    ap.add_argument("--here", action="store_true")
    ap.add_argument("--only")
    ap.add_argument("--ops")
    ap.add_argument("--jobs", type=int, default=6)
    a = ap.parse_args()
    if a.cell:
        cell_main(*a.cell)
    kinds = a.only.split(",") if a.only else list(KINDS)
    ops = a.ops.split(",") if a.ops else list(OPS)
    cells = {k: {} for k in kinds}
    with cf.ThreadPoolExecutor(a.jobs) as pool:
        futs = {pool.submit(one, k, o): (k, o) for k in kinds for o in ops}
        for n, f in enumerate(cf.as_completed(futs)):
            k, o = futs[f]
            cells[k][o] = f.result()
            if n % 50 == 0:
                print(f"{n}/{len(futs)}", file=sys.stderr)
    res = {"python": platform.python_version(), "implementation": platform.python_implementation(),
           "platform": platform.platform(), "delay": DELAY, "cell_timeout": CELL_TIMEOUT,
           "kinds": {k: KINDS[k] for k in kinds},
           "ops": {o: {"group": OPS[o]["group"], "label": OPS[o]["label"]} for o in ops},
           "cells": {k: {o: cells[k][o] for o in ops} for k in kinds}}
    js, md = json.dumps(res, indent=1, ensure_ascii=False), to_md(res)
    if a.here:
        name = "matrix-%d.%d.json" % sys.version_info[:2]
        a.json = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    if a.json:
        open(a.json, "w", encoding="utf-8").write(js + "\n")
    if a.md:
        open(a.md, "w", encoding="utf-8").write(md)
    if not (a.json or a.md):
        print(js)
        print(md)


if __name__ == "__main__":
    main()
