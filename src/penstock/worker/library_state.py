"""What common libraries keep for a process, as a table. Imports none of them."""

from __future__ import annotations

from typing import Any, List, Tuple

from penstock.worker.state_access import Access, Row, attributes, called, container, from_kept, mapped, pairs


def _is_group(value: Any) -> bool:
    return isinstance(value, dict)


def _pandas(config: Any) -> Access:
    live = config._global_config

    def copied(options: Any) -> Any:
        return {name: copied(options[name]) if _is_group(options[name]) else options[name] for name in options}

    def put_back(path: str, kept: Any, now: Any) -> None:
        for name, value in kept.items():
            key = f"{path}.{name}" if path else name
            if _is_group(value):
                put_back(key, value, now.get(name, {}))
            elif now.get(name) != value:
                config.set_option(key, value)  # some have something done when they are set

    def restore(kept: Any, now: Any) -> None:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of options that are deprecated
            put_back("", kept, now)

    return container(live, restore, copied)


def _sklearn(config: Any) -> Access:
    def restore(kept: Any, now: Any) -> None:
        get().update(kept)

    get = config._get_threadlocal_config
    return Access(get, restore, dict)


def _numpy_errors(numpy: Any) -> Access:
    # Of numpy 1: numpy 2 keeps this in a context variable, and each attempt has a context of its own.
    return Access(numpy.geterrobj, from_kept(numpy.seterrobj), list)


def _torch_device(torch: Any) -> Access:
    context: Any = torch._GLOBAL_DEVICE_CONTEXT.__dict__

    def restore(kept: Any, now: Any) -> None:
        torch.set_default_device(None if kept is None else kept.device)

    return Access(lambda: context.get("device_context"), restore)


def _torch_deterministic(torch: Any) -> Access:
    strict, warns = torch.are_deterministic_algorithms_enabled, torch.is_deterministic_algorithms_warn_only_enabled

    def restore(kept: Any, now: Any) -> None:
        torch.use_deterministic_algorithms(kept[0], warn_only=kept[1])

    return Access(lambda: [strict(), warns()], restore)


def _torch_denormals(torch: Any) -> Access:
    """Whether the processor takes the smallest numbers for zero; what it does with one of Python's own says it."""
    smallest = 1e-310
    return Access(lambda: smallest * 1.0 == 0.0, from_kept(torch.set_flush_denormal))


def _torch_autocast(torch: Any) -> Access:
    """That of the processor; left on where a step has entered it and never left."""
    is_on, kind = torch.is_autocast_enabled, torch.get_autocast_dtype

    def restore(kept: Any, now: Any) -> None:
        torch.set_autocast_enabled("cpu", kept[0])
        torch.set_autocast_dtype("cpu", kept[1])

    return Access(lambda: (is_on("cpu"), kind("cpu")), restore)


def _torch_modes(torch: Any) -> Access:
    """Modes that a step has entered and never left, as `torch.device("meta").__enter__()`. Read behind the default
    device, which is one of them."""
    count, leave = torch._C._len_torch_function_stack, torch._C._pop_torch_function_stack

    def restore(kept: Any, now: Any) -> None:
        for _ in range(count() - kept):
            leave()

    return Access(count, restore)


def _rc_params(matplotlib: Any) -> Access:
    live = matplotlib.rcParams
    plain: Any = dict  # past the checks of the class itself, which take a millisecond
    names: List[str] = [*plain.keys(live)]

    def restore(kept: Any, now: Any) -> None:
        plain.update(live, zip(names, kept))

    return Access(lambda: [*plain.values(live)], restore)


def _figures(helpers: Any) -> Access:
    """The figures that pyplot has open: else the next plot is drawn upon them."""
    figures: Any = helpers.Gcf.figs

    def restore(kept: Any, now: Any) -> None:
        for number in [number for number in figures if number not in kept]:
            helpers.Gcf.destroy(number)

    return Access(lambda: [*figures], restore)


def _polars(plr: Any) -> Access:
    names = ("float_fmt", "float_precision", "thousands_separator", "decimal_separator", "trim_decimal_zeros")
    there = [name for name in names if hasattr(plr, f"get_{name}")]
    return pairs(*((f"get_{name}", f"set_{name}") for name in there))(plr)


_TORCH = (
    ("get_default_dtype", "set_default_dtype"),
    ("get_num_threads", "set_num_threads"),
    ("get_num_interop_threads", "set_num_interop_threads"),
    ("is_grad_enabled", "set_grad_enabled"),
    ("is_anomaly_enabled", "autograd.set_detect_anomaly"),
    ("get_float32_matmul_precision", "set_float32_matmul_precision"),
    ("multiprocessing.get_sharing_strategy", "multiprocessing.set_sharing_strategy"),
    ("_C._get_cudnn_benchmark", "_C._set_cudnn_benchmark"),
    ("_C._get_cudnn_deterministic", "_C._set_cudnn_deterministic"),
    ("_C._get_cudnn_allow_tf32", "_C._set_cudnn_allow_tf32"),
    ("_C._get_cudnn_enabled", "_C._set_cudnn_enabled"),
    ("_C._get_mkldnn_enabled", "_C._set_mkldnn_enabled"),
    (
        "_C._get_deterministic_fill_uninitialized_memory",
        "_C._set_deterministic_fill_uninitialized_memory",
    ),
    ("is_warn_always_enabled", "set_warn_always"),
    ("is_autocast_cache_enabled", "set_autocast_cache_enabled"),
)

ROWS: Tuple[Row, ...] = (
    Row("how numpy treats errors", "numpy", _numpy_errors),
    Row("how numpy prints", "numpy.core.arrayprint", mapped("_format_options")),
    Row("the options of pandas", "pandas._config.config", _pandas),
    Row("the configuration of polars", "polars.polars", _polars),
    Row("the configuration of polars", "polars._plr", _polars),
    Row("the configuration of scikit-learn", "sklearn._config", _sklearn),
    Row("the backend of joblib", "joblib.parallel", mapped("__dict__", of="_backend")),
    Row("the threads of pyarrow", "pyarrow.lib", called("cpu_count", "set_cpu_count")),
    Row("the defaults of torch", "torch", pairs(*_TORCH)),
    Row("the default device of torch", "torch", _torch_device),
    Row("modes of torch", "torch", _torch_modes),
    Row("the autocast of torch", "torch", _torch_autocast),
    Row("the deterministic algorithms of torch", "torch", _torch_deterministic),
    Row("how torch takes denormal numbers", "torch", _torch_denormals, ("set_flush_denormal",)),
    Row("how torch prints", "torch._tensor_str", mapped("__dict__", of="PRINT_OPTS")),
    Row("the rcParams of matplotlib", "matplotlib", _rc_params),
    Row("the backend of matplotlib", "matplotlib.pyplot", attributes("_backend_mod")),
    Row("figures that pyplot has open", "matplotlib._pylab_helpers", _figures),
)
