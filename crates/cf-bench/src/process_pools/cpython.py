"""Times CPython's ProcessPoolExecutor: each line asks for one measurement, each answer is a number, mostly of nanoseconds."""

import multiprocessing
import os
import signal
import statistics
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

# The fastest of its ways to start.
CONTEXT = multiprocessing.get_context("fork")
NAP_SECONDS = 0.05


def same(value):
    return value


def pool_of(n_workers):
    return ProcessPoolExecutor(n_workers, mp_context=CONTEXT)


def warm(n_workers):
    pool = pool_of(n_workers)
    list(pool.map(time.sleep, [NAP_SECONDS] * n_workers))
    return pool


def one_by_one(pool, n):
    for i in range(n):
        assert pool.submit(same, i).result() == i


def round_trip(n, n_batches):
    n_in_batch = n // n_batches
    nanos = []
    with warm(1) as pool:
        one_by_one(pool, n_in_batch)
        for _ in range(n_batches):
            started = time.perf_counter_ns()
            one_by_one(pool, n_in_batch)
            nanos.append((time.perf_counter_ns() - started) / n_in_batch)
    return statistics.median(nanos)


def throughput(n_workers, n, chunk_size):
    with warm(n_workers) as pool:
        started = time.perf_counter_ns()
        total = sum(pool.map(same, range(n), chunksize=chunk_size))
        elapsed = time.perf_counter_ns() - started
    assert total == n * (n - 1) // 2
    return elapsed / n


def echo(n_bytes, n):
    sent = os.urandom(4096) * (n_bytes // 4096)
    elapsed = 0
    with warm(1) as pool:
        for i in range(n + 2):
            started = time.perf_counter_ns()
            received = pool.submit(same, sent).result()
            if i >= 2:
                elapsed += time.perf_counter_ns() - started
            assert received == sent
    return elapsed / n


def cold(n):
    elapsed = 0
    for _ in range(n):
        started = time.perf_counter_ns()
        pool = pool_of(1)
        pool.submit(same, 1).result()
        elapsed += time.perf_counter_ns() - started
        pool.shutdown()
    return elapsed / n


def after_kill(n):
    """From the kill to the first result of the next pool, for this one is broken."""
    elapsed = 0
    for _ in range(n):
        pool = warm(1)
        victim = pool.submit(os.getpid).result()
        started = time.perf_counter_ns()
        os.kill(victim, signal.SIGKILL)
        while True:
            try:
                successor = pool.submit(os.getpid).result()
                break
            except BrokenProcessPool:
                pool = pool_of(1)
        elapsed += time.perf_counter_ns() - started
        assert successor != victim
        pool.shutdown()
    return elapsed / n


def n_sleeps(thread):
    with open(thread + "/status") as lines:
        [n] = [line.split()[1] for line in lines if line.startswith("voluntary_ctxt_switches:")]
    return int(n)


def cpu_nanos(thread):
    with open(thread + "/schedstat") as line:
        return int(line.read().split()[0])


def idle(n_workers, n_calls, settling_millis, idle_millis, of):
    """What all threads of all processes do meanwhile, but for the one that waits here."""
    with warm(n_workers) as pool:
        assert sum(pool.map(same, range(n_calls))) == n_calls * (n_calls - 1) // 2
        time.sleep(settling_millis / 1000)
        pids = [os.getpid(), *(worker.pid for worker in multiprocessing.active_children())]
        assert len(pids) == n_workers + 1
        threads = [f"/proc/{pid}/task/{tid}" for pid in pids for tid in os.listdir(f"/proc/{pid}/task")]
        threads.remove(f"/proc/{os.getpid()}/task/{threading.get_native_id()}")
        before = sum(map(of, threads))
        time.sleep(idle_millis / 1000)
        return sum(map(of, threads)) - before


def idle_sleeps(*arguments):
    return idle(*arguments, n_sleeps)


def idle_nanos(*arguments):
    return idle(*arguments, cpu_nanos)


def main():
    workloads = [round_trip, throughput, echo, cold, after_kill, idle_sleeps, idle_nanos]
    workloads = {workload.__name__: workload for workload in workloads}
    print(sys.version.split()[0], flush=True)
    for line in sys.stdin:
        name, *arguments = line.split()
        print(workloads[name](*map(int, arguments)), flush=True)


main()
