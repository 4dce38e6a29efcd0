"""What Python itself keeps for a process, as a table."""

from __future__ import annotations

import os
from functools import partial
from operator import attrgetter
from typing import Any, Callable, Collection, Tuple

from penstock.shadows import standard
from penstock.worker.state_access import Access, Row, attributes, called, from_kept, listed, mapped, optional, reading


def _streams(sys_: Any) -> Access:
    names = ("stdout", "stderr", "stdin", "__stdout__", "__stderr__", "__stdin__")

    def restore(kept: Any, now: Any) -> None:
        for stream in now or ():
            if stream is not None and not any(stream is known for known in kept):
                try:
                    stream.flush()  # what it wraps may be ours
                except Exception:  # noqa: BLE001  the user's own object, or closed
                    pass
        for name, stream in zip(names, kept):
            setattr(sys_, name, stream)

    return Access(reading(sys_, names), restore)


def _on_stream(name: str) -> Callable[[Any], Access]:
    """What is set on a stream itself, as a `write` of a program's own; it gains no names otherwise."""

    def access(sys_: Any) -> Access:
        live: Any = getattr(sys_, name).__dict__
        known = {*live}

        def restore(kept: Any, now: Any) -> None:
            _drop_others(live, known)

        return Access(live.__len__, restore)

    return access


def _drop_others(live: Any, known: Collection[str]) -> None:
    for name in [name for name in live if name not in known]:
        del live[name]


def _memory_tracing(tracemalloc: Any) -> Access:
    def read() -> int:
        return tracemalloc.is_tracing() and tracemalloc.get_traceback_limit()

    return Access(read, from_kept(lambda frames: tracemalloc.start(frames) if frames else tracemalloc.stop()))


def _environ(os_: Any) -> Access:
    """Which object it is, told by a method of it: methods are equal only if they are those of the same object."""
    environ = os_.environ

    def restore(kept: Any, now: Any) -> None:
        os_.environ = environ

    return Access(partial(attrgetter("environ.__setitem__"), os_), restore)


def _environment(os_: Any) -> Access:
    # The mapping below `os.environ`: it tells at once what a comparison of that takes twenty microseconds for.
    environ = os_.environ
    live: Any = getattr(environ, "_data", environ)
    decode: Any = os.fsdecode if live is not environ else str

    def restore(kept: Any, now: Any) -> None:
        for name in [name for name in live if name not in kept]:
            del environ[decode(name)]
        for name, value in kept.items():
            if live.get(name) != value:
                environ[decode(name)] = decode(value)

    return Access(lambda: live, restore, dict)


def _umask(os_: Any) -> Access:
    def read() -> int:
        mask = os_.umask(0o77)
        os_.umask(mask)
        return int(mask)

    return Access(read, from_kept(os_.umask))


def _identity(os_: Any) -> Access:
    """Who this process is, and what is its root: what a process gives up is mostly gone for good."""

    def read() -> Any:
        root = os_.stat("/")
        return os_.getresuid(), os_.getresgid(), os_.getgroups(), root.st_dev, root.st_ino

    def restore(kept: Any, now: Any) -> None:
        os_.setresuid(*kept[0])
        os_.setresgid(*kept[1])
        os_.setgroups(kept[2])

    return Access(read, restore)


def _limits(resource: Any) -> Access:
    numbers = sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")})

    def restore(kept: Any, now: Any) -> None:
        for number, limit, (_, hard) in zip(numbers, kept, now):
            try:
                resource.setrlimit(number, limit)
            except ValueError:  # the hard limit was lowered: at least as much as is left
                resource.setrlimit(number, (hard, hard))

    return Access(lambda: [resource.getrlimit(number) for number in numbers], restore)


def _handlers(signal: Any) -> Access:
    numbers = [number for number in range(1, 32) if number not in (signal.SIGKILL, signal.SIGSTOP)]
    # `signal`'s own function makes a member of an enum of each answer, which takes ten times as long.
    get = (standard("_signal") or signal).getsignal

    def restore(kept: Any, now: Any) -> None:
        for number, handler in zip(numbers, kept):
            if handler is not None and get(number) != handler:
                signal.signal(number, handler)

    return Access(lambda: [*map(get, numbers)], restore)


def _timers(signal: Any) -> Access:
    numbers = signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF

    def restore(kept: Any, now: Any) -> None:
        for number, runs in zip(numbers, kept):
            if not runs:
                signal.setitimer(number, 0)

    return Access(lambda: [signal.getitimer(number)[0] > 0 for number in numbers], restore)


