"""What a group of processes has used: CPU time to the nanosecond, memory."""

import pathlib


def family(pid):
    """A process and all below it."""
    found, todo = [], [pid]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                todo += map(int, (task / "children").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def cpu_ns(pids):
    """User and kernel time of all threads (the first field of schedstat is
    exact, where stat's ticks are 10 ms).  A thread that ended is lost: the
    servers here keep theirs."""
    total = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass
    return total


def pss_bytes(pids):
    """Proportional set size: shared pages are counted once."""
    total = 0
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        for line in text.splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


def quartiles(values):
    """The middle half: from, to."""
    values = sorted(values)
    return (values[(len(values) - 1) // 4],
            values[-1 - (len(values) - 1) // 4])
