"""What steps do to their process, one for each row of the worker's tables: how to see it, and how to change it."""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    """Both as source. `look` gives something that can be stored; `needs`: a library."""

    look: str
    change: str
    needs: str = ""


PYTHON = {
    "the standard streams": Change("type(sys.stdout).__name__", "sys.stdout = sys.__stdout__ = open(os.devnull, 'w')"),
    "what is set on the standard streams": Change("sys.stdout.write.__name__", "sys.stdout.write = len"),
    "the working directory": Change("os.getcwd()", "os.chdir('/')"),
    "the environment variables": Change("os.environ.get('NEW')", "os.environ['NEW'] = '1'"),
    "the umask": Change("(m := os.umask(0o22), os.umask(m))[0]", "os.umask(0o77)"),
    "the priority": Change("os.getpriority(0, 0)", "os.nice(1)"),
    "the processors that it may use": Change(
        "sorted(os.sched_getaffinity(0))", "os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})"
    ),
    "hooks of sys": Change("sys.excepthook.__name__", "sys.excepthook = print"),
    "sys.path": Change("sys.path[:]", "sys.path.insert(0, '/added')"),
    "sys.argv": Change("sys.argv[:]", "sys.argv[:] = ['other', '-x']"),
    "sys.meta_path": Change(
        "len(sys.meta_path)", "sys.meta_path.append(type('F', (), {'find_spec': lambda *a: None}))"
    ),
    "sys.path_hooks": Change("len(sys.path_hooks)", "sys.path_hooks.append(lambda path: 1 / 0)"),
    "sys.warnoptions": Change("sys.warnoptions[:]", "sys.warnoptions.append('error')"),
    "sys.tracebacklimit": Change("getattr(sys, 'tracebacklimit', None)", "sys.tracebacklimit = 3"),
    "the recursion limit": Change("sys.getrecursionlimit()", "sys.setrecursionlimit(4321)"),
    "the switch interval": Change("round(sys.getswitchinterval(), 6)", "sys.setswitchinterval(0.5)"),
    "the longest int as text": Change("sys.get_int_max_str_digits()", "sys.set_int_max_str_digits(0)"),
    "the trace function": Change("sys.gettrace() is None", "sys.settrace(lambda *a: None)"),
    "the profile function": Change("sys.getprofile() is None", "sys.setprofile(lambda *a: None)"),
    "hooks of async generators": Change(
        "sys.get_asyncgen_hooks().firstiter is None", "sys.set_asyncgen_hooks(firstiter=print)"
    ),
    "builtins": Change(
        "(print.__module__, hasattr(builtins, 'x'))", "builtins.print = len; builtins.x = 1; print = len"
    ),
    "the garbage collector": Change("gc.isenabled()", "gc.disable()"),
    "the collector's thresholds": Change("gc.get_threshold()", "gc.set_threshold(5, 6, 7)"),
    "the collector's debug flags": Change("gc.get_debug()", "gc.set_debug(gc.DEBUG_UNCOLLECTABLE)"),
    "the collector's callbacks": Change("len(gc.callbacks)", "gc.callbacks.append(lambda *a: None)"),
    "signal handlers": Change("str(signal.getsignal(signal.SIGTERM))", "signal.signal(signal.SIGTERM, print)"),
    "timers": Change("signal.getitimer(0)[0] > 0", "signal.signal(signal.SIGALRM, print); signal.alarm(3600)"),
    "blocked signals": Change(
        "sorted(signal.pthread_sigmask(0, ()))", "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})"
    ),
    "the wakeup descriptor of signals": Change(
        "(f := signal.set_wakeup_fd(-1)) != -1 and signal.set_wakeup_fd(f)",
        "fd = os.pipe()[1]; os.set_blocking(fd, False); signal.set_wakeup_fd(fd)",
    ),
    "the time zone": Change("time.tzname", "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()"),
    "the stack size of threads": Change("threading.stack_size()", "threading.stack_size(1 << 20)"),
    "hooks of threads": Change("threading.excepthook.__name__", "threading.excepthook = print"),
    "how warnings are shown": Change("warnings.showwarning.__name__", "warnings.showwarning = print"),
    "the filters of warnings": Change("len(warnings.filters)", "warnings.simplefilter('error', KeyError)"),
    "logging": Change(
        "logging.getLoggerClass().__name__", "logging.setLoggerClass(type('Mine', (logging.Logger,), {}))"
    ),
    "the classes of loggers": Change(
        "logging.root.manager.loggerClass is None",
        "logging.root.manager.setLoggerClass(type('Mine', (logging.Logger,), {}))",
    ),
    "logging.disable": Change("logging.root.manager.disable", "logging.disable(logging.ERROR)"),
    "the names of levels": Change(
        "(logging.getLevelName(30), logging.getLevelName('LOUD'))",
        "logging.addLevelName(30, 'LOUD')",
    ),
    "how objects of a class are copied": Change(
        "copyreg.dispatch_table[complex].__name__", "copyreg.pickle(complex, lambda number: (complex, (0, 0)))"
    ),
    "the tracing of memory": Change("tracemalloc.is_tracing()", "tracemalloc.start(5)"),
    "resource limits": Change(
        "resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 50",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (50, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))",
    ),
    "the locale": Change("locale.setlocale(locale.LC_ALL)", "locale.setlocale(locale.LC_ALL, 'C')"),
    "the decimal context": Change(
        "(decimal.getcontext().prec, decimal.getcontext().flags[decimal.Inexact])",
        "decimal.getcontext().prec = 3; decimal.Decimal(1) / 3",
    ),
    "the default decimal context": Change("decimal.DefaultContext.prec", "decimal.DefaultContext.prec = 5"),
    "the timeout of sockets": Change("socket.getdefaulttimeout()", "socket.setdefaulttimeout(1)"),
    "the context of https": Change(
        "ssl._create_default_https_context.__name__",
        "ssl._create_default_https_context = ssl._create_unverified_context",
    ),
    "the opener of urls": Change(
        "urllib.request._opener is None", "urllib.request.install_opener(urllib.request.build_opener())"
    ),
    "the folder of temporary files": Change("tempfile.tempdir", "tempfile.tempdir = '/var'"),
    "the field size of csv": Change("csv.field_size_limit()", "csv.field_size_limit(10)"),
    "the event loop of asyncio": Change(
        "asyncio.events._event_loop_policy is None", "asyncio.run(asyncio.sleep(0)); asyncio.get_event_loop_policy()"
    ),
    "the start method": Change(
        "multiprocessing.get_start_method(allow_none=True)", "multiprocessing.set_start_method('spawn')"
    ),
}
NEEDS_ANOTHER = {
    "monitoring tools": "Python 3.12",
    "the user, the groups or the root folder": "a process that may change its user",
    "how numpy treats errors": "numpy 1",
    "how numpy prints": "numpy 1",
    "the configuration of polars": "one of two names",
}
"""Rows that not every Python or library has; they are tried where there is one."""

