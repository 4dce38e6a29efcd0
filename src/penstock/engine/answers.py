"""What the machine hears of tasks that it asked about. `reuse` decides; here is what follows for claims, for tasks that
wait for a result, and for the user."""

from __future__ import annotations

from penstock.engine import facts
from penstock.engine.reuse import Decision, Question, Reuse
from penstock.engine.run_state import RunState, Wiring
from penstock.model.ids import run_of


class Answers:
    """Within turns of the driver alone."""

    def __init__(self, run_state: RunState, wiring: Wiring, reuse: Reuse) -> None:
        self._run = run_state
        self._wiring = wiring
        self._reuse = reuse
        self._waited_for = set[str]()  # other runs

    def to(self, questions: list[Question]) -> list[facts.Consulted]:
        """What stands for the tasks that were asked about."""
        # Some may have settled since they asked: nothing is claimed for those.
        living = [question for question in questions if self._run.jobs.get(question.job.id) is question.job]
        if not living:
            return []
        decisions = self._reuse.decide(living, self._wiring.journal.seek)
        return [self._answer(question, decision) for question, decision in zip(living, decisions, strict=True)]

    def _answer(self, question: Question, decision: Decision) -> facts.Consulted:
        job, number = question.job, question.number
        if decision.damaged:
            self._wiring.listener.said(f"{job.path}: {decision.why}; it is computed again")
        if decision.verdict is facts.TaskVerdict.WAIT:
            self._tell_of_maker(decision.maker)
            parked = self._run.park(job, decision.claim, decision.maker)
            return facts.Consulted(job.id, number, facts.TaskVerdict.PARK if parked else facts.TaskVerdict.WAIT)
        if job.claim and job.claim != decision.claim:
            self._run.pending.released.append(job.claim)
        job.why, job.reused, job.claim = decision.why, decision.reused, decision.claim
        result = decision.reused.result if decision.reused else job.prior.result if job.prior else None
        fingerprint = b"" if result is None else self._wiring.values.fingerprint(result)
        return facts.Consulted(job.id, number, decision.verdict, fingerprint)

    def _tell_of_maker(self, task: str) -> None:
        """Say once for each other run that its result is waited for."""
        run = run_of(task)
        if task and run != self._wiring.run_id and run not in self._waited_for:
            self._waited_for.add(run)
            self._wiring.listener.said(f"waiting for {task}, which makes a result that is needed here too")

    def release_idle(self) -> None:
        """The run starts nothing new: results that it was going to make are others' to make."""
        in_flight = {task for task, _ in self._run.attempts.values()}
        for job in self._run.jobs.values():
            if job.claim and job.id not in in_flight:
                self._run.pending.released.append(job.claim)
                job.claim = b""
