"""What the database promises about cases and runs at every moment, as SQL: judged apart from the code that writes."""

from ops.doctor.invariants import GRACE_SECONDS, INVARIANTS, Rows

# What an installation watches itself for, but for what only becomes wrong after a while.
_WATCHED = {
    found.title: found.find.sql
    for found in INVARIANTS
    if isinstance(found.find, Rows) and f"secs => {GRACE_SECONDS}" not in found.find.sql
}

# Each finds rows that must not be.
PROMISES = _WATCHED | {
    "two live runs of one case": """
        select case_id from runs_run where case_id is not null and status in ('queued', 'running', 'waiting')
        group by case_id having count(*) > 1""",
    "running means leased, by someone, under a fence": """
        select id, status, worker, lease_until, fence from runs_run where (status = 'running')
            is distinct from (lease_until is not null and worker <> '' and fence > 0)""",
    "losses are bounded": "select id, losses from runs_run where losses > 3",
    "hops are bounded": """
        select item.id, hops from cases_case item
        join cases_queue queue on queue.id = item.queue_id where hops > hop_limit""",
    "standalone hops are counted, and bounded": """
        select run.id, run.hop, parent.hop from runs_run run left join runs_run parent on parent.id = run.parent_id
        where run.hop > 8 or run.hop <> coalesce(parent.hop + 1, 0)
            or run.root_id is distinct from coalesce(parent.root_id, parent.id)""",
    "who was lost too often has failed": """
        select id, losses, status from runs_run where (losses = 3) <> (error_code = 'run_lost')""",
    "who is postponed has a time, and nobody else": """
        select id, status, due_at from cases_case where (status = 'postponed') <> (due_at is not null)""",
    "who is taken over works nothing": """
        select id, status, reason, taken_by from cases_case
        where taken_by <> '' and not (status = 'postponed' or (status = 'needs_input' and reason = 'taken_over'))
            or (reason = 'taken_over' and taken_by = '')""",
    "who works a case has its fence": """
        select run.id, run.status, run.case_fence, "case".fence, "case".status, deleted_at
        from runs_run run join cases_case "case" on "case".id = run.case_id
        where run.status in ('queued', 'running', 'waiting')
            and (run.case_fence <> "case".fence or deleted_at is not null)""",
    "a case in progress has a run that goes on, and a run that goes on has a case in progress": """
        select "case".id, "case".status, run.status from cases_case "case"
        left join runs_run run on run.case_id = "case".id and run.status in ('queued', 'running', 'waiting')
        where deleted_at is null and case
            when "case".status = 'in_progress' then run.status is null or run.status = 'waiting'
            when "case".status = 'needs_input' then run.status in ('queued', 'running')
                or (run.status = 'waiting') <> ("case".reason in ('question', 'approval'))
            else run.status is not null end""",
    "a handover is applied if and only if its run ended with it": """
        select run.id, run.status, run.outcome, handover.status
        from runs_run run left join runs_handover handover on source_id = run.id
        where (run.outcome = 'handed_over') is distinct from coalesce(handover.status = 'applied', false)
            or handover.status = 'recorded'""",
    "steps have no gaps": "select run_id from runs_step group by run_id having max(seq) <> count(*)",
    "a call has one result": """
        select run_id, data ->> 'call_id' from runs_step where kind = 'tool_result'
        group by 1, 2 having count(*) > 1""",
    "what was added was added once": """
        select run_id from cases_caseevent event where kind = 'created' and run_id is not null
        group by run_id having count(*) <> (
            select count(*) from runs_step step where step.run_id = event.run_id and kind = 'tool_result'
                and data ->> 'tool' = 'add_cases' and (data ->> 'ok')::boolean)""",
    "an external id makes one case": """
        select external_id from cases_case where external_id is not null group by 1 having count(*) > 1""",
    "who is not live any more ended": """
        select id, status from runs_run where (ended_at is null) <> (status in ('queued', 'running', 'waiting'))""",
}

# One statement for all of them: what is broken, and a row that breaks it.
ALL = "\nunion all ".join(
    f"select '{promise}' as promise, found::text as row from ({sql}) found" for promise, sql in PROMISES.items()
)