def _blocked(signal: Any) -> Access:
    read = partial(signal.pthread_sigmask, signal.SIG_BLOCK, ())
    return Access(read, from_kept(partial(signal.pthread_sigmask, signal.SIG_SETMASK)))


def _wakeup(signal: Any) -> Access:
    change = signal.set_wakeup_fd

    def read() -> int:
        fd = change(-1)
        if fd != -1:
            change(fd)
        return int(fd)

    return Access(read, from_kept(change))


def _monitoring(sys_: Any) -> Access:
    tools = sys_.monitoring

    def restore(kept: Any, now: Any) -> None:
        for number, (was, name) in enumerate(zip(kept, now)):
            if was is None and name is not None:
                tools.set_events(number, 0)
                tools.free_tool_id(number)

    return Access(lambda: [tools.get_tool(number) for number in range(6)], restore)


def _count_of_builtins(builtins: Any) -> Access:
    live: Any = builtins.__dict__
    whole: Any = dict(live)

    def restore(kept: Any, now: Any) -> None:
        _drop_others(live, whole)
        live.update(whole)

    return Access(live.__len__, restore)


def _timezone(time: Any) -> Access:
    return Access(partial(attrgetter("tzname", "timezone"), time), from_kept(lambda _: time.tzset()))


def _locale(locale: Any) -> Access:
    read = partial(locale.setlocale, locale.LC_ALL)
    return Access(read, from_kept(partial(locale.setlocale, locale.LC_ALL)))


def _collector(gc: Any) -> Access:
    return Access(gc.isenabled, from_kept(lambda enabled: gc.enable() if enabled else gc.disable()))


def _filters(warnings: Any) -> Access:
    live = warnings.filters

    def restore(kept: Any, now: Any) -> None:
        warnings.filters = live
        live[:] = kept
        with warnings.catch_warnings():  # what Python has remembered of them is dropped at its end
            pass

    return Access(lambda: live if warnings.filters is live else None, restore, list)


def _logging_off(logging: Any) -> Access:
    read = partial(attrgetter("disable"), logging.root.manager)
    return Access(read, from_kept(logging.disable))


def _decimal(name: str) -> Callable[[Any], Access]:
    def access(decimal: Any) -> Access:
        context = decimal.getcontext() if name == "getcontext" else getattr(decimal, name)

        def restore(kept: Any, now: Any) -> None:
            prec, rounding, emin, emax, capitals, clamp, flags, traps = kept[1]
            context.prec, context.rounding, context.Emin, context.Emax = prec, rounding, emin, emax
            context.capitals, context.clamp = capitals, clamp
            context.clear_flags()
            context.clear_traps()
            for signals, table in ((flags, context.flags), (traps, context.traps)):
                for signal in signals:
                    table[signal] = True

        return Access(context.__reduce__, restore)

    return access


def _event_loop(events: Any) -> Access:
    """The policy, and what it remembers of this thread's loop: behind `asyncio.run` it gives no loop of its own."""

    def read() -> Any:
        policy = events._event_loop_policy
        return policy, {} if policy is None else dict(policy._local.__dict__)

    def restore(kept: Any, now: Any) -> None:
        policy, remembered = kept
        events._event_loop_policy = policy
        if policy is not None:
            policy._local.__dict__.clear()
            policy._local.__dict__.update(remembered)

    return Access(read, restore)


_PRIO_PROCESS = 0
_SETS_AFFINITY = ("sched_setaffinity",)
_SYS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook", "dont_write_bytecode", "pycache_prefix")
_SYS_LISTS = ("path", "argv", "meta_path", "path_hooks", "warnoptions")
# All of them take two microseconds to compare; these are what programs replace.
_BUILTINS = ("__import__", "print", "input", "open", "breakpoint", "exit", "quit", "help", "exec", "eval", "compile")
_IDENTITY = ("setuid", "setgid", "seteuid", "setegid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups")
_LOGGING = ("_loggerClass", "_logRecordFactory", "_warnings_showwarning", "lastResort", "raiseExceptions")
_WARNINGS = ("showwarning", "formatwarning", "_showwarnmsg", "_showwarnmsg_impl", "defaultaction")

