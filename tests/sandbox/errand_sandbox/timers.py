"""What the service does by itself: timeouts, start and end of scheduled jobs, maintenance windows."""

from .pending import NEVER
from .schedule import parse_time, window_open


class TimerRules:
    def tick(self):
        """Do all that is due; afterwards next_tick tells when to come again."""
        now = self.clock.now()
        if now < self.next_tick:
            return
        self.next_tick = NEVER
        for job in list(self.store.jobs.values()):
            if job.status == "SCHEDULED":
                self._start_if_due(job, now)
            if job.status == "IN_PROGRESS":
                self._end_if_due(job, now)
            if job.windows:
                self._move_window(job, now)
        for queue in list(self.store.pending.values()):
            for execution in list(queue.values()):
                self._expire_if_due(execution, now)

    def _expire_if_due(self, execution, now):
        deadline = execution.deadline()
        if deadline is None or execution.final:
            return
        if now >= deadline:
            self.end(self.store.jobs[execution.job_id], execution, "TIMED_OUT", by_service=True)
        else:
            self.mind(deadline)

    def _start_if_due(self, job, now):
        start = parse_time(job.setting("schedulingConfig", "startTime"))
        if now < start:
            self.mind(start)
            return
        job.status = "IN_PROGRESS"
        job.updated_at = now
        self.queue_targets(job)

    def _end_if_due(self, job, now):
        text = job.setting("schedulingConfig", "endTime")
        if not text:
            return
        end = parse_time(text)
        behavior = job.setting("schedulingConfig", "endBehavior", default="STOP_ROLLOUT")
        if now < end:
            self.mind(end)
        elif behavior != "STOP_ROLLOUT":
            self.end_job(job, force=behavior == "FORCE_CANCEL")

    def _move_window(self, job, now):
        if job.window_override is None:
            self.mind((now // 60 + 1) * 60)
        is_open = job.window_override
        if is_open is None:
            is_open = window_open(job.windows, now)
        if is_open != job.window_open:
            self.set_window(job, is_open)

    def set_window(self, job, is_open):
        things = list(job.executions) if self.switches["window-edge-push"] == "on" else []
        with self.observed(things):
            job.window_open = is_open
