"""The structs that `--json` prints: their fields are a promise."""

from __future__ import annotations

import json
import math

import msgspec

import penstock
from penstock.reading import comparison_structs, resource_structs, structs
from penstock.space import space_structs
from tests.recorded import Recorded, record_done, record_failed

FIELDS = {
    "ValueInfo": "type text size_bytes digest unstable length shape dtype schema",
    "ErrorInfo": "cause type message traceback",
    "MetricPoint": "task attempt name value step at",
    "CurveInfo": "task name x xs ys count nonfinite thinned cursor anew times",
    "MetricInfo": "name points tasks last smallest largest",
    "InputInfo": "name sources value",
    "GrantedInfo": "executor cpu memory_bytes gpu timeout_s lanes",
    "AttemptInfo": "number status error began_at wall_s cpu_s peak_bytes read_bytes written_bytes worker granted",
    "TaskInfo": "id run step step_path number status attempt result error survived inputs attempts metrics origin"
    " displays waited_s language",
    "DisplayInfo": "task name step media caption note at value",
    "StepInfo": "step step_path waiting running done failed cancelled reused granted",
    "DriverInfo": "started_at host pid python cwd argv snapshot packages",
    "RunInfo": "id flow number status created_at started_at ended_at duration_s tags params result error steps metrics"
    " file module qualname drivers origin seed in_flight versions name note",
    "InFlightInfo": "task status since attempt executor awaited loops granted",
    "LoopInfo": "label done total",
    "VersionInfo": "step tasks firsts changes",
    "LogLine": "task attempt at level stream text worker",
    "GotInfo": "target value content saved_to",
    "OriginInfo": "run from_step keep_code only",
    "StepForecastInfo": "step reused run whys",
    "ForecastInfo": "steps stopped_at left error",
    "CodeInfo": "name kind place version reaches",
    "PileInfo": "what count bytes",
    "RunSpaceInfo": "id flow status seen_at tags bytes alone_bytes folder_bytes",
    "FlowSpaceInfo": "flow runs bytes alone_bytes folder_bytes",
    "CacheSpaceInfo": "results bytes alone_bytes",
    "EnvironmentSpaceInfo": "id python packages used_at in_use runs bytes alone_bytes",
    "SpaceInfo": "bytes parts flows runs cache environments far",
    "FarSpaceInfo": "url blobs bytes alone_bytes error",
    "MovedInfo": "url blobs bytes already missing",
    "SweepInfo": "removed bytes runs cached piles journal_bytes spared_bytes notes environments",
    "SpreadInfo": "median p95 highest",
    "SuggestionInfo": "text cpu memory_bytes grow_to_bytes timeout_s notes",
    "StepResourcesInfo": "step step_path attempts done out_of_memory timeouts wall_s cores peak_bytes read_bytes"
    " written_bytes suggestion",
    "ResourcesInfo": "of flow steps",
    "ComparedRunInfo": "id flow status created_at duration_s tags error",
    "DifferenceInfo": "kind name values numbers",
    "CodeDifferenceInfo": "run base runs steps changes diff",
    "InfluenceInfo": "kind name explained chance how runs alike",
    "RankedMetricInfo": "name values best worst is_minimized influences note",
    "ComparisonInfo": "runs differences same code metric notes",
    "WhyInfo": "task ran line origin compared_with changes code unfollowed version",
}


def test_no_field_is_renamed_or_removed():
    found = {
        name: " ".join(kind.__struct_fields__)
        for name, kind in {
            **vars(structs),
            **vars(space_structs),
            **vars(resource_structs),
            **vars(comparison_structs),
        }.items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
    }
    assert found == FIELDS


def test_json_can_be_read_back_as_the_same_structs(recorded: Recorded):
    record_done(recorded)
    run = penstock.run().info()
    assert msgspec.json.decode(structs.to_json(run), type=structs.RunInfo) == run
    task = penstock.run().task("train/2").info()
    assert msgspec.json.decode(structs.to_json(task), type=structs.TaskInfo) == task


def test_times_are_rfc_3339_and_nan_is_null(recorded: Recorded):
    record_done(recorded)
    info = penstock.run().info()
    assert json.loads(structs.to_json(info))["created_at"] == "2023-11-14T22:13:20Z"
    metric = structs.MetricInfo("loss", 1, 1, math.nan, math.inf, 0.5)
    assert json.loads(structs.to_json([metric]))[0] == {
        "name": "loss",
        "points": 1,
        "tasks": 1,
        "last": None,
        "smallest": None,
        "largest": 0.5,
    }


def test_what_is_known_of_a_run_and_a_task(recorded: Recorded):
    record_done(recorded)
    info = penstock.run().info()
    assert (info.duration_s, info.module, info.file) == (12.5, "digits", "/src/digits.py")
    assert [item.name for item in info.params] == ["rows", "depths"]
    assert info.metrics == (structs.MetricInfo("accuracy", 2, 1, 0.75, 0.5, 0.75),)
    assert info.drivers[0].python == "3.11.7 CPython, Linux x86_64"
    task = penstock.run().task("load").info()
    assert task.result is not None
    assert (task.result.type, task.result.length, task.result.digest[:3]) == ("dict", 2, "b3-")
    assert (task.attempt.peak_bytes, task.attempt.wall_s) == (64 << 20, 1.5)
    brief = penstock.run().task("load").brief()
    assert (brief.inputs, brief.attempts, brief.metrics) == (None, None, None)


def test_errors_are_told_in_words(recorded: Recorded):
    record_failed(recorded)
    info = penstock.run().info()
    assert info.error is not None
    assert (info.error.cause, info.error.type, info.error.message) == ("raised", "ValueError", "no <b>")
    assert [step.failed for step in info.steps] == [1, 1, 1]