ROWS: Tuple[Row, ...] = (
    Row("the standard streams", "sys", _streams),
    *(Row("what is set on the standard streams", "sys", _on_stream(name)) for name in ("stdout", "stderr", "stdin")),
    Row("the working directory", "os", called("getcwd", "chdir"), ("chdir", "fchdir")),
    Row("the environment variables", "os", _environ),
    Row("the environment variables", "os", _environment, ("putenv", "unsetenv", "reload_environ")),
    Row("the umask", "os", _umask, ("umask",)),
    Row("the priority", "os", called("getpriority", "setpriority", _PRIO_PROCESS, 0), ("nice", "setpriority")),
    Row("the processors that it may use", "os", called("sched_getaffinity", "sched_setaffinity", 0), _SETS_AFFINITY),
    Row("the user, the groups or the root folder", "os", _identity, (*_IDENTITY, "chroot", "unshare", "setns")),
    Row("hooks of sys", "sys", attributes(*_SYS, *_SYS_LISTS)),
    *(Row(f"sys.{name}", "sys", listed(name)) for name in _SYS_LISTS),
    Row("sys.tracebacklimit", "sys", optional("tracebacklimit")),
    Row("the recursion limit", "sys", called("getrecursionlimit", "setrecursionlimit"), ("setrecursionlimit",)),
    Row("the switch interval", "sys", called("getswitchinterval", "setswitchinterval"), ("setswitchinterval",)),
    Row(
        "the longest int as text",
        "sys",
        called("get_int_max_str_digits", "set_int_max_str_digits"),
        ("set_int_max_str_digits",),
    ),
    Row("the trace function", "sys", called("gettrace", "settrace")),
    Row("the profile function", "sys", called("getprofile", "setprofile")),
    Row(
        "hooks of async generators",
        "sys",
        called("get_asyncgen_hooks", "set_asyncgen_hooks", spread=True),
        ("set_asyncgen_hooks",),
    ),
    Row("monitoring tools", "sys", _monitoring),
    Row("builtins", "builtins", attributes(*_BUILTINS)),
    Row("builtins", "builtins", _count_of_builtins),
    Row("the garbage collector", "gc", _collector, ("enable", "disable")),
    Row("the collector's thresholds", "gc", called("get_threshold", "set_threshold", spread=True), ("set_threshold",)),
    Row("the collector's debug flags", "gc", called("get_debug", "set_debug"), ("set_debug",)),
    Row("the collector's callbacks", "gc", listed("callbacks")),
    Row("signal handlers", "signal", _handlers, ("signal",)),
    Row("timers", "signal", _timers, ("alarm", "setitimer")),
    Row("blocked signals", "signal", _blocked, ("pthread_sigmask",)),
    Row("the wakeup descriptor of signals", "signal", _wakeup, ("set_wakeup_fd",)),
    Row("the time zone", "time", _timezone, ("tzset",)),
    Row("the stack size of threads", "_thread", called("stack_size", "stack_size")),
    Row("hooks of threads", "threading", attributes("excepthook", "_trace_hook", "_profile_hook")),
    Row("how warnings are shown", "warnings", attributes(*_WARNINGS)),
    Row("the filters of warnings", "warnings", _filters),
    Row("logging", "logging", attributes(*_LOGGING)),
    Row("the classes of loggers", "logging", attributes("loggerClass", "logRecordFactory", of="root.manager")),
    Row("logging.disable", "logging", _logging_off),
    Row("the names of levels", "logging", mapped("_levelToName"), ("addLevelName",)),
    Row("the names of levels", "logging", mapped("_nameToLevel"), ("addLevelName",)),
    Row("how objects of a class are copied", "copyreg", mapped("dispatch_table"), ("pickle",)),
    Row("the tracing of memory", "tracemalloc", _memory_tracing, ("start", "stop")),
    Row("resource limits", "resource", _limits, ("setrlimit", "prlimit")),
    Row("the locale", "locale", _locale, ("setlocale", "resetlocale")),
    Row("the decimal context", "decimal", _decimal("getcontext")),
    Row("the default decimal context", "decimal", _decimal("DefaultContext")),
    Row("the timeout of sockets", "_socket", called("getdefaulttimeout", "setdefaulttimeout"), ("setdefaulttimeout",)),
    Row("the context of https", "ssl", attributes("_create_default_https_context")),
    Row("the opener of urls", "urllib.request", attributes("_opener")),
    Row("the folder of temporary files", "tempfile", attributes("tempdir")),
    Row("the field size of csv", "_csv", called("field_size_limit", "field_size_limit")),
    Row("the event loop of asyncio", "asyncio.events", _event_loop),
    Row("the start method", "multiprocessing.context", attributes("_actual_context", of="_default_context")),
)
"""Not among them: what the user's own modules hold, `sys.modules`, what can't be undone (`os.register_at_fork`,
`atexit`, which a worker never comes to, `gc.freeze`), and what no function tells (`signal.siginterrupt`)."""