LIBRARIES = {
    "the options of pandas": Change(
        "pandas.get_option('display.max_rows')", "pandas.set_option('display.max_rows', 3)", "pandas"
    ),
    "the configuration of polars": Change(
        "polars.Config.state()['set_float_precision']", "polars.Config.set_float_precision(2)", "polars"
    ),
    "the configuration of scikit-learn": Change(
        "sklearn.get_config()['assume_finite']", "sklearn.set_config(assume_finite=True)", "sklearn"
    ),
    "the backend of joblib": Change(
        "type(joblib.parallel.get_active_backend()[0]).__name__", "joblib.parallel_config('threading')", "joblib"
    ),
    "the threads of pyarrow": Change("pyarrow.cpu_count()", "pyarrow.set_cpu_count(7)", "pyarrow"),
    "the defaults of torch": Change(
        "(str(torch.get_default_dtype()), torch.is_grad_enabled(), torch.get_num_threads(), "
        "torch.backends.cudnn.enabled, torch.is_warn_always_enabled())",
        "torch.backends.cudnn.enabled = False; torch.set_warn_always(True); torch.set_default_dtype(torch.float64); "
        "torch.set_grad_enabled(False); torch.set_num_threads(3)",
        "torch",
    ),
    "the default device of torch": Change(
        "str(torch.get_default_device())", "torch.set_default_device('meta')", "torch"
    ),
    "modes of torch": Change("str(torch.empty(1).device)", "torch.device('meta').__enter__()", "torch"),
    "the autocast of torch": Change(
        "(torch.is_autocast_enabled('cpu'), str(torch.get_autocast_dtype('cpu')))",
        "torch.autocast('cpu', dtype=torch.float16).__enter__()",
        "torch",
    ),
    "the deterministic algorithms of torch": Change(
        "torch.are_deterministic_algorithms_enabled()", "torch.use_deterministic_algorithms(True)", "torch"
    ),
    "how torch takes denormal numbers": Change(
        "(lambda x: x * 1.0 == 0.0)(1e-310)", "torch.set_flush_denormal(True)", "torch"
    ),
    "how torch prints": Change(
        "torch._tensor_str.PRINT_OPTS.precision", "torch.set_printoptions(precision=9)", "torch"
    ),
    "the rcParams of matplotlib": Change(
        "matplotlib.rcParams['lines.linewidth']", "matplotlib.rcParams['lines.linewidth'] = 9", "matplotlib"
    ),
    "the backend of matplotlib": Change("plt._backend_mod is None", "plt.switch_backend('svg')", "matplotlib"),
    "figures that pyplot has open": Change("plt.get_fignums()", "plt.figure()", "matplotlib"),
}
BESIDE = {
    "a logger's level": Change("logging.getLogger('x').level", "logging.getLogger('x').setLevel(10)"),
    "a logger's class": Change(
        "type(logging.getLogger('x')).__name__",
        "logging.getLogger('x').__class__ = type('Mine', (logging.Logger,), {})",
    ),
    "a handler's class": Change("type(KEPT).__name__", "KEPT.__class__ = type('Mine', (type(KEPT),), {})"),
    "a logger that is off": Change("logging.getLogger('x').disabled", "logging.config.dictConfig({'version': 1})"),
    "a logger's handlers": Change(
        "len(logging.getLogger('x').handlers)", "logging.getLogger('x').addHandler(logging.NullHandler())"
    ),
    "a new logger": Change(
        "(logging.getLogger('y').level, logging.getLogger('y').handlers)",
        "logging.getLogger('y').setLevel(10); logging.getLogger('y').addHandler(logging.NullHandler())",
    ),
    "the root's handlers": Change("len(logging.root.handlers)", "logging.root.handlers.append(logging.NullHandler())"),
    "a handler's level": Change("KEPT.level", "KEPT.setLevel(50)"),
    "a handler's formatter": Change("KEPT.formatter is None", "KEPT.setFormatter(logging.Formatter())"),
    "basicConfig": Change("logging.root.level", "logging.basicConfig(level=10, force=True)"),
    "captureWarnings": Change("warnings.showwarning.__name__", "logging.captureWarnings(True)"),
    "an environment that is a copy": Change("type(os.environ).__name__", "os.environ = os.environ.copy()"),
    "an environment that is another object with the same in it": Change(
        "id(os.environ)", "os.environ = copy.deepcopy(os.environ)"
    ),
    "a variable that is set behind it": Change("subprocess.getoutput('echo $BEHIND')", "os.environ['BEHIND'] = '1'"),
    "an environment that is emptied": Change("'PATH' in os.environ", "os.environ.clear()"),
    "a variable that is set as bytes": Change("os.environ.get('RAW')", "os.environb[b'RAW'] = b'1'"),
    "a path that is another list": Change("sys.path[0]", "sys.path = ['/other', *sys.path]"),
    "a hook that is deleted": Change("hasattr(sys, 'displayhook')", "del sys.displayhook"),
    "filters that are another list": Change(
        "len(warnings.filters)", "warnings.catch_warnings().__enter__(); warnings.resetwarnings()"
    ),
    "a stream that is closed": Change("(sys.stdin.read(), sys.stdout.closed)", "sys.stdin.close(); sys.stdout.close()"),
    "a wrapper around a stream": Change(
        "sys.stdout.buffer.closed", "io.TextIOWrapper(sys.stdout.buffer).write('wrapped'); gc.collect()"
    ),
    "a wrapper in a stream's place": Change(
        "type(sys.stdout).__name__", "sys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'latin-1')"
    ),
    "a descriptor that leads elsewhere": Change(
        "os.readlink('/proc/self/fd/1').endswith('.log')", "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)"
    ),
    "a descriptor that is closed": Change("os.path.exists('/proc/self/fd/0')", "os.close(0)"),
    "a context variable": Change("VARIABLE.get()", "VARIABLE.set(1)"),
    "numpy's errors": Change("numpy.geterr()['over']", "numpy.seterr(all='raise')", "numpy"),
    "how numpy prints now": Change(
        "numpy.get_printoptions()['precision']", "numpy.set_printoptions(precision=2)", "numpy"
    ),
    "the current loop of asyncio": Change(
        "asyncio.get_event_loop_policy()._local._set_called", "asyncio.run(asyncio.sleep(0))"
    ),
    "a crash handler": Change("faulthandler.is_enabled()", "faulthandler.disable()"),
}
"""What is put back by other ways than a row."""
