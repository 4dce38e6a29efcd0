-- What the attempts of a flow's steps have used, over all its runs. :number NULL: of any run, else of this one alone.

-- name: steps_of_flow
-- Those of the latest run first, in the order of their first calls.
SELECT step.step, step.name FROM run JOIN step ON step.run_id = run.id
WHERE run.flow = :flow AND (:number IS NULL OR run.number = :number)
GROUP BY step.step ORDER BY max(step.run_id) DESC, max(step.id);

-- name: last_attempts
-- The latest attempt of each task that ran here and has ended, the newest runs first.
SELECT task.id, task.status, task.error, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes
FROM step CROSS JOIN run ON run.id = step.run_id CROSS JOIN task ON task.step_id = step.id
WHERE step.step = :step AND run.flow = :flow AND (:number IS NULL OR run.number = :number)
    AND task.began_at > 0 AND task.origin IS NULL
ORDER BY step.run_id DESC, task.number DESC LIMIT :limit;

-- name: earlier_attempts
SELECT task.id, attempt.outcome
FROM step CROSS JOIN run ON run.id = step.run_id CROSS JOIN task ON task.step_id = step.id
    CROSS JOIN attempt ON attempt.task_id = task.id
WHERE step.step = :step AND run.flow = :flow AND (:number IS NULL OR run.number = :number)
    AND task.attempt > 1 AND attempt.number < task.attempt
ORDER BY step.run_id DESC, task.number DESC, attempt.number DESC LIMIT :limit;
