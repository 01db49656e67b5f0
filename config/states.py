"""What each state of a case, run, agent and so on is called, with its icon and tone."""

STATES = {
    # cases and runs
    "pending": ("Pending", "circle-dashed", "neutral"),
    "in_progress": ("In progress", "loader-circle", "accent"),
    "needs_input": ("Needs input", "message-circle-question-mark", "warning"),
    "postponed": ("Postponed", "alarm-clock", "info"),
    "completed": ("Completed", "circle-check", "success"),
    "failed": ("Failed", "circle-x", "error"),
    "queued": ("Queued", "circle-dashed", "neutral"),
    "running": ("Running", "loader-circle", "accent"),
    "waiting": ("Waiting", "message-circle-question-mark", "warning"),
    "stopped": ("Stopped", "circle-stop", "neutral"),
    # outcomes of runs
    "answered": ("Answered", "message-square-check", "success"),
    "handed_over": ("Handed over", "forward", "accent"),
    "case_completed": ("Case completed", "circle-check", "success"),
    "case_failed": ("Case failed", "circle-x", "error"),
    "case_postponed": ("Case postponed", "alarm-clock", "info"),
    "case_declined": ("Case declined", "undo-2", "warning"),
    "declined": ("Declined", "undo-2", "warning"),
    "taken_over": ("Taken over", "user-round-check", "info"),
    # handovers, questions, revisions, agents and queues
    "recorded": ("Recorded", "circle-dot", "neutral"),
    "applied": ("Handed over", "forward", "accent"),
    "cancelled": ("Cancelled", "circle-slash", "neutral"),
    "open": ("Open", "message-circle-question-mark", "warning"),
    "withdrawn": ("Withdrawn", "undo-2", "neutral"),
    "draft": ("Draft", "pencil", "neutral"),
    "live": ("Live", "circle-check", "success"),
    "historic": ("Historic", "history", "neutral"),
    "active": ("Active", "circle-check", "success"),
    "paused": ("Paused", "circle-pause", "warning"),
    "blocked": ("Blocked", "octagon-alert", "error"),
    "deleted": ("Deleted", "trash-2", "neutral"),
    # verdicts of routing tests
    "passing": ("Passing", "circle-check", "success"),
    "broken": ("Broken", "circle-x", "error"),
    "fixed": ("Fixed", "wrench", "success"),
    "failing": ("Failing", "circle-minus", "warning"),
    "untested": ("Not tested", "circle-question-mark", "warning"),
    "void": ("Void", "circle-slash", "neutral"),
    # anything that someone should look at
    "warned": ("Look at this", "triangle-alert", "warning"),
}

# The states whose icons turn.
MOVING = {"in_progress", "running"}
